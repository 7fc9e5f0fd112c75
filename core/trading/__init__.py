"""What happens: synchronous and deterministic. Only Engine.step changes State, and it never awaits."""
