"""The faces: the console, the command line, and the composition root that builds the program (compose.py)."""
