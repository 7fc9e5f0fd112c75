"""The proof. Mirrors core, brokers, storage and tui; run as python -m pytest from the root."""
