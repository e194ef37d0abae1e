"""Stage 5: pure. Turns differences into an ordered, sealed list of changes."""

from kaiten_sync.plan.both_sides import of_both_sides
from kaiten_sync.plan.build import Proposal, Recorded, desired_digest, propose, recorded
from kaiten_sync.plan.changes import to_changes
from kaiten_sync.plan.chosen import HOLDER_VARIABLES, check_named, check_where, chosen, unanswered
from kaiten_sync.plan.committed import Reason, reasons
from kaiten_sync.plan.families import Families, families_of, link_of
from kaiten_sync.plan.guards import check_guards, check_moves, held_to, other_rules, recheck
from kaiten_sync.plan.held import conflicts, resting_on_nobody
from kaiten_sync.plan.leaving import Leaving, deleted, ownership, with_versions
from kaiten_sync.plan.made_again import unlike
from kaiten_sync.plan.made_from import not_made_from
from kaiten_sync.plan.moves import MigrationCase, PresentHolder, propose_moves
from kaiten_sync.plan.plan_file import (
    check_is_of_catalog,
    check_target,
    is_same_url,
    plan_pieces,
    read_plan,
    read_written_plan,
    seal,
    write_plan,
)
from kaiten_sync.plan.protection import outside, outside_family, strangers
from kaiten_sync.plan.restart import restarted_by, restarting, still_to_restart, used_since
from kaiten_sync.plan.rewind import rewound, unread
from kaiten_sync.plan.tightening import tightened, unproven
from kaiten_sync.plan.warnings import without_default
from kaiten_sync.plan.waves import changed_between

__all__ = [
    "HOLDER_VARIABLES",
    "Families",
    "Leaving",
    "MigrationCase",
    "PresentHolder",
    "Proposal",
    "Reason",
    "Recorded",
    "changed_between",
    "check_guards",
    "check_is_of_catalog",
    "check_moves",
    "check_named",
    "check_target",
    "check_where",
    "chosen",
    "conflicts",
    "deleted",
    "desired_digest",
    "families_of",
    "held_to",
    "is_same_url",
    "link_of",
    "not_made_from",
    "of_both_sides",
    "other_rules",
    "outside",
    "outside_family",
    "ownership",
    "plan_pieces",
    "propose",
    "propose_moves",
    "read_plan",
    "read_written_plan",
    "reasons",
    "recheck",
    "recorded",
    "restarted_by",
    "restarting",
    "resting_on_nobody",
    "rewound",
    "seal",
    "still_to_restart",
    "strangers",
    "tightened",
    "to_changes",
    "unanswered",
    "unlike",
    "unproven",
    "unread",
    "used_since",
    "with_versions",
    "without_default",
    "write_plan",
]
