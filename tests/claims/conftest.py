"""The corpora are judged by test_claim_corpus.py, which knows the claims that are still open; the plugin would collect them as tests."""

collect_ignore = ["corpus"]
