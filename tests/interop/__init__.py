"""Other people's clients of a venue against our simulator of it, and against what our adapter reads of the same
answers: three readings of one venue must agree. Not part of the ordinary suite: `make interop`."""
