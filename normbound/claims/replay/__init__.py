"""Replay of certificates in Coq: the statement of a claim as a proposition about real numbers, and one lemma for each node.

statement     sequents as propositions over ``proofs/Claims.v``
definedness   everything that must hold so that a claim is defined
signs         proofs that the sign of an expression is what ``checker.signs`` says
equations     proved equations between expressions and forms (``logarithms``, ``powers``, ``rendering``); ``roots`` of ``checker.algebra``
scripts       the registry: for each rule of the checker a function that writes the Coq proof of its nodes; ``scripts_*`` hold them
replay        the files of a certificate, and what the kernel says about them
"""
