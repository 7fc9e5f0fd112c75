"""How the program runs, one file a way: on the screen, headless, on a tape, or not at all (reading what is stored).
Each takes a Program from compose.py and may import every room, late."""
