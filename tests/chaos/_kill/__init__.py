"""The parts of `python -m tests.chaos kill`: where a life ends (points), the venue's own process (venue), one life of
the program (life), what was true (truth), and the defects that must be found (defects)."""
