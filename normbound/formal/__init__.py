"""Certificates for the proof assistant: write one, run Coq on it, read the verdict back."""
