"""What became of a plan, for the terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from tests.unit.report.strategies import NASTY, texts, without_isolates

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.instance import MOVE, parse_instance
from kaiten_sync.kinds.license import LicenseMove
from kaiten_sync.model.change import Action
from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.report.apply_json import apply_json
from kaiten_sync.report.apply_text import apply_text, outcome_line

AGAIN = "Apply the same plan again to finish it; what is done already is skipped.\n"


def outcome(action: Action, address: str, status: Status, **more: Any) -> Outcome:
    where = parse_instance(address) if action is MOVE else parse_address(address)
    return Outcome(address=where, action=action, status=status, **more)


def result(*outcomes: Outcome) -> ApplyResult:
    return ApplyResult(
        target=TargetRef("local", "http://127.0.0.1:6060"),
        plan_digest="sha256:" + "0" * 64,
        outcomes=outcomes,
        requests=12,
    )


DONE = outcome(Action.CREATE, "entitlement/api-calls", Status.DONE)
FAILED = outcome(
    Action.CREATE,
    "license/growth",
    Status.FAILED,
    message="POST /licenses was refused: 409 CONFLICT: the name is taken",
    code="CONFLICT",
    error_id="e-17",
)


def test_a_partial_failure_says_what_failed_what_waits_and_what_to_do() -> None:
    blocked = outcome(
        LicenseMove.PUBLISH, "license/growth", Status.BLOCKED, blocked_by="create:license/growth"
    )
    skipped = outcome(Action.CREATE, "group/quotas", Status.ALREADY_DONE)
    assert (
        apply_text(result(skipped, DONE, FAILED, blocked), color=False)
        == """\
  ✓ done          create   entitlement/api-calls
  ✗ failed        create   license/growth
        POST /licenses was refused: 409 CONFLICT: the name is taken
        (errorId e-17)
  ! blocked       publish  license/growth  (waits for create:license/growth, which failed)

Partly applied to local at http://127.0.0.1:6060: \
1 done, 1 already done, 1 failed, 1 blocked. 12 requests.
See above what failed and why.
"""
        + AGAIN
    )


def test_only_a_holder_whom_the_server_does_not_let_go_is_left_out_by_name() -> None:
    left = [
        outcome(MOVE, "instance/billed", Status.LEFT, message="it is billed", is_billed=True),
        outcome(MOVE, "instance/gone", Status.LEFT, message="it is gone"),
        outcome(MOVE, "instance/over", Status.LEFT, message="it would be over"),
    ]
    shown = apply_text(result(*left), color=False)
    assert "Nothing applied to local" in shown
    assert shown.count("--skip") == 1
    assert "\n  --skip instance/billed\n" in shown
    assert "--skip" not in apply_text(result(*left[1:]), color=False)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ({"is_final": True}, "The server refuses this, and will again: change the declaration"),
        (
            {"is_final": True, "is_contradicted": True},
            "The server has this already, and did not show it:",
        ),
        (
            {"is_conflict": True},
            "The server has changed since the plan was made: make the plan again",
        ),
    ],
)
def test_the_advice_depends_on_the_failure(kind: dict[str, bool], says: str) -> None:
    text = apply_text(result(DONE, FAILED.changed(**kind)), color=False)
    assert text.splitlines()[-1].startswith(says)
    assert AGAIN not in text


def test_what_the_server_keeps_otherwise_has_two_ways_on() -> None:
    """It may come later; or the server never keeps it like that, and no apply gets further."""
    ended = result(FAILED.changed(is_different=True)).changed(words=("--project", "a b", "-t", "x"))
    lines = apply_text(ended, color=False).splitlines()
    assert lines[-1].endswith("`kaiten-sync drift --project 'a b' -t x` shows how.")
    assert f"{lines[-2]}\n" == AGAIN
    assert lines[-1].startswith("If what the server accepted stays different, declare it as")


def test_success_ends_with_the_sum() -> None:
    assert (
        apply_text(result(DONE), color=False)
        == """\
  ✓ done          create   entitlement/api-calls

Applied to local at http://127.0.0.1:6060: 1 done. 12 requests.
"""
    )


def test_what_was_done_before_is_only_counted() -> None:
    again = DONE.changed(status=Status.ALREADY_DONE)
    assert (
        apply_text(result(again, again), color=False)
        == "Applied to local at http://127.0.0.1:6060: 2 already done. 12 requests.\n"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"interrupted": True}, "Interrupted: what was under way was finished"),
        ({"access_error": "no answer"}, "The server could not be used any longer: no answer"),
    ],
)
def test_a_run_that_ended_early_says_why_and_how_to_go_on(
    change: dict[str, object], says: str
) -> None:
    ended = result(DONE, outcome(Action.DELETE, "license/old", Status.NOT_TRIED))
    text = apply_text(ended.changed(**change), color=False)
    assert "  · not tried     delete   license/old\n" in text
    assert says in text
    assert text.endswith(AGAIN)


def test_nothing_to_do() -> None:
    assert "nothing to do. 12 requests." in apply_text(result(), color=False)


def test_a_version_of_a_family_is_named_as_in_the_plan() -> None:
    family = parse_address("family/growth/grant/seats")
    done = outcome(Action.UPDATE, "license/growth-v2/grant/seats", Status.DONE, declared_as=family)
    assert outcome_line(done, color=False).endswith("family/growth/grant/seats (growth-v2)")
    shown = json.dumps(apply_json(result(done, DONE)))
    assert shown.count("declaredAs") == 1
    assert f'"declaredAs": "{family}"' in shown


@pytest.mark.parametrize("nasty", NASTY)
def test_messages_of_a_server_cannot_act(nasty: str) -> None:
    failed = FAILED.changed(message=nasty, code=nasty or None, error_id=nasty or None)
    text = apply_text(result(failed), color=False)
    assert without_isolates(text.replace("\n", "")).isprintable()
    assert max(map(len, text.split("\n"))) < 22_000


@given(texts)
def test_an_outcome_is_one_line(text: str) -> None:
    line = outcome_line(FAILED.changed(blocked_by=text, message=text), color=False)
    assert without_isolates(line).isprintable()
    assert "\x1b[1;31m" in outcome_line(FAILED, color=True)
