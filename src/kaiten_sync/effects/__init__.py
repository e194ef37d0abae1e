"""What a change does, judged from the values before and after alone.

Below the stages: `diff` judges when a plan is made, and `plan` again when one is read.
"""

from kaiten_sync.effects.fields import (
    changed_fields,
    creation_effect,
    deletion_effect,
    field_effect,
    with_joint_effect,
    worst,
)
from kaiten_sync.effects.handing import handed_on
from kaiten_sync.effects.inner import inner_changes
from kaiten_sync.effects.versions import Grants, Term, grants_seen, move_effect, terms

__all__ = [
    "Grants",
    "Term",
    "changed_fields",
    "creation_effect",
    "deletion_effect",
    "field_effect",
    "grants_seen",
    "handed_on",
    "inner_changes",
    "move_effect",
    "terms",
    "with_joint_effect",
    "worst",
]
