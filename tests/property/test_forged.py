"""Whatever is forged in a plan: with `--catalog`, nothing is written that git does not say."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import FakeCatalog, live
from tests.support.forgeries import Forge, delete, observed, resealed, see, see_nothing
from tests.support.scenarios import apply_first
from tests.support.values import TARGET, declared, desired, live_state, proposal

from kaiten_sync.diff import fields_let_go
from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.values import normal_value
from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Limit, Policy, Scope
from kaiten_sync.pipeline import PlanInputs, apply_plan
from kaiten_sync.plan.plan_file import read_plan, write_plan
from kaiten_sync.verify import verify_plan

POLICY = Policy(max_deletes=Limit(percent=100), max_updates=Limit(percent=100))
WORDS = {"name": "Seats", "type": "NUMBER", "description": "What people sit on"}
LIVE = (
    live("group/old", name="Old"),
    live("group/theirs", name="Theirs"),
    live("entitlement/calls", name="Calls", type="NUMBER"),
    live("entitlement/seats", **WORDS),
    live("license/growth", name="Growth", type="PAID", lifecycleState="DRAFT"),
    live("license/growth/grant/calls", value=1000),
    live("license/kept", name="Kept", type="PAID", lifecycleState="PUBLISHED"),
    live("license/kept/grant/calls", value=7),
    live("license/left", name="Left", type="PAID", lifecycleState="PUBLISHED"),
    live("license/left/grant/calls", value=8),
)
KEPT = (declared("license/kept", name="Kept", type="PAID", lifecycleState="PUBLISHED"),)
AGREED = desired(
    *KEPT,
    declared("group/old", name="Old"),
    declared("entitlement/seats", **WORDS),
    declared("license/left", name="Left", type="PAID"),
    declared("license/left/grant/calls", value=8),
)
WANTED = desired(
    *KEPT,
    declared("group/new", name="New"),
    declared("entitlement/calls", name="API calls", type="NUMBER", groups=["new"]),
    declared("entitlement/seats", name="Seats", type="NUMBER"),
    declared("license/growth", name="Growth", type="PAID", lifecycleState="PUBLISHED"),
    declared("license/growth/grant/calls", value=500),
    declared("license/kept/grant/calls", value=7),
    declared("license/starter", name="Starter", type="TRIAL", isDefault=True),
    declared("license/starter/grant/calls", value="unlimited"),
)
PREVIOUS = proposal(AGREED, live_state(*LIVE), POLICY).plan
LET_GO = fields_let_go(WANTED, live_state(*LIVE), PREVIOUS)
PLAN = proposal(WANTED, live_state(*LIVE), POLICY, previous=PREVIOUS, let_go=LET_GO).plan
DOCUMENT: dict[str, Any] = json.loads(write_plan(PLAN))
INPUTS = PlanInputs(target=TARGET, scope=Scope(), policy=POLICY, previous=PREVIOUS)

VALUES = st.sampled_from(
    [1, 10**6, "unlimited", True, "Forged", "PUBLISHED", ["old"], {"a": 1}, None]
)


@st.composite
def forged(draw: st.DrawFn) -> bytes:
    """The plan with some things forged so that they fit one another."""
    document = copy.deepcopy(DOCUMENT)
    for _ in range(draw(st.integers(1, 4))):
        _FORGERIES[draw(st.sampled_from(sorted(_FORGERIES)))](draw, document)
    return resealed(document, lambda _: None)


def _value(draw: st.DrawFn, document: Any) -> None:
    change = draw(st.sampled_from(document["changes"]))
    if change["fields"]:
        draw(st.sampled_from(change["fields"]))["after"] = draw(VALUES)


def _before(draw: st.DrawFn, document: Any) -> None:
    """Another value before, in the change and in what was observed."""
    seen = draw(st.sampled_from([e for e in document["observed"] if e["exists"] and e["fields"]]))
    name = draw(st.sampled_from(sorted(seen["fields"])))
    value = draw(VALUES)
    see(document, seen["address"], seen["id"], {**seen["fields"], name: value})
    for change in document["changes"]:
        for field in change["fields"] if change["address"] == seen["address"] else ():
            if field["name"] == name and "before" in field:
                field["before"] = value


def _deletion(draw: st.DrawFn, document: Any) -> None:
    found = draw(st.sampled_from(LIVE))
    if all(each["id"] != f"delete:{found.address}" for each in document["changes"]):
        inner = [str(e.address) for e in LIVE if e.address.parent == found.address]
        delete(document, str(found.address), found, [f"delete:{each}" for each in inner])
        if draw(st.booleans()):
            see_nothing(document, str(found.address))


def _update(draw: st.DrawFn, document: Any) -> None:
    """A change of an object that the plan leaves alone, well observed."""
    found = draw(st.sampled_from(LIVE))
    name = draw(st.sampled_from(sorted(found.fields)))
    field = {"name": name, "before": found.fields[name], "after": draw(VALUES), "effect": "neutral"}
    field["effect"] = draw(st.sampled_from(["neutral", "loosens", "tightens"]))
    document["changes"].append(
        {
            "id": f"update:{found.address}",
            "address": str(found.address),
            "action": "update",
            "effect": field["effect"],
            "fields": [field],
            "dependsOn": [],
        }
    )
    for each in LIVE:
        if all(e["address"] != str(each.address) for e in document["observed"]):
            see(document, str(each.address), each.id, dict(each.fields))
    document["guards"]["population"] = {"group": 9, "entitlement": 9, "license": 9, "grant": 9}
    document["requests"] += 9


def _omission(draw: st.DrawFn, document: Any) -> None:
    gone = draw(st.sampled_from(document["changes"]))
    document["changes"] = [
        {**each, "dependsOn": [e for e in each["dependsOn"] if e != gone["id"]]}
        for each in document["changes"]
        if each is not gone
    ]


def _order(draw: st.DrawFn, document: Any) -> None:
    draw(st.sampled_from(document["changes"]))["dependsOn"] = []


def _wildcard(draw: st.DrawFn, document: Any) -> None:
    seen = draw(st.sampled_from(document["observed"]))
    see(document, seen["address"], draw(st.sampled_from([None, seen.get("id"), "other"])), {})


def _guards(draw: st.DrawFn, document: Any) -> None:
    document["guards"] |= {
        "maxDeletes": draw(st.sampled_from(["100%", "30%", 1])),
        "protected": draw(st.sampled_from([[], ["license/kept"]])),
        "allowed": draw(st.sampled_from([[], [str(each.address) for each in LIVE]])),
    }


def _managed(draw: st.DrawFn, document: Any) -> None:
    address = str(draw(st.sampled_from(LIVE)).address)
    document["managed"][address] = "0123456789abcdef"


_FORGERIES: dict[str, Any] = {
    each.__name__: each
    for each in (
        _value, _before, _deletion, _update, _omission, _order, _wildcard, _guards, _managed,
    )
}  # fmt: skip


@settings(
    max_examples=800,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(content=forged(), done=st.integers(0, len(PLAN.changes)))
def test_no_forged_plan_writes_what_the_declaration_does_not_say(content: bytes, done: int) -> None:
    catalog = FakeCatalog(*LIVE)
    apply_first(done, PLAN, catalog)
    before = dict(catalog.objects)
    outcome = "refused"
    with contextlib.suppress(KaitenSyncError):
        plan = _verified(content, catalog)
        apply_plan(plan, catalog, progress=NoProgress(), is_stopped=lambda: False, workers=1)
        outcome = "applied"
    event(outcome)
    for address in before.keys() | catalog.objects.keys():
        assert _is_said(address, before.get(address), catalog.objects.get(address)), address


LEFT = {"reason": "no longer declared", "isDrift": False}
LEFT_FORGERIES: dict[str, Forge] = {
    "that something is left": lambda d: d.pop("left"),
    "that something else is left": lambda d: d["left"].append(
        {"address": "license/kept", "fields": {"name": "Kept"}, **LEFT}
    ),
    "why": lambda d: d["left"][0].update(reason="it was agreed"),
    "whether it differs": lambda d: d["left"][0].update(isDrift=True),
    "what of it": lambda d: d["left"][0].update(fields={"name": "Seats"}),
    "what is deleted": lambda d: d["left"][0].update(address="group/old"),
    "it twice": lambda d: d["left"].append(d["left"][0]),
}


@pytest.mark.parametrize("forge", LEFT_FORGERIES.values(), ids=LEFT_FORGERIES)
def test_a_plan_that_lies_about_what_is_left_is_refused(forge: Forge) -> None:
    with pytest.raises(KaitenSyncError):
        _verified(resealed(DOCUMENT, forge), FakeCatalog(*LIVE))


def test_what_was_left_may_have_another_value_by_now() -> None:
    now = live("entitlement/seats", **{**WORDS, "description": "Where people sit"})
    _verified(
        write_plan(PLAN), FakeCatalog(*(now if e.address == now.address else e for e in LIVE))
    )


@given(done=st.integers(0, len(PLAN.changes)))
def test_a_plan_that_is_half_applied_is_still_the_right_one(done: int) -> None:
    catalog = FakeCatalog(*LIVE)
    apply_first(done, PLAN, catalog)
    verify_plan(PLAN, WANTED, catalog, INPUTS, progress=NoProgress())
    apply_plan(PLAN, catalog, progress=NoProgress(), is_stopped=lambda: False, workers=1)
    again = proposal(WANTED, live_state(*catalog.objects.values()), POLICY, previous=PLAN).plan
    assert again.is_empty


def _verified(content: bytes, catalog: FakeCatalog) -> Plan:
    """The plan, if it is the one that the declaration gives."""
    plan = read_plan(content)
    verify_plan(plan, WANTED, catalog, INPUTS, progress=NoProgress())
    return plan


def _is_said(address: Address, before: LiveResource | None, after: LiveResource | None) -> bool:
    """Whether what became of an object is what git says, or what leads there."""
    if after is None:
        return before is None or (address not in WANTED.resources and address in PREVIOUS.managed)
    resource = WANTED.resources.get(address)
    if resource is None:
        return before is not None and before.fields == after.fields
    specs, old = spec_of(address.kind).fields, before.fields if before else {}
    changed = {n: v for n, v in after.fields.items() if old.get(n) != v}
    said = {n: normal_value(specs[n], v) for n, v in resource.fields.items()}
    settled = {name: spec.settles_as for name, spec in specs.items()}
    return all(
        value in (said.get(name), settled[name], specs[name].default(after.fields))
        or before is None
        for name, value in changed.items()
        if name in said or before is not None
    )


def test_the_fuzzer_forges_what_the_plan_does_not_have() -> None:
    seen = resealed(DOCUMENT, lambda d: see_nothing(d, "license/left"))
    assert observed(json.loads(seen), "license/left")["fields"] == {}
