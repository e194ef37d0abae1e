"""A plan is read only if everything that it says follows from its changes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from tests.fakes.catalog import live
from tests.support.scenarios import EVERYTHING, EVERYTHING_AT_ONCE, SCENARIOS, Scenario
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.errors import PlanFileError
from kaiten_sync.model.canonical import digest, fingerprint
from kaiten_sync.plan.plan_file import read_plan, write_plan
from kaiten_sync.report.failure import failure_json, failure_text
from kaiten_sync.report.views import Look

PLAN = proposal(
    desired(
        declared("group/new", name="New"),
        declared("entitlement/calls", name="API calls", type="NUMBER", groups=["new"]),
        declared("entitlement/look", name="Look", type="CONFIG"),
        declared("entitlement/seats", name="Seats", type="NUMBER"),
        declared("license/growth", name="Growth", type="PAID", lifecycleState="PUBLISHED"),
        declared("license/growth/grant/calls", value=500),
        declared("license/growth/grant/look", value={"theme": "dark"}),
        declared("license/starter", name="Starter", type="TRIAL", isDefault=True),
        declared("license/starter/grant/calls", value=1, overagePercent=10),
    ),
    live_state(
        live("group/old", name="Old"),
        live("entitlement/calls", name="Calls", type="NUMBER"),
        live("entitlement/look", name="Look", type="CONFIG"),
        live("license/growth", name="Growth", type="PAID", lifecycleState="DRAFT"),
        live("license/growth/grant/calls", value=1000),
        live("license/growth/grant/look", value={"theme": "light"}),
        live("license/old", name="Old", type="PAID", lifecycleState="PUBLISHED"),
        live("license/old/grant/calls", value=1000),
    ),
    EVERYTHING,
).plan
DOCUMENT: dict[str, Any] = json.loads(write_plan(PLAN))
TIGHTENED = "update:license/growth/grant/calls"
NEW_GRANT = "create:license/starter/grant/calls"
RENAMED = "update:entitlement/calls"
INSIDE = "update:license/growth/grant/look"

Forge: TypeAlias = "Callable[[dict[str, Any]], object]"


def change(document: dict[str, Any], name: str) -> Any:
    return next(each for each in document["changes"] if each["id"] == name)


def seen(document: dict[str, Any], name: str) -> Any:
    return next(each for each in document["observed"] if each["address"] == name)


def blind(document: dict[str, Any], name: str) -> None:
    """Look at nothing of an object, so that whatever is there is right."""
    found = seen(document, name)
    found |= {"id": None, "fields": {}, "fingerprint": fingerprint({"id": None, "fields": {}})}


def look_at_less(document: dict[str, Any], name: str, field: str) -> None:
    del seen(document, name)["fields"][field]
    refingerprint(document, name)


def see(document: dict[str, Any], name: str, field: str, value: object) -> None:
    seen(document, name)["fields"][field] = value
    refingerprint(document, name)


def refingerprint(document: dict[str, Any], name: str) -> None:
    found = seen(document, name)
    found["fingerprint"] = fingerprint({"id": found["id"], "fields": found["fields"]})


def set_effect(document: dict[str, Any], name: str, effect: str, *, counted: bool = True) -> None:
    found = change(document, name)
    effects = document["summary"]["effects"]
    if counted:
        effects[found["effect"]] -= 1
        effects[effect] = effects.get(effect, 0) + 1
        document["summary"]["effects"] = {key: n for key, n in effects.items() if n}
    found["effect"] = effect
    for field in found["fields"]:
        field["effect"] = effect


def leave_out(document: dict[str, Any], name: str) -> None:
    """Leave out a change, and have nothing wait for it."""
    gone, summary = change(document, name), document["summary"]
    document["changes"].remove(gone)
    for each in document["changes"]:
        each["dependsOn"] = [needed for needed in each["dependsOn"] if needed != name]
    for counts, key in (("actions", "action"), ("effects", "effect")):
        left = {**summary[counts], gone[key]: summary[counts][gone[key]] - 1}
        summary[counts] = {word: count for word, count in left.items() if count}


def write(document: dict[str, Any], name: str, field: str, value: object) -> None:
    """Have a change write a value, whatever it wrote before."""
    fields = change(document, name)["fields"]
    found = next((each for each in fields if each["name"] == field), None)
    if found is None:
        address = change(document, name)["address"]
        fields.append({"name": field, "after": value, "effect": "neutral"})
        if name.startswith("update:"):
            fields[-1]["before"] = 0
            seen(document, address)["fields"][field] = 0
            refingerprint(document, address)
    else:
        found["after"] = value


def create_without(document: dict[str, Any], name: str, field: str) -> None:
    found = change(document, name)
    found["fields"] = [each for each in found["fields"] if each["name"] != field]


COUNTED_SWITCH = [
    {"name": name, "after": value, "effect": "neutral"}
    for name, value in {"name": "Seats", "type": "BOOLEAN", "resetPeriod": "DAY"}.items()
]

FORGERIES: dict[str, tuple[Forge, str]] = {
    "a delete that is not counted": (
        lambda d: d["summary"]["actions"].update(delete=1),
        "summary.actions: the changes have",
    ),
    "a delete that is counted as an update": (
        lambda d: d["summary"]["actions"].update(
            delete=1, update=d["summary"]["actions"]["update"] + 2
        ),
        "summary.actions",
    ),
    "harm that is not counted": (
        lambda d: d["summary"]["effects"].pop("tightens"),
        "summary.effects: the changes have",
    ),
    "a tightening that is called neutral": (
        lambda d: set_effect(d, TIGHTENED, "neutral"),
        "license/growth/grant/calls: update: the effects of its fields are tightens",
    ),
    "a tightening that is called loosening": (
        lambda d: set_effect(d, TIGHTENED, "loosens"),
        "license/growth/grant/calls: update: the effects of its fields are tightens",
    ),
    "a change whose fields harm and that itself does not": (
        lambda d: change(d, TIGHTENED).update(effect="neutral"),
        "its effect is tightens, not neutral",
    ),
    "a create that breaks": (
        lambda d: set_effect(d, "create:group/new", "breaks"),
        "group/new: create: its effect is neutral, not breaks",
    ),
    "a delete that loosens": (
        lambda d: set_effect(d, "delete:license/old", "loosens"),
        "license/old: delete: its effect is tightens, not loosens",
    ),
    "a move that breaks": (
        lambda d: set_effect(d, "publish:license/growth", "breaks"),
        "license/growth: publish: its effect is neutral, not breaks",
    ),
    "a move of another field": (
        lambda d: change(d, "publish:license/growth")["fields"][0].update(after="ARCHIVED"),
        "it takes lifecycleState from DRAFT to PUBLISHED, and nothing else",
    ),
    "an update of what never changes": (
        lambda d: change(d, "update:entitlement/calls")["fields"].append(
            {"name": "type", "before": "NUMBER", "after": "BOOLEAN", "effect": "neutral"}
        ),
        "entitlement/calls: update: type cannot be changed",
    ),
    "a license that is born published": (
        lambda d: [
            each.update(after="PUBLISHED")
            for each in change(d, "create:license/starter")["fields"]
            if each["name"] == "lifecycleState"
        ],
        "publish:license/starter: lifecycleState was something else before",
    ),
    "a create without a name": (
        lambda d: create_without(d, "create:group/new", "name"),
        "group/new: create: it has no name",
    ),
    "a grant without a value": (
        lambda d: create_without(d, "create:license/starter/grant/calls", "value"),
        "license/starter/grant/calls: create: it has no value",
    ),
    "a default that is not published": (
        lambda d: leave_out(d, "publish:license/starter"),
        "license/starter: make-default: lifecycleState is DRAFT by then, not PUBLISHED",
    ),
    "a create that shows a value before": (
        lambda d: change(d, "create:group/new")["fields"][0].update(before="New"),
        "group/new: create: name has no value before it",
    ),
    "a delete that shows less": (
        lambda d: change(d, "delete:license/old")["fields"].pop(),
        "license/old: delete: it does not show",
    ),
    "other differences inside a value": (
        lambda d: change(d, INSIDE)["fields"][0]["inner"][0].update(after="light"),
        "license/growth/grant/look: update: the differences inside value are others",
    ),
    "no differences inside a value": (
        lambda d: change(d, INSIDE)["fields"][0].pop("inner"),
        "license/growth/grant/look: update: the differences inside value are others",
    ),
    "an update that changes nothing": (
        lambda d: change(d, TIGHTENED)["fields"][0].update(after=1000),
        "value stays as it is",
    ),
    "a unit for one alone": (
        lambda d: write(d, "create:entitlement/seats", "unitSingular", "seat"),
        "entitlement/seats: create: `unitSingular` and `unitPlural` go together",
    ),
    "a reset of what is not counted": (
        lambda d: change(d, "create:entitlement/seats").update(fields=COUNTED_SWITCH),
        "entitlement/seats: create: `resetPeriod` does not go with type BOOLEAN",
    ),
    "fewer requests": (lambda d: d.update(requests=4), "requests: the changes take at least"),
    "no requests": (lambda d: d.update(requests=0), "requests: the changes take at least"),
    "a negative count of requests": (lambda d: d.update(requests=-1), ">= 0"),
    "a negative count of changes": (lambda d: d["summary"]["actions"].update(delete=-2), ">= 1"),
    "a negative count of objects": (lambda d: d["summary"].update(unmanaged=-1), ">= 0"),
    "a negative population": (lambda d: d["guards"]["population"].update(license=-9), ">= 0"),
    "a population that is smaller than what is deleted": (
        lambda d: d["guards"]["population"].update(license=1),
        "guards.population: there are at least 2 live licenses",
    ),
    "a population that is left out": (
        lambda d: d["guards"]["population"].pop("grant"),
        "guards.population: there are at least 3 live grants",
    ),
    "a type that no server has": (
        lambda d: see(d, "entitlement/calls", "type", ["NUMBER"]),
        "entitlement/calls: observed: type is not a text",
    ),
    "a deleted license that is not looked at": (
        lambda d: blind(d, "license/old"),
        "license/old: observed: it has no id",
    ),
    "a deleted license of which half is looked at": (
        lambda d: look_at_less(d, "license/old", "name"),
        "license/old: delete: the plan did not look at name of license/old",
    ),
    "a grant whose license may be anybody's": (
        lambda d: blind(d, "license/growth"),
        "the plan did not look at lifecycleState",
    ),
    "a grant whose entitlement's type is not looked at": (
        lambda d: look_at_less(d, "entitlement/calls", "type"),
        "the plan did not look at type of entitlement/calls",
    ),
    "a grant whose entitlement is not looked at": (
        lambda d: d["observed"].remove(seen(d, "entitlement/look")),
        "the plan did not look at entitlement/look",
    ),
    "a license that is deleted before its grants": (
        lambda d: change(d, "delete:license/old").update(dependsOn=[]),
        "license/old: delete: it depends on delete:license/old/grant/calls",
    ),
    "a grant before its license": (
        lambda d: change(d, "create:license/starter/grant/calls").update(dependsOn=[]),
        "it depends on create:license/starter",
    ),
    "a license that is published before its grants": (
        lambda d: change(d, "publish:license/starter").update(dependsOn=["create:license/starter"]),
        "it depends on create:license/starter/grant/calls",
    ),
    "a deleted object that stays managed": (
        lambda d: d["managed"].update({"license/old": "0123456789abcdef"}),
        "license/old: managed: the plan deletes it",
    ),
    "a field that is changed twice": (
        lambda d: change(d, TIGHTENED).update(fields=2 * change(d, TIGHTENED)["fields"]),
        "license/growth/grant/calls: update: it has value 2 times",
    ),
    "an update of nothing": (
        lambda d: change(d, TIGHTENED).update(fields=[]),
        "license/growth/grant/calls: update: it changes nothing",
    ),
    "an object that is allowed and not changed": (
        lambda d: d["guards"].update(allowed=["license/other"]),
        "license/other: guards.allowed: no change needs it",
    ),
}


VALUES: list[tuple[str, str, object, str]] = [
    (NEW_GRANT, "overagePercent", "10", "overagePercent is not a whole number"),
    (NEW_GRANT, "overagePercent", True, "overagePercent is not a whole number"),
    (NEW_GRANT, "overagePercent", 0.5, "overagePercent is not a whole number"),
    (NEW_GRANT, "overagePercent", 10**9, "overagePercent is more than 32767"),
    (NEW_GRANT, "overagePercent", -1, "goes with `unlimited` only"),
    (NEW_GRANT, "value", [1], "value is not a number, `unlimited`"),
    (NEW_GRANT, "value", "1000", "value is not a number, `unlimited`"),
    (NEW_GRANT, "value", True, "True is not a value for a NUMBER"),
    (NEW_GRANT, "value", {"a": 1}, "is not a value for a NUMBER"),
    (NEW_GRANT, "value", -7, "a threshold is not negative"),
    (NEW_GRANT, "value", -1, "value is written as 'unlimited'"),
    (TIGHTENED, "value", False, "False is not a value for a NUMBER"),
    (TIGHTENED, "value", None, "value cannot be cleared"),
    (INSIDE, "value", 5, "5 is not a value for a CONFIG"),
    ("create:group/new", "name", 5, "name is not a text: 5"),
    ("create:group/new", "name", " ", "name has another form than it may have"),
    ("create:license/starter", "type", "FREE", "type is not one of COMMUNITY"),
    ("create:license/starter", "name", "x" * 101, "more than 100 characters"),
    (RENAMED, "groups", "new", "groups is not a list of slugs: 'new'"),
    (RENAMED, "groups", [[]], "groups is not a list of slugs"),
    (RENAMED, "groups", ["new", "new"], "groups is written as ['new']"),
    (RENAMED, "name", ["Calls"], "name is not a text"),
    (RENAMED, "displayOrder", 2**31, "displayOrder is more than 2147483647"),
]


def writing(name: str, field: str, value: object) -> Forge:
    """Has a change write a value."""
    return lambda document: write(document, name, field, value)


FORGERIES |= {
    f"{field} of {name} as {value!r:.20}": (writing(name, field, value), says)
    for name, field, value, says in VALUES
}


def resealed(forge: Forge) -> bytes:
    """The plan with something forged in it, under a digest that fits."""
    document = copy.deepcopy(DOCUMENT)
    forge(document)
    document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    return json.dumps(document).encode()


def test_the_plan_without_a_forgery_is_read() -> None:
    assert read_plan(resealed(lambda document: None)) == PLAN


@pytest.mark.parametrize(("forge", "says"), FORGERIES.values(), ids=FORGERIES)
def test_a_plan_that_says_otherwise_than_its_changes_is_refused(forge: Forge, says: str) -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan(resealed(forge))
    error = caught.value
    assert says in "\n".join((error.message, *(each.headline for each in error.diagnostics)))
    assert {each.rule for each in error.diagnostics} <= {"contradiction"}


def test_everything_that_contradicts_the_changes_is_named_with_its_object() -> None:
    def forge(document: dict[str, Any]) -> None:
        set_effect(document, TIGHTENED, "neutral")
        set_effect(document, "create:group/new", "breaks")

    with pytest.raises(PlanFileError) as caught:
        read_plan(resealed(forge))
    found = caught.value.diagnostics
    assert {each.address for each in found} == {"license/growth/grant/calls", "group/new"}
    shown = failure_text(caught.value, Look())
    assert all(f"  - {each.headline}" in shown for each in found)
    document: dict[str, Any] = failure_json(caught.value, 4)
    assert len(document["diagnostics"]) == len(found)


@pytest.mark.parametrize("scenario", [*SCENARIOS.values(), EVERYTHING_AT_ONCE], ids=str)
def test_every_plan_that_is_made_is_read(scenario: Scenario) -> None:
    objects = [live(str(each.address), **each.fields) for each in scenario.before]
    for found in ((), objects):
        made = proposal(desired(*scenario.after), live_state(*found), EVERYTHING)
        assert read_plan(write_plan(made.plan)) == made.plan


@pytest.mark.parametrize(
    ("before", "wanted", "effect"),
    [
        ({"value": 100, "overagePercent": 20}, {"value": 110, "overagePercent": 10}, "loosens"),
        ({"value": 100, "overagePercent": 20}, {"value": 110}, "tightens"),
        ({"value": 100, "overagePercent": 20}, {"value": 100, "overagePercent": 10}, "tightens"),
        ({"value": 0, "overagePercent": 20}, {"value": 0, "overagePercent": 10}, "neutral"),
        ({"value": 100}, {"value": "unlimited", "overagePercent": -1}, "loosens"),
        ({"value": True}, {"value": False}, "tightens"),
    ],
)
def test_limits_are_judged_together_also_if_the_plan_looked_at_one(
    before: dict[str, Any], wanted: dict[str, Any], effect: str
) -> None:
    kind = "BOOLEAN" if before["value"] is True else "NUMBER"
    made = proposal(
        desired(declared("license/a/grant/calls", **wanted)),
        live_state(
            live("entitlement/calls", name="Calls", type=kind),
            live("license/a", name="A"),
            live("license/a/grant/calls", **before),
        ),
    ).plan
    assert made.changes[0].effect == effect
    assert read_plan(write_plan(made)) == made


@pytest.mark.parametrize("levels", [201, 900])
def test_a_value_that_is_nested_too_deeply_is_refused(levels: int) -> None:
    value: Any = "x"
    for _ in range(levels):
        value = [value]

    def forge(document: dict[str, Any]) -> None:
        change(document, INSIDE)["fields"][0].update(after={"theme": value})

    with pytest.raises(PlanFileError, match="nested too deeply"):
        read_plan(resealed(forge))


def test_a_number_that_no_server_keeps_is_refused() -> None:
    forge: Forge = lambda d: change(d, TIGHTENED)["fields"][0].update(after=10**400)  # noqa: E731
    with pytest.raises(PlanFileError, match="a number is too large"):
        read_plan(resealed(forge))
