"""The forms: what a person fills in or confirms. Plain models that take key presses and say what is wanted; they know
neither Textual nor the desk, and draw nothing."""
