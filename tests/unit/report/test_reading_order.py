"""Values that are written from right to left: each stays on its side of our words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from tests.support.values import address
from tests.unit.report.strategies import LOCAL, plan_of

from kaiten_sync.model.attribution import Attribution
from kaiten_sync.model.change import Action, Change, Effect, FieldChange, InnerChange
from kaiten_sync.model.comparison import ComparedObject, Comparison, Presence
from kaiten_sync.model.drift import Difference, DriftClass, DriftReport
from kaiten_sync.model.impact import Affected, ChangeImpact, HolderImpact, Impact, Standing
from kaiten_sync.plan.plan_file import write_plan
from kaiten_sync.pricing import Grant, PriceCell, PriceColumn, PriceRow, PriceTable
from kaiten_sync.report.formats import DOCUMENTS
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.views import DriftView, Look, PlanView

HEBREW = re.compile("[\u05d0-\u05ea]")
OLD, NEW = "ישן", "חדש"
UNIT = ("שיחה", "שיחות")
AT = address("license/pro")
GRANT = address("license/pro/grant/calls")
CONFIG = {"צבע": OLD}, {"צבע": NEW}
INSIDE = InnerChange(path=".צבע", before=OLD, after=NEW)
FIELDS = (
    FieldChange(name="name", before=OLD, after=NEW, effect=Effect.NEUTRAL),
    FieldChange(name="value", before=1000, after=500, effect=Effect.TIGHTENS),
    FieldChange(
        name="value", before=CONFIG[0], after=CONFIG[1], effect=Effect.NEUTRAL, inner=(INSIDE,)
    ),
)

PLAN = plan_of(
    (Change(address=AT, action=Action.UPDATE, fields=FIELDS, effect=Effect.NEUTRAL, reason=NEW),)
)
DRIFT = DriftReport(
    target=LOCAL,
    differences=(
        Difference(
            address=GRANT,
            drift=DriftClass.CHANGED,
            fields=FIELDS,
            effect=Effect.TIGHTENS,
            units=(UNIT, UNIT),
            updated_at="2026-01-01",
            updated_by=OLD,
            agreed={"name": "1 " + OLD},
            declared_by=Attribution(commit="abcdef0", author=NEW, date="2026-01-01"),
        ),
    ),
    compared=1,
)
COMPARISON = Comparison(
    first=LOCAL,
    second=LOCAL,
    differences=(
        ComparedObject(address=GRANT, presence=Presence.BOTH, fields=FIELDS, units=(UNIT, UNIT)),
    ),
    compared=1,
)
IMPACT = Impact(
    target=LOCAL,
    plan_digest="",
    taken_at=datetime(2026, 1, 1, tzinfo=UTC),
    requests=1,
    budget=9,
    changes=(
        ChangeImpact(
            affected=Affected(
                address=GRANT,
                action=Action.UPDATE,
                version="pro",
                entitlement="calls",
                is_metered=True,
                before=1000,
                after=500,
                threshold=1000,
                units=(UNIT, UNIT),
            ),
            holders=1,
            looked_at=(HolderImpact(instance=OLD, customer=NEW, used=750, standing=Standing.OVER),),
        ),
    ),
)
TABLE = PriceTable(
    columns=(PriceColumn(slug="pro", name="Pro"),),
    rows=(
        PriceRow(
            slug="calls",
            name="Calls",
            group="",
            unit=UNIT,
            cells=(
                PriceCell(
                    before=Grant(value=1000, overage=20),
                    after=Grant(value=500, overage=0),
                    effect=Effect.TIGHTENS,
                    is_change=True,
                ),
            ),
        ),
        PriceRow(
            slug="style",
            name="Style",
            group="",
            unit=("", ""),
            cells=(
                PriceCell(
                    before=Grant(value=CONFIG[0], overage=0),
                    after=Grant(value={"צבע": NEW * 20}, overage=0),
                    effect=Effect.NEUTRAL,
                    is_change=True,
                ),
            ),
        ),
    ),
    is_plan=True,
)
VALUES = {
    "plan": PlanView(plan=PLAN, write=write_plan, diagnostics=[], impact=IMPACT),
    "drift": DriftView(reports=[DRIFT]),
    "compare": COMPARISON,
    "impact": IMPACT,
    "table": TABLE,
}
READ = [
    (document, name)
    for document in VALUES
    for name in DOCUMENTS[document]
    if name in ("text", "markdown", "junit", "sarif")
    and (document, name) != ("plan", "sarif")  # it has findings alone
]
_ISOLATED = re.compile("\u2068[^\u2066-\u2069]+\u2069")


@pytest.mark.parametrize(("document", "name"), READ)
def test_a_text_from_right_to_left_is_kept_apart(document: str, name: str) -> None:
    shown = DOCUMENTS[document][name](VALUES[document], Look())
    if name == "sarif":
        shown = json.dumps(json.loads(shown), ensure_ascii=False)
    assert HEBREW.search(shown)
    assert not HEBREW.search(_ISOLATED.sub("", shown)), shown


@pytest.mark.parametrize("document", VALUES)
def test_programs_read_it_as_it_is(document: str) -> None:
    shown = DOCUMENTS[document]["json"](VALUES[document], Look())
    assert not re.search("\u2068|\\\\u2068", shown)


def test_the_table_has_more_than_the_unit_to_keep_apart() -> None:
    shown = DOCUMENTS["table"]["text"](TABLE, Look())
    assert "\u20681,000" not in shown  # the unit is named once, behind both numbers
    assert "1,000 (+20 %) → \u2068500 שיחות\u2069 ▼" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"a \u2068{OLD}\u2069 b", f"a \u2068{OLD}\u2069 b"),
        (f"a \u2068{OLD}", f"a �{OLD}"),
        (f"a {OLD}\u2069", f"a {OLD}�"),
        ("a \u2068b\u2069", "a �b�"),
        (f"\u2068\u2068{OLD}\u2069", f"�\u2068{OLD}\u2069"),
        (f"\u2068\u202e{OLD}\x1b[31m\n\u2069", f"\u2068�{OLD} \u2069"),
        (f"\u2067{OLD}\u2069", f"�{OLD}�"),
    ],
)
def test_only_whole_isolates_of_such_texts_stay(text: str, shown: str) -> None:
    assert safe_text(text) == shown
    assert safe_text(shown) == shown
