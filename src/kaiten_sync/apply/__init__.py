"""Stage 6: executes exactly a plan, and refuses when live is not what the plan saw."""

from kaiten_sync.apply.execute import HeldBack, execute
from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.moving import Movable, VersionWatch, holders_now
from kaiten_sync.apply.observe import Found, read_observed
from kaiten_sync.apply.permit import requests_to_permit

__all__ = [
    "Found",
    "HeldBack",
    "Movable",
    "VersionWatch",
    "already_done",
    "execute",
    "holders_now",
    "read_observed",
    "requests_to_permit",
]
