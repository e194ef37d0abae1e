"""One line of a file that tightens several licenses is named, in every format for people."""

from __future__ import annotations

import pytest
from tests.unit.report.strategies import plan_of

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.source import SourceRef
from kaiten_sync.report.plan_html import plan_html
from kaiten_sync.report.plan_markdown import plan_markdown
from kaiten_sync.report.plan_text import plan_text


def tightened(
    name: str, *through: str, line: int = 12, effect: Effect = Effect.TIGHTENS, before: int = 2000
) -> Change:
    address = parse_address(f"license/{name}/grant/api-calls")
    source = SourceRef("catalog/free.yaml", line, 7, through)
    field = FieldChange(name="value", before=before, after=400, effect=effect, source=source)
    return Change(
        address=address,
        action=Action.UPDATE,
        fields=(field,),
        effect=effect,
        source=source,
    )


def deleted(address: str) -> Change:
    parsed = parse_address(address)
    return Change(
        address=parsed,
        action=Action.DELETE,
        fields=(FieldChange(name="value", before=True),),
        effect=Effect.TIGHTENS,
    )


CASES = {
    "declared in a license": (
        [
            tightened("bronze", "free"),
            tightened("early-adopter", "bronze", "free"),
            tightened("free"),
        ],
        "2,000 → 400 in free also tightens bronze and early-adopter",
    ),
    "declared in a bundle": (
        [tightened("a", "basics"), tightened("b", "basics"), tightened("c", "a", "basics")],
        "2,000 → 400 in basics tightens a, b and c (api-calls, catalog/free.yaml:12)",
    ),
    "shared by an anchor": (
        [tightened("a"), tightened("b")],
        "2,000 → 400 tightens a and b (api-calls, catalog/free.yaml:12)",
    ),
    "another before": (
        [tightened("pro", "free", before=900), tightened("free")],
        "2,000 → 400 in free also tightens pro (api-calls, catalog/free.yaml:12)",
    ),
    "a line that is gone": (
        [*(deleted(f"license/{name}/grant/sso") for name in ("max", "pro", "team"))],
        "sso is taken away from max, pro and team",
    ),
    "many": (
        [tightened("free"), *(tightened(f"l{n:02}", "free") for n in range(12))],
        "l08, l09 and 2 more (api-calls",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), CASES.values(), ids=CASES)
def test_it_is_named_in_every_format(changes: list[Change], sentence: str) -> None:
    plan: Plan = plan_of(tuple(changes))
    for text in (plan_text(plan, color=False), plan_markdown(plan), plan_html(plan)):
        assert text.count(sentence) == 1


ALONE = {
    "one license": [tightened("free")],
    "another line": [tightened("free"), tightened("pro", line=13)],
    "one line that is gone": [deleted("license/pro/grant/sso"), deleted("license/a1/grant/x1")],
    "lines that go with their licenses": [
        deleted(f"license/{name}{rest}") for name in ("a1", "b1") for rest in ("", "/grant/sso")
    ],
    "lines that go with their entitlement": [
        *(deleted(f"license/{name}/grant/sso") for name in ("a1", "b1")),
        deleted("entitlement/sso"),
    ],
    "loosens": [tightened(name, "free", effect=Effect.LOOSENS) for name in ("a", "b")],
}


@pytest.mark.parametrize("changes", ALONE.values(), ids=ALONE)
def test_what_tightens_no_other_license_is_not(changes: list[Change]) -> None:
    assert "→ 400 in" not in plan_text(plan_of(tuple(changes)), color=False)
    assert "tightens free" not in plan_text(plan_of(tuple(changes)), color=False)
    assert "is taken away from" not in plan_text(plan_of(tuple(changes)), color=False)
