"""Stage 3: reads what the scope needs from a server, whole or not at all."""
