"""The one place where the version is written. pyproject.toml reads it from here, so asking costs no import of package
metadata."""

VERSION = "0.1.0"
PROTOCOL = 6
"""Version of the desk socket's messages: both ends must agree on it."""
