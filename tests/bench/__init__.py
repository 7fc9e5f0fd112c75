"""Figures, as ratios of one run: `python -m tests.bench`. A module here with `rows()` is found by its name."""
