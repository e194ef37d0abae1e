"""Stage 6: executes exactly a plan, and refuses when live is not what the plan saw."""

from kaiten_sync.apply.execute import execute
from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.observe import read_observed

__all__ = ["already_done", "execute", "read_observed"]
