"""Who is hit: holders of what a plan tightens or breaks, and how far each is from the new limit.

Part of planning, and a reading of its own. Everything here is pure: `live` reads the instances and
their usage, and `pipeline` puts the two together.
"""

from kaiten_sync.impact.affected import affected_by, affected_grant, raised_by
from kaiten_sync.impact.assemble import Asking, change_impacts, whom_to_ask
from kaiten_sync.impact.gate import gate
from kaiten_sync.impact.judge import used_now
from kaiten_sync.impact.moving import HELD_BACK, Outlook, outlook, prospect
from kaiten_sync.impact.raised import LATELY, raised_limits

__all__ = [
    "HELD_BACK",
    "LATELY",
    "Asking",
    "Outlook",
    "affected_by",
    "affected_grant",
    "change_impacts",
    "gate",
    "outlook",
    "prospect",
    "raised_by",
    "raised_limits",
    "used_now",
    "whom_to_ask",
]
