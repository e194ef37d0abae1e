"""Fields that leave management are found, although the plan has only fingerprints of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.catalog import live
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.diff.let_go import fields_let_go

FULL: dict[str, Any] = {
    "name": "Calls",
    "type": "NUMBER",
    "description": "All calls",
    "displayOrder": 3,
    "icon": "lucide:gauge",
    "unitSingular": "call",
    "unitPlural": "calls",
    "userFacing": True,
}


def without(*names: str, **changed: object) -> dict[str, Any]:
    return {name: value for name, value in FULL.items() if name not in names} | changed


@pytest.mark.parametrize(
    ("git", "left"),
    [
        (FULL, {}),
        (without("description"), {"description": "All calls"}),
        (without("description", name="API calls"), {"description": "All calls"}),
        (
            without("unitSingular", "unitPlural", "icon", "displayOrder"),
            {
                "unitSingular": "call",
                "unitPlural": "calls",
                "icon": "lucide:gauge",
                "displayOrder": 3,
            },
        ),
        (without("userFacing", warningThresholdPercent=80), {"userFacing": True}),
        (
            {"name": "Calls", "type": "NUMBER"},
            {name: value for name, value in FULL.items() if name not in ("name", "type")},
        ),
    ],
)
def test_what_is_no_longer_declared_is_named_with_what_stays(
    git: dict[str, Any], left: dict[str, Any]
) -> None:
    there = live_state(live("entitlement/e", **FULL))
    before = proposal(desired(declared("entitlement/e", **FULL)), there).plan
    wanted = desired(declared("entitlement/e", **git))
    found = fields_let_go(wanted, there, before)
    assert [dict(each.fields) for each in found] == ([left] if left else [])


@pytest.mark.parametrize(
    ("address", "before", "now"),
    [
        (
            "entitlement/e",
            {**FULL, "groups": ["g"], "warningThresholdPercent": 5},
            {"name": "Calls", "type": "NUMBER"},
        ),
        (
            "entitlement/e",
            {"name": "Calls", "type": "NUMBER", "groups": ["g"]},
            {"name": "API", "type": "NUMBER", "unitSingular": "call", "unitPlural": "calls"},
        ),
        (
            "license/l",
            {"name": "L", "type": "PAID", "description": "d", "versionName": "v"},
            {"name": "M", "type": "TRIAL", "lifecycleState": "ARCHIVED", "isDefault": False},
        ),
        (
            "license/l",
            {"name": "L", "type": "PAID", "lifecycleState": "PUBLISHED", "isDefault": True},
            {"name": "M", "type": "PAID", "description": "d", "versionName": "v"},
        ),
    ],
)
def test_the_plan_that_made_an_object_says_what_was_declared(
    address: str, before: dict[str, Any], now: dict[str, Any]
) -> None:
    usual = {"lifecycleState": "PUBLISHED"} if address.startswith("license") else {}
    made = proposal(desired(declared(address, **before)), live_state()).plan
    there = live_state(live(address, **{**usual, **before}))
    (found,) = fields_let_go(desired(declared(address, **now)), there, made)
    assert dict(found.fields) == {
        name: value
        for name, value in before.items()
        if name not in now and usual.get(name) != value
    }


def test_it_is_named_again_from_the_plan_that_named_it() -> None:
    there = live_state(live("entitlement/e", **FULL))
    before = proposal(desired(declared("entitlement/e", **FULL)), there).plan
    wanted = desired(declared("entitlement/e", **without("description")))
    named = fields_let_go(wanted, there, before)
    made = proposal(wanted, there, previous=before, let_go=named).plan
    assert made.left == named
    assert fields_let_go(wanted, there, made) == named
    back = desired(declared("entitlement/e", **FULL))
    assert fields_let_go(back, there, made) == ()


def test_what_nobody_would_miss_is_not_named() -> None:
    fields = {"name": "L", "type": "PAID", "lifecycleState": "PUBLISHED", "description": ""}
    there = live_state(live("license/l", **fields))
    before = proposal(desired(declared("license/l", **fields)), there).plan
    wanted = desired(declared("license/l", name="L", type="PAID"))
    assert fields_let_go(wanted, there, before) == ()
