"""What a plan holds: changes in order, what they rest on, what is refused, the seal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.catalog import live
from tests.support.values import declared, desired, live_state, proposal, sentences

from kaiten_sync.errors import PlanFileError
from kaiten_sync.model.canonical import digest
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.settings import Limit, Policy, Prune, Scope
from kaiten_sync.plan.plan_file import (
    check_target,
    is_same_url,
    read_plan,
    write_plan,
)


def plan_to_json(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(write_plan(plan))
    return found


GROWTH = desired(
    declared("license/growth/grant/api-calls", value=1000),
    declared("license/growth", name="Growth", type="PAID", isDefault=True),
    declared("entitlement/api-calls", name="API Calls", type="NUMBER", groups=["quotas"]),
    declared("group/quotas", name="Quotas"),
)


def ids(plan: Plan) -> list[str]:
    return [change.id for change in plan.changes]


def test_creates_from_the_ground_up_and_publishes_last() -> None:
    plan = proposal(GROWTH, live_state()).plan
    assert ids(plan) == [
        "create:group/quotas",
        "create:entitlement/api-calls",
        "create:license/growth",
        "create:license/growth/grant/api-calls",
        "publish:license/growth",
        "make-default:license/growth",
    ]
    by_id = {change.id: change.depends_on for change in plan.changes}
    assert by_id["create:license/growth/grant/api-calls"] == (
        "create:entitlement/api-calls",
        "create:license/growth",
    )
    assert "create:license/growth/grant/api-calls" in by_id["publish:license/growth"]


def test_a_server_without_drafts_gets_no_lifecycle() -> None:
    plan = proposal(GROWTH, live_state(), has_drafts=False).plan
    assert "publish:license/growth" not in ids(plan)
    fields = {f.name for c in plan.changes for f in c.fields}
    assert "lifecycleState" not in fields


def test_deletes_in_reverse_and_only_when_told_to() -> None:
    found = live_state(
        live("group/g", name="G"),
        live("entitlement/e", name="E", type="NUMBER", groups=["g"]),
        live("license/l", name="L", lifecycleState="PUBLISHED"),
        live("license/l/grant/e", value=1),
    )
    assert proposal(desired(), found).plan.is_empty
    assert ids(proposal(desired(), found, Policy(prune=Prune.ALL)).plan) == [
        "delete:license/l/grant/e",
        "delete:license/l",
        "delete:entitlement/e",
        "delete:group/g",
    ]


GIVEN: dict[str, tuple[object, object]] = {"new": (None, 1), "up": (1, 2), "on": (False, True)}
TAKEN: dict[str, tuple[object, object]] = {"old": (1, None), "low": (2, 1), "off": (True, False)}


@pytest.mark.parametrize("count", [1, 3, 11])
def test_a_license_gets_what_is_new_or_raised_before_it_loses_anything(count: int) -> None:
    kept = [declared("license/ll", name="L", type="PAID")]
    before, after = [], []
    for name, (old, new) in {**GIVEN, **TAKEN}.items():
        for slug in (f"{name}-{number}" for number in range(count)):
            type_ = "BOOLEAN" if name in ("on", "off") else "NUMBER"
            kept.append(declared(f"entitlement/{slug}", name=slug, type=type_))
            grant = f"license/ll/grant/{slug}"
            before += [] if old is None else [live(grant, value=old)]
            after += [] if new is None else [declared(grant, value=new)]
    found = live_state(*(live(str(each.address), **each.fields) for each in kept), *before)
    plan = proposal(desired(*kept, *after), found, Policy(prune=Prune.ALL)).plan
    waits: dict[str, set[str]] = {}
    for change in plan.changes:
        waits[change.id] = {*change.depends_on}.union(*(waits[i] for i in change.depends_on))
    given = {each for each in waits if not waits[each]}
    assert {each.split("/")[-1].split("-")[0] for each in given} == GIVEN.keys()
    assert all(waits[each] >= given for each in waits.keys() - given)
    if count < 11:  # a failure of what is taken holds up nothing else
        assert all(waits[each] == given for each in waits.keys() - given)
    edges = sum(len(change.depends_on) for change in plan.changes)
    assert edges <= 100 + len(plan.changes)


def test_the_plan_rests_on_what_matters_and_nothing_else() -> None:
    found = live_state(
        live("entitlement/e", name="E", type="NUMBER"),
        live("entitlement/other", name="O", type="NUMBER"),
        live("license/l", name="L", lifecycleState="PUBLISHED"),
    )
    wanted = desired(
        declared("license/l", name="L"),
        declared("entitlement/e", name="E", type="NUMBER"),
        declared("license/l/grant/e", value=1),
    )
    seen = {str(o.address): o.fields for o in proposal(wanted, found).plan.observed}
    assert seen == {"entitlement/e": {"type": "NUMBER"}, "license/l": {}, "license/l/grant/e": None}


@pytest.mark.parametrize(
    ("wanted", "found", "says"),
    [
        (
            [declared("entitlement/e", name="E", type="BOOLEAN")],
            [live("entitlement/e", name="E", type="NUMBER")],
            "type cannot go from NUMBER to BOOLEAN",
        ),
        (
            [declared("entitlement/e", resetPeriod="DAY")],
            [live("entitlement/e", type="NUMBER", resetPeriod="MONTH")],
            "once set, it stays",
        ),
        (
            [declared("license/l", lifecycleState="DRAFT")],
            [live("license/l", lifecycleState="PUBLISHED")],
            "lifecycleState cannot go from PUBLISHED to DRAFT",
        ),
        (
            [declared("license/l/grant/e", value=1)],
            [live("license/l", name="L")],
            "entitlement/e is neither declared here nor on the server",
        ),
        (
            [declared("license/l/grant/e", value=True)],
            [live("license/l", name="L"), live("entitlement/e", type="NUMBER")],
            "is not a value for a NUMBER entitlement",
        ),
        (
            [declared("license/l", lifecycleState="ARCHIVED")],
            [live("license/l", lifecycleState="PUBLISHED", isDefault=True)],
            "the default version of its family cannot be archived",
        ),
    ],
)
def test_refuses_what_cannot_be_done(wanted: list, found: list, says: str) -> None:  # type: ignore[type-arg]
    (finding,) = sentences(proposal(desired(*wanted), live_state(*found)).refusals)
    assert says in finding


def test_an_entitlement_that_a_remaining_license_grants_cannot_go() -> None:
    found = live_state(
        live("entitlement/e", name="E", type="NUMBER"),
        live("license/legacy", name="L"),
        live("license/legacy/grant/e", value=1),
    )
    scope = Scope({"license": ("!legacy",)})
    refused = proposal(desired(), found, Policy(prune=Prune.ALL), scope=scope).refusals
    (finding,) = sentences(refused)
    what, _, way_out = finding.partition("; ")
    assert what == "entitlement/e: cannot be deleted while granted by license/legacy"
    assert way_out == ("keep it declared until no license grants it and no usage of it is recorded")


def _licenses(count: int) -> list[object]:
    return [live(f"license/l{i:02}", name="L", lifecycleState="PUBLISHED") for i in range(count)]


@pytest.mark.parametrize(
    ("population", "touched", "limit", "is_refused"),
    [
        (9, 9, Limit(percent=30), False),
        (10, 3, Limit(percent=30), False),
        (10, 4, Limit(percent=30), True),
        (100, 30, Limit(percent=30), False),
        (100, 31, Limit(percent=30), True),
        (4, 3, Limit(count=2), True),
        (4, 2, Limit(count=2), False),
        (10, 1, Limit(percent=0), True),
    ],
)
def test_limits_count_shares_of_the_live_objects(
    population: int, touched: int, limit: Limit, is_refused: bool
) -> None:
    found = live_state(*_licenses(population))  # type: ignore[arg-type]
    kept = [declared(f"license/l{i:02}", name="L") for i in range(touched, population)]
    changed = [declared(f"license/l{i:02}", name="M") for i in range(touched)]
    deleting = Policy(prune=Prune.ALL, max_deletes=limit)
    assert bool(proposal(desired(*kept), found, deleting).refusals) is is_refused
    updating = Policy(max_updates=limit)
    assert bool(proposal(desired(*kept, *changed), found, updating).refusals) is is_refused


def test_a_limit_names_share_counts_and_policy() -> None:
    found = live_state(*_licenses(10))  # type: ignore[arg-type]
    (finding,) = sentences(proposal(desired(), found, Policy(prune=Prune.ALL)).refusals)
    assert finding == (
        "deletes 10 of 10 live licenses (100%); maxDeletes allows 30%, the default; if that"
        " is meant, allow more with --max-deletes, or with `maxDeletes` below `policy:` in the"
        " project file"
    )


def test_warns_of_a_draft_that_nothing_declares_as_one() -> None:
    found = live_state(live("license/l", name="L", lifecycleState="DRAFT"))
    (warning,) = proposal(desired(declared("license/l", name="L")), found).plan.warnings
    assert "still a draft" in warning


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("default", [None, True, False])
@pytest.mark.parametrize("loser", ["license/l", "license/theirs"])
def test_a_new_default_says_whom_it_displaces(
    loser: str, default: bool | None, is_there: bool
) -> None:
    """By a change of the version that loses it if that declares a default, else by a warning."""
    sold = {"name": "L", "lifecycleState": "PUBLISHED", "familySlug": "l"}
    there = [
        live("license/l", **sold, isDefault=loser == "license/l"),
        live("license/theirs", **sold, version="2", isDefault=loser == "license/theirs"),
        live("license/l-v3", **sold, version="3"),
    ]
    says = {} if default is None else {"isDefault": default}
    before = declared("license/l", name="L", familySlug="l", **says)
    wanted = [before, declared("license/l-v3", name="L", familySlug="l", isDefault=True)]
    if default:  # it is to keep, or get back, the default that somebody gave to another one
        wanted = [before]
    plan = proposal(desired(*wanted), live_state(*there[: 3 if is_there else 2])).plan
    winner = "license/l" if default else "license/l-v3"
    named = {w for w in plan.warnings if "default" in w}
    named |= {c.id for c in plan.changes if c.action == "clear-default"}
    if winner == loser:
        assert not named
    elif default is False and loser == "license/l":
        assert named == {f"clear-default:{loser}"}
    else:
        assert named == {f"{winner} takes the default of its family from {loser}"}


# The file


PLAN = proposal(GROWTH, live_state()).plan


def test_a_plan_survives_its_file() -> None:
    assert read_plan(write_plan(PLAN)) == PLAN


def test_the_same_plan_gives_the_same_bytes() -> None:
    backwards = desired(*reversed(list(GROWTH.resources.values())))
    assert write_plan(proposal(backwards, live_state()).plan) == write_plan(PLAN)


MARK = "0123456789abcdef"


def _edited(**changes: object) -> bytes:
    return json.dumps({**plan_to_json(PLAN), **changes}).encode()


def _resealed(**changes: object) -> bytes:
    document = {**plan_to_json(PLAN), **changes}
    document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a plan file"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe", "not a plan file"),
        (b"[" * 100_000, "not a plan file"),
        (b'{"formatVersion": 1, "formatVersion": 1}', "duplicate key 'formatVersion'"),
        (b'{"formatVersion": NaN}', "NaN"),
        (_edited(formatVersion=2), "format version 2"),
        (_edited(requests=0), "changed after it was made"),
        (_edited(digest="sha256:00"), "changed after it was made"),
        (_resealed(extra=1), "the document: Object contains unknown field `extra`"),
        (_resealed(changes=[{"id": "x"}]), r"changes\[0\]: Object missing required field"),
        (_resealed(requests=-1), "requests: Expected `int` >= 0"),
        (_resealed(managed={"../../etc": "x"}), "managed: not an address"),
        (_resealed(managed={"license/..": MARK}), "not an address"),
        (_resealed(managed={"license/a/grant/b?c": MARK}), "not an address"),
        (_resealed(changes=[*plan_to_json(PLAN)["changes"]][::-1]), "comes before"),
    ],
)
def test_refuses_what_is_no_plan_of_ours(content: bytes, says: str) -> None:
    with pytest.raises(PlanFileError, match=says):
        read_plan(content)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://kaiten.example", "HTTPS://Kaiten.Example:443/", True),
        ("https://kaiten.example", "https://kaiten.example.:0443", True),
        ("http://[::1]:6060", "http://[0:0:0:0:0:0:0:1]:06060/", True),
        ("https://bücher.example/k", "https://xn--bcher-kva.example/k/", True),
        ("https://straße.example", "https://strasse.example", False),
        ("https://kaiten.example", "http://kaiten.example", False),
        ("https://kaiten.example", "https://kaiten.example:8443", False),
        ("https://kaiten.example/a", "https://kaiten.example/A", False),
        ("https://kaiten.example:port", "https://kaiten.example", False),
    ],
)
def test_urls_are_the_same_however_they_are_spelled(one: str, other: str, is_same: bool) -> None:
    assert is_same_url(one, other) is is_same


def test_a_plan_is_for_one_target() -> None:
    check_target(PLAN, PLAN.target)
    with pytest.raises(PlanFileError, match="not for prod"):
        check_target(PLAN, TargetRef("prod", PLAN.target.url))
