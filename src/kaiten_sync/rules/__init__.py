"""Rules that a project sets for its plans: checked with the project file, judged with each plan.

Part of planning, and judged again by apply. What a rule sees is a row of values for each change;
the expressions themselves are judged below, in `expressions`.
"""

from kaiten_sync.rules.approval import approval_of
from kaiten_sync.rules.check import check_rules
from kaiten_sync.rules.judge import judge_rules, judged_by_file, needs_impact
from kaiten_sync.rules.language import VARIABLES
from kaiten_sync.rules.rows import GivenImpact, ReadImpact, SeenImpact

__all__ = [
    "VARIABLES",
    "GivenImpact",
    "ReadImpact",
    "SeenImpact",
    "approval_of",
    "check_rules",
    "judge_rules",
    "judged_by_file",
    "needs_impact",
]
