"""A pure simulator of a venue (matching, costs) and the loop that plays recorded events through the engine."""
