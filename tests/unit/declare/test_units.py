"""Quantities in a catalog are plain numbers to every later stage."""

from __future__ import annotations

from typing import Any

import pytest

from kaiten_sync.declare import inherit, merge_documents, with_plain_numbers
from kaiten_sync.declare.content import split_lines
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.validate import check

HEAD = """version: 1
entitlements:
  store: {name: Store, type: NUMBER, unitSingular: byte, unitPlural: bytes}
  disk: {name: Disk, type: NUMBER, unitSingular: GB, unitPlural: GB}
  seats: {name: Seats, type: NUMBER}
  sso: {name: SSO, type: BOOLEAN}
  theme: {name: Theme, type: CONFIG}
licenses:
"""


def read(text: str) -> tuple[dict[str, Any], list[Diagnostic]]:
    """The grants of license `a1`, and everything that is wrong."""
    document, faults = parse_yaml("a.yaml", text, split_lines(text))
    written, more = merge_documents([document], [])
    extended, cycles = inherit(written)
    merged, wrong = with_plain_numbers(extended)
    plain: Any = merged.root.plain()
    diagnostics = [*faults, *more, *cycles, *wrong, *check(merged, written=written)]
    return plain["licenses"]["a1"]["entitlements"], diagnostics


READ = [
    ("store: 10GB", 10**10),
    ("store: 3GiB", 3 * 2**30),
    ("store: 1.5 k", 1500),
    ("store: {value: 10GB, overagePercent: 5}", {"value": 10**10, "overagePercent": 5}),
    ("store: {type: number, value: 1_000}", {"type": "number", "value": 1000}),
    ("disk: 2TB", 2000),
    ("disk: 5GB", 5),
    ("seats: 50k", 50_000),
    ("seats: 1_000_000", 1_000_000),
    ("seats: 1.5M", 1_500_000),
    ("store: 5k bytes", 5000),
    ("seats: unlimited", "unlimited"),
    ("theme: {value: {size: 10GB}}", {"value": {"size": "10GB"}}),
]
REFUSED = [
    ("seats: 50K", "bad-quantity", "write 50k"),
    ("seats: 10GB", "bad-quantity", "declares the unit"),
    ('seats: "5000000"', "bad-quantity", "write 5000000"),
    ("\n      seats: 1,000", "bad-quantity", "write 1000"),
    ("disk: 500MB", "bad-quantity", "write 0.5 alone"),
    ("store: 10gb", "bad-quantity", "write 10GB"),
    ("seats: Unlimited", "bad-grant", "write unlimited"),
    ("seats: infinite", "bad-grant", "write unlimited"),
    ('sso: "true"', "bad-grant", "remove the quotes: true"),
    ("sso: 50k", "wrong-value-type", "its type is declared"),
    ("seats: {value: 1e6}", "ambiguous-scalar", "write 1000000"),
    ("seats: 10.000", "ambiguous-scalar", "write 10 or 10000"),
    ('seats: "1.5"', "bad-quantity", "write 1.5"),
    ("seats: 5²", "bad-quantity", "such as 1000"),
    ("seats: ٥", "bad-grant", "write a number"),
    ("store: .5GB", "bad-quantity", "write 0.5GB"),
    ("store: -5GB", "bad-quantity", "not negative"),
    ("store: 10  GB", "bad-quantity", "write 10GB"),
    ("store: up to 10GB", "bad-quantity", "write 10GB"),
    ("store: 2 T/month", "bad-quantity", "write 2T"),
    ("theme: 10GB", "bad-grant", "inside a map"),
    ("sso: 10GB", "bad-grant", "true or false"),
]


def grant(text: str) -> str:
    if text.startswith("\n"):
        return f"{HEAD}  a1:\n    name: A\n    type: PAID\n    entitlements:{text}\n"
    return f"{HEAD}  a1: {{name: A, type: PAID, entitlements: {{{text}}}}}\n"


@pytest.mark.parametrize(("text", "value"), READ)
def test_a_quantity_is_a_plain_number(text: str, value: object) -> None:
    grants, wrong = read(grant(text))
    assert wrong == []
    assert list(grants.values()) == [value]


@pytest.mark.parametrize(("text", "rule", "hint"), REFUSED)
def test_what_cannot_be_read_is_refused_with_the_right_spelling(
    text: str, rule: str, hint: str
) -> None:
    _, wrong = read(grant(text))
    assert [each.rule for each in wrong] == [rule]
    assert hint in (wrong[0].hint or "")
    assert wrong[0].ref is not None


def test_an_inherited_quantity_is_read_and_a_wrong_one_is_reported_once() -> None:
    grants, wrong = read(
        HEAD + "  b1: {name: B, type: PAID, extends: a1}\n" + "  a1: "
        "{name: A, type: PAID, entitlements: {store: 2k, seats: 9XB}}\n"
    )
    assert grants["store"] == 2000
    assert [each.address for each in wrong] == ["license/a1/grant/seats"]
