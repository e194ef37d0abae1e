"""What a plan needs before it is applied follows from what its changes do."""

from __future__ import annotations

import pytest

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.registry import action_of
from kaiten_sync.model.change import Change, Effect
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.policy_rule import RULE_WARNS, ApprovalLevel
from kaiten_sync.rules import approval_of

USUAL = frozenset({"create", "loosens", "neutral"})
GRANT = "license/pro/grant/seats"


def change(action: str, effect: Effect, address: str = GRANT) -> Change:
    found = parse_address(address)
    known = action_of(found.kind, action)
    return Change(address=found, action=known, effect=effect)


@pytest.mark.parametrize(
    ("changes", "automatic", "level"),
    [
        ([], set(), "automatic"),
        ([change("update", Effect.NEUTRAL)], set(), "review"),
        ([change("create", Effect.LOOSENS)], {"create"}, "automatic"),
        ([change("create", Effect.LOOSENS)], {"loosens"}, "automatic"),
        ([change("update", Effect.LOOSENS)], {"create"}, "review"),
        ([change("update", Effect.LOOSENS)], USUAL, "automatic"),
        ([change("update", Effect.LOOSENS), change("update", Effect.TIGHTENS)], USUAL, "review"),
        ([change("update", Effect.TIGHTENS)], {"update"}, "review"),
        ([change("create", Effect.TIGHTENS)], {"create"}, "review"),
        ([change("update", Effect.TIGHTENS)], {"tightens"}, "automatic"),
        ([change("update", Effect.BREAKS)], {"tightens", "update"}, "review"),
        ([change("delete", Effect.NEUTRAL, "group/a")], USUAL, "review"),
        ([change("delete", Effect.NEUTRAL, "group/a")], {"delete"}, "automatic"),
        ([change("delete", Effect.TIGHTENS)], {"delete"}, "review"),
        ([change("delete", Effect.TIGHTENS)], {"delete", "tightens"}, "automatic"),
        ([change("archive", Effect.NEUTRAL, "license/pro")], USUAL, "review"),
        ([change("archive", Effect.NEUTRAL, "license/pro")], {"archive"}, "automatic"),
        ([change("publish", Effect.NEUTRAL, "license/pro")], USUAL, "automatic"),
    ],
)
def test_a_plan_is_automatic_if_each_of_its_changes_is(
    changes: list[Change], automatic: set[str], level: str
) -> None:
    assert approval_of(changes, automatic) == level


OLD, NEW, OTHER = "license/pro", "license/pro-v2", "license/lite"


@pytest.mark.parametrize(
    ("given", "depends_on", "level"),
    [
        (NEW, [f"make-default:{NEW}"], "automatic"),
        (NEW, [f"publish:{NEW}"], "review"),
        (OTHER, [], "review"),
    ],
)
def test_a_default_that_is_handed_on_is_not_withdrawn(
    given: str, depends_on: list[str], level: str
) -> None:
    cleared = change("clear-default", Effect.NEUTRAL, OLD).changed(depends_on=tuple(depends_on))
    made = change("make-default", Effect.NEUTRAL, given)
    published = change("publish", Effect.NEUTRAL, NEW)
    assert approval_of([published, made, cleared], USUAL) == level
    archived = change("archive", Effect.NEUTRAL, OLD)
    assert approval_of([published, made, cleared, archived], USUAL) == "review"


def test_what_is_refused_is_denied_and_what_a_rule_warns_of_is_reviewed() -> None:
    refused = Diagnostic(rule="too-many-deletes", message="")
    warned = Diagnostic(rule=RULE_WARNS, message="", severity=Severity.WARNING)
    other = Diagnostic(rule="forgotten-draft", message="", severity=Severity.WARNING)
    loosened = [change("update", Effect.LOOSENS)]
    assert approval_of(loosened, USUAL, [refused, warned]) is ApprovalLevel.DENIED
    assert approval_of(loosened, USUAL, [warned]) is ApprovalLevel.REVIEW
    assert approval_of(loosened, USUAL, [other]) is ApprovalLevel.AUTOMATIC
