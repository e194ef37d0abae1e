"""A plan for the terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report.strategies import LEAN, plan_of, plans, without_isolates

from kaiten_sync.kinds.addresses import license_address, parse_address
from kaiten_sync.kinds.license import LicenseMove
from kaiten_sync.kinds.registry import all_actions
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.report.origin import Origin
from kaiten_sync.report.plan_text import plan_text

_SGR = re.compile(r"\x1b\[[0-9;]*m")


def change(
    action: Action,
    named: str | Address,
    *fields: tuple[str, Json | Absent, Json | Absent],
    effect: Effect = Effect.NEUTRAL,
    line: int | None = None,
) -> Change:
    address = parse_address(named) if isinstance(named, str) else named
    return Change(
        address=address,
        action=action,
        fields=tuple(FieldChange(name=n, before=b, after=a) for n, b, a in fields),
        effect=effect,
        source=None if line is None else SourceRef("catalog/growth.yaml", line, 3),
    )


SKETCH = plan_of(
    (
        change(
            Action.CREATE,
            "entitlement/api-calls",
            ("name", ABSENT, "API Calls"),
            ("type", ABSENT, "NUMBER"),
            line=7,
        ),
        change(
            Action.CREATE,
            "license/pro/grant/api-calls",
            ("value", ABSENT, 25),
            ("overagePercent", ABSENT, 20),
            effect=Effect.LOOSENS,
            line=9,
        ),
        change(
            Action.UPDATE,
            "license/growth/grant/api-calls",
            ("value", 1000, 500),
            ("overagePercent", ABSENT, 5),
            effect=Effect.TIGHTENS,
            line=14,
        ),
        change(Action.DELETE, "license/old", ("name", "Old", ABSENT), effect=Effect.TIGHTENS),
        change(LicenseMove.PUBLISH, "license/growth", ("lifecycleState", "DRAFT", "PUBLISHED")),
    ),
    warnings=("license/growth is still a draft",),
)


def test_a_plan_reads_from_top_to_bottom() -> None:
    assert (
        plan_text(SKETCH, color=False)
        == """\
Plan for local at http://127.0.0.1:6060

  + create   entitlement/api-calls                     catalog/growth.yaml:7
        name: API Calls
        type: NUMBER
  + create   license/pro/grant/api-calls               catalog/growth.yaml:9
        value: 25, overagePercent: 20
  ~ update   license/growth/grant/api-calls  tightens  catalog/growth.yaml:14
        value: 1,000 → 500
        overagePercent: (not set) → 5
  - delete   license/old                     tightens
  > publish  license/growth

  ! warning: license/growth is still a draft

Plan: 2 to create, 1 to update, 1 to delete, 1 to publish. 2 tighten. \
14 unchanged, 2 not managed. 10 requests.
"""
    )


def test_a_narrow_terminal_gets_the_place_on_its_own_line() -> None:
    lines = plan_text(SKETCH, color=False, width=60).splitlines()
    at = lines.index("  ~ update   license/growth/grant/api-calls  tightens")
    assert lines[at + 1] == "        at catalog/growth.yaml:14"
    assert max(map(len, lines[:-3])) <= 60


def test_a_long_value_goes_on_two_lines() -> None:
    before, after = "For teams " * 8, "For large teams " * 8
    plan = plan_of((change(Action.UPDATE, "license/a", ("description", before[:-1], after[:-1])),))
    text = plan_text(plan, color=False, width=80)
    assert "\n        description: For teams For" in text
    assert "\n                   → For large teams" in text


def test_only_what_changed_inside_a_config_value_is_shown(plan: Plan) -> None:
    text = plan_text(plan, color=False)
    assert "        value.logos[1]: (not set) → 2\n        value.theme: dark → light\n" in text
    assert "{" not in text


def test_a_license_is_deleted_with_its_grants_in_one_entry(plan: Plan) -> None:
    text = plan_text(plan, color=False)
    assert (
        "  - delete   license/old                     tightens\n"
        "        (deleted with its grant: api-calls)\n"
    ) in text
    assert "license/old/grant" not in text
    assert "1 to delete" in text


def test_nothing_to_do_is_one_line(nothing_to_do: Plan) -> None:
    assert (
        plan_text(nothing_to_do, color=False)
        == "No changes. local matches the declaration (1 object compared).\n"
    )
    saved = plan_text(nothing_to_do, color=False, origin=Origin.FILE)
    assert saved == "No changes. Applying this plan does nothing on local.\n"
    summary = nothing_to_do.summary.changed(unmanaged=2)
    assert "(1 object compared, 2 not managed)" in plan_text(
        nothing_to_do.changed(summary=summary, warnings=("careful",)), color=False
    )


def test_the_fields_own_line_is_named_where_one_field_changes() -> None:
    one = change(Action.UPDATE, "license/a", ("name", "A", "B"), line=3)
    own = one.fields[0].changed(source=SourceRef("over.yaml", 9, 1))
    assert "over.yaml:9" in plan_text(plan_of((one.changed(fields=(own,)),)), color=False)


def test_wide_characters_keep_the_columns() -> None:
    plan = plan_of(
        (
            change(Action.CREATE, license_address("日本"), line=1),
            change(Action.CREATE, "license/abcd", line=2),
        )
    )
    first, second = plan_text(plan, color=False).splitlines()[2:4]
    assert second.index("catalog") == first.index("catalog") + 2


def test_markup_in_values_is_text() -> None:
    plan = plan_of((change(Action.CREATE, "license/a", ("name", ABSENT, "[bold]x[/] \x1b[2J")),))
    assert '"[bold]x[/] \\u001b[2J"' in plan_text(plan, color=True)


@LEAN
@given(plans(), st.sampled_from([20, 60, 100, 200]))
def test_without_color_there_are_only_visible_characters(plan: Plan, width: int) -> None:
    text = plan_text(plan, color=False, width=width)
    assert without_isolates(text.replace("\n", "")).isprintable()
    assert text.endswith("\n")


@LEAN
@given(plans())
def test_color_is_only_added(plan: Plan) -> None:
    colored = plan_text(plan, color=True)
    assert [line.rstrip() for line in _SGR.sub("", colored).splitlines()] == [
        line.rstrip() for line in plan_text(plan, color=False).splitlines()
    ]


@pytest.mark.parametrize("action", all_actions())
def test_every_action_has_its_word(action: Action) -> None:
    text = plan_text(plan_of((change(action, "license/a"),)), color=True)
    assert f"1 to {action.replace('-', ' ')}." in text
