"""Stage 7: pure. Values to text, JSON and the formats that other tools read."""
