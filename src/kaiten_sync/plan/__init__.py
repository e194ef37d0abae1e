"""Stage 5: pure. Turns differences into an ordered, sealed list of changes."""
