"""Stage 4: pure. Compares what is declared with what is live, and says whom it hurts."""
