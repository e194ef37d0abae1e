"""A plan can be made again with itself as the plan before: that is what `plan --check` rests on."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import FakeCatalog, live
from tests.support.forgeries import Document, change, resealed
from tests.support.values import TARGET, declared, desired

from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Limit, Policy, Prune, Scope
from kaiten_sync.pipeline import make_plan
from kaiten_sync.plan.committed import reasons
from kaiten_sync.plan.plan_file import read_plan, write_plan

FIELDS: dict[str, dict[str, object]] = {
    "group/red": {"name": "Red"},
    "group/blue": {"name": "Blue"},
    "entitlement/calls": {"name": "Calls", "type": "NUMBER"},
    "entitlement/sso": {"name": "SSO", "type": "BOOLEAN"},
    "license/growth": {"name": "Growth", "type": "PAID"},
    "license/starter": {"name": "Starter", "type": "TRIAL"},
    "license/growth/grant/calls": {"value": 1000},
    "license/growth/grant/sso": {"value": True},
    "license/starter/grant/calls": {"value": 10},
}


def whole(chosen: frozenset[str]) -> list[str]:
    """The chosen objects with what they stand on, so that nothing hangs in the air."""
    found = set(chosen)
    for each in chosen:
        if "/grant/" in each:
            license_address, _, slug = each.partition("/grant/")
            found |= {license_address, f"entitlement/{slug}"}
    return sorted(found, key=list(FIELDS).index)


CATALOGS = st.frozensets(st.sampled_from(sorted(FIELDS))).map(whole)


def git(texts: list[str]) -> DesiredState:
    return desired(*(declared(text, **FIELDS[text]) for text in texts))


def plan(wanted: list[str], found: list[str], prune: Prune, previous: Plan | None) -> Plan:
    server = FakeCatalog(*(live(text, **FIELDS[text]) for text in found))
    limits = Policy(prune=prune, max_deletes=Limit(percent=100), max_updates=Limit(percent=100))
    made = make_plan(
        git(wanted),
        server,
        target=TARGET,
        scope=Scope(),
        policy=limits,
        progress=NoProgress(),
        previous=previous,
    )
    return read_plan(write_plan(made.plan))


@settings(max_examples=200)
@given(
    before=CATALOGS,
    then=CATALOGS,
    wanted=CATALOGS,
    found=CATALOGS,
    prune=st.sampled_from(Prune),
)
def test_a_plan_made_again_with_itself_before_has_the_same_bytes(
    before: list[str], then: list[str], wanted: list[str], found: list[str], prune: Prune
) -> None:
    previous = plan(before, then, prune, None)
    made = plan(wanted, found, prune, previous)
    again = plan(wanted, found, prune, made)
    assert write_plan(again) == write_plan(made)
    assert reasons(made, again) == ()


@settings(max_examples=200)
@given(first=CATALOGS, second=CATALOGS, found=CATALOGS, later=CATALOGS)
def test_whatever_differs_has_a_reason(
    first: list[str], second: list[str], found: list[str], later: list[str]
) -> None:
    committed = plan(first, found, Prune.OWNED, None)
    made = plan(second, later, Prune.OWNED, committed)
    given_reasons = reasons(committed, made)
    assert bool(given_reasons) == (committed.digest != made.digest)
    assert all(reason.lines for reason in given_reasons)


@pytest.mark.parametrize("managed", [{}, {"group/evil": "0123456789abcdef"}], ids=["", "managed"])
def test_a_create_that_nothing_declares_is_not_said_to_be_done(managed: dict[str, str]) -> None:
    wanted = ["group/red", "group/blue"]
    document = json.loads(write_plan(plan(wanted, ["group/red"], Prune.OWNED, None)))

    def forge(forged: Document) -> None:
        create = copy.deepcopy(change(forged, "create:group/blue"))
        forged["changes"].append(create | {"id": "create:group/evil", "address": "group/evil"})
        forged["observed"].append({"address": "group/evil", "exists": False})
        forged["managed"] |= managed
        forged["requests"] += 9

    committed = read_plan(resealed(document, forge))
    (reason,) = reasons(committed, plan(wanted, ["group/red"], Prune.OWNED, committed))
    assert reason.cause == "it was not made from this catalog"
    assert "group/evil" in "".join(reason.lines)
