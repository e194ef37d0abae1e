"""Stage 6: executes exactly a plan, and refuses when live is not what the plan saw."""
