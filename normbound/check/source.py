"""Networks as data: text that another process reads, and a fingerprint of what is checked.

Terms and stores stay where they are. What travels is the text of the architecture file, or the network in the
composition language with its domain and the names of the symbols that are > 0; the receiver reads it into a fresh store.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from normbound.check.realization import Plan, plan
from normbound.contracts.context import ROLES
from normbound.errors import NetworkError
from normbound.network.files import Architecture, read
from normbound.network.language import parse_network, to_text
from normbound.network.program import Input, Network
from normbound.terms.store import current

DOMAIN = ("radius", "features", "samples", "positions")


def network_of(given: Any) -> tuple[Network, str]:
    """The network of an architecture, and what to call it."""
    if isinstance(given, Architecture):
        return given.network, given.name
    if not isinstance(given, Network):
        raise NetworkError(f"found {type(given).__name__}; check needs a network (Input(...) >> layers) or an "
                           "architecture")
    return given, given.title or "network"


def _domain(network: Network) -> dict[str, str | None]:
    found = {name: getattr(network.input, name) for name in DOMAIN}
    return {name: None if t is None else str(t) for name, t in found.items()}


def _positive(p: Plan) -> list[str]:
    return sorted(n for n, t in p.symbols.items() if t.is_positive)


def digest(p: Plan) -> str:
    """A fingerprint of network, domain, signs, trainable set and floors; empty if the network has no text."""
    try:
        text = to_text(p.network.body)
    except NetworkError:
        return ""
    d = p.derivation
    whole = [text, _domain(p.network), _positive(p), sorted(d.trainable), d.floors]
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]


def pack(given: Architecture | Network, trainable: Collection[str] = ROLES, floors: bool = True) -> dict[str, Any]:
    """Strings and lists that ``unpack`` reads back. Raises NetworkError where the language has no words for a part."""
    network, name = network_of(given)
    p = plan(network, trainable, floors)
    data: dict[str, Any] = {"name": name, "trainable": sorted(trainable), "floors": floors}
    if isinstance(given, Architecture) and given.text:
        data["toml"] = given.text
    else:
        data |= {"network": to_text(network.body), "input": _domain(network), "positive": _positive(p)}
    return {**data, "digest": digest(p)}


def unpack(data: Mapping[str, Any]) -> Plan:
    """The plan of a packed network, over the current store.

    Raises NetworkError if the text is malformed, or if what it says is not what was packed.
    """
    try:
        name, trainable, floors = str(data["name"]), [str(r) for r in data["trainable"]], bool(data["floors"])
        if "toml" in data:
            network = read(data["toml"], name).network
        else:
            for symbol in data["positive"]:
                current().symbol(symbol, positive=True)
            domain = {key: None if data["input"][key] is None else current().term(data["input"][key]) for key in DOMAIN}
            network = parse_network(data["network"], Input(**domain), name)  # type: ignore[arg-type]
        expected = data["digest"]
    except (KeyError, TypeError, AttributeError) as error:
        raise NetworkError(f"found no packed network: {type(error).__name__}: {error}") from None
    p = plan(network, trainable, floors)
    if digest(p) != expected:
        raise NetworkError(f"{name}: the text gives a network with digest {digest(p)}, and {expected} is needed")
    return p
