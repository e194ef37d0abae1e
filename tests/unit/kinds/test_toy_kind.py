"""Kinds that are tables in this file and nothing else go through every stage, over real HTTP.

When one of these tests fails, a stage knows kinds by name: move what it knows into the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.support.shop import Shop
from tests.support.toy_server import toy_server

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.registry import SPECS, register, unregister
from kaiten_sync.kinds.schema import catalog_schema
from kaiten_sync.kinds.spec import (
    FieldSpec,
    FieldType,
    KindSpec,
    Move,
    Mutability,
    Order,
    Reference,
    constant,
)
from kaiten_sync.kinds.units import unit_names
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.plan.order import level
from kaiten_sync.report import formats

NAME = FieldSpec(name="name", is_required=True, limits={"minLength": 1})
PROTECT = FieldSpec(name="protect", type=FieldType.BOOLEAN, is_note=True)

ZONE = KindSpec(kind=Kind("zone", level=10), section="zones", path="/zones", keys=(NAME, PROTECT))
OUTLET = KindSpec(
    kind=Kind("outlet", level=11),
    section="outlets",
    path="/sales-outlets",
    deleted=Effect.TIGHTENS,
    keys=(
        NAME,
        FieldSpec(
            name="zone",
            type=FieldType.SLUG,
            refers_to=Reference(kind="zone"),
            is_required=True,
        ),
        FieldSpec(
            name="nearby",
            type=FieldType.SLUGS,
            wire="zoneSlugs",
            read="nearbyZones",
            refers_to=Reference(kind="zone"),
            is_echoed=False,
            default=constant([]),
            takes_null=True,
        ),
        FieldSpec(name="code", default=constant(None), takes_null=True),
        FieldSpec(
            name="seats",
            type=FieldType.INTEGER,
            order=Order.HIGHER_LOOSENS,
            limits={"minimum": 0},
            default=constant(0),
            takes_null=True,
        ),
        FieldSpec(name="ratio", type=FieldType.NUMBER, default=constant(None), takes_null=True),
        FieldSpec(name="indoor", type=FieldType.BOOLEAN, default=constant(False), takes_null=True),
        FieldSpec(name="size", type=FieldType.ENUM, choices=("SMALL", "LARGE")),
        FieldSpec(name="extras", type=FieldType.JSON, default=constant(None), takes_null=True),
        FieldSpec(
            name="state",
            type=FieldType.ENUM,
            choices=("PLANNED", "OPEN", "CLOSED"),
            mutability=Mutability.MOVE,
            born_as="PLANNED",
            settles_as="OPEN",
            moves=(
                Move(
                    action=Action("open-up"),
                    before="PLANNED",
                    after="OPEN",
                    endpoint="open",
                    waits_for_children=True,
                ),
                Move(
                    action=Action("close"),
                    before="OPEN",
                    after="CLOSED",
                    endpoint="close",
                    rank=3,
                    risk=1,
                    symbol="<",
                ),
            ),
        ),
        PROTECT,
    ),
)
PRICE = KindSpec(
    kind=Kind("price", level=12),
    section="prices",
    path="/prices",
    parents=("outlet",),
    shorthand="amount",
    created=Effect.LOOSENS,
    deleted=Effect.TIGHTENS,
    keys=(
        FieldSpec(name="amount", type=FieldType.NUMBER, is_required=True),
        FieldSpec(name="currency", default=constant("EUR"), takes_null=True),
        PROTECT,
    ),
)

CATALOG = """\
version: 1
zones:
  north: {name: North}   # where it is cold
  south: {name: South}
outlets:
  harbor:
    name: Harbor
    zone: north
    nearby: [south, north]
    seats: 40            # by the fire brigade
    ratio: 0.5
    indoor: true
    size: SMALL
    extras: {music: [jazz]}
    prices:
      day-ticket: 12
      season: {amount: 99.5, currency: SEK}
  attic: {name: Attic, zone: south, state: PLANNED}
"""
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  local: {url: "URL"}
scope:
  zones: ["*"]
  outlets: ["*", "!foreign-*"]
policy: {maxDeletes: 9, maxUpdates: 9}
"""


@pytest.fixture(autouse=True)
def toy_kinds() -> Iterator[None]:
    kinds = (ZONE, OUTLET, PRICE)
    for spec in kinds:
        register(spec)
    yield
    for spec in kinds:
        unregister(spec.kind)


@pytest.fixture
def shop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)
    for name in ("KAITEN_BASE_URL", "KAITEN_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with toy_server() as toy:
        yield Shop(toy, capsys, CATALOG, PROJECT)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("name: Attic, ", "", r"outlet/attic.*has no `name`"),
        ("zone: north", "zone: nort", r"the zone 'nort' is not declared"),
        ("[south, north]", "[east]", r"the zone 'east' is not declared"),
        ("seats: 40 ", "seats: many ", r"`seats` must be a whole number"),
        ("seats: 40 ", "seats: -4 ", r"`seats` must be at least 0"),
        ("size: SMALL", "size: SMAL", r"did you mean 'SMALL'"),
        ("indoor: true", "indor: true", r"did you mean 'indoor'"),
        ("amount: 99.5, ", "", r"outlet/harbor/price/season.*has no `amount`"),
        ("zones:", "zonez:", r"did you mean 'zones'"),
        ("attic: {name", "foreign-attic: {name", r"scope leaves out outlet/foreign-attic"),
    ],
)
def test_what_is_wrong_is_found(shop: Shop, old: str, new: str, found: str) -> None:
    shop.edit(old, new)
    assert re.search(found, shop.run("validate", code=3), re.S)


def test_the_schema_describes_the_kinds() -> None:
    schema = catalog_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["outlets"]["additionalProperties"] == {"$ref": "#/$defs/outlet"}
    assert "prices" in schema["$defs"]["outlet"]["properties"]


def test_everything_is_created_in_order_and_then_there_is_nothing_to_do(shop: Shop) -> None:
    assert "nothing wrong" in shop.run("validate").lower()
    assert shop.plan() == [
        "create:zone/north",
        "create:zone/south",
        "create:outlet/attic",
        "create:outlet/harbor",
        "create:outlet/harbor/price/day-ticket",
        "create:outlet/harbor/price/season",
        "open-up:outlet/harbor",
    ]
    shop.apply()
    assert shop.live("outlet/harbor")["nearbyZones"] == [{"slug": "north"}, {"slug": "south"}]
    assert shop.live("outlet/harbor")["state"] == "OPEN"
    assert shop.live("outlet/attic")["state"] == "PLANNED"
    assert shop.live("outlet/harbor/price/season")["amount"] == 99.5
    writes = shop.toy.writes
    assert writes.index("POST /sales-outlets/harbor/open") > writes.index(
        "POST /sales-outlets/harbor/prices"
    )
    shop.run("plan", "-t", "local", "--detailed-exitcode")
    shop.run("drift", "-t", "local", "--detailed-exitcode")
    sent = len(writes)
    shop.apply()
    assert len(writes) == sent, "the same plan again writes nothing"


@pytest.mark.parametrize("shown", formats.PLAN)
def test_every_format_of_a_plan_shows_them(shop: Shop, shown: str) -> None:
    shop.plan()
    text = shop.run("show", "local.plan.json", "--format", shown)
    for address in ("zone/north", "outlet/harbor", "outlet/harbor/price/season"):
        assert address in text
    assert "open-up" in text or "open up" in text


@pytest.mark.parametrize("shown", formats.DRIFT)
def test_every_format_of_drift_shows_them(shop: Shop, shown: str) -> None:
    shop.plan()
    shop.apply()
    shop.live("outlet/harbor")["seats"] = 30
    del shop.toy.objects[parse_address("outlet/harbor/price/season")]
    text = shop.run("drift", "-t", "local", "--format", shown, "--detailed-exitcode", code=2)
    assert "outlet/harbor" in text
    assert "outlet/harbor/price/season" in text
    assert "seats" in text


@pytest.mark.parametrize("shown", formats.APPLY)
def test_every_format_of_an_apply_shows_them(shop: Shop, shown: str) -> None:
    shop.plan()
    shop.toy.answer("POST", "/zones", {"slug": "south", "name": "Another"})
    assert "zone/south" in shop.run("apply", "local.plan.json", "--format", shown, code=4)
    del shop.toy.objects[parse_address("zone/south")]
    assert "outlet/harbor" in shop.run("apply", "local.plan.json", "--format", shown)


@pytest.mark.parametrize("shown", formats.DIAGNOSTICS)
def test_every_format_of_what_is_wrong_shows_them(shop: Shop, shown: str) -> None:
    shop.edit("zone: north", "zone: nort")
    text = shop.run("validate", "--format", shown, code=3)
    assert "outlet/harbor" in text
    assert "the zone 'nort' is not declared" in text


@pytest.mark.parametrize("shown", formats.COMPARE)
def test_every_format_of_a_comparison_shows_them(shop: Shop, shown: str) -> None:
    shop.plan()
    shop.apply()
    with toy_server() as other:
        Path("kaiten-sync.yaml").write_text(
            PROJECT.replace("URL", shop.toy.url).replace(
                "scope:", f'  other: {{url: "{other.url}"}}\nscope:'
            )
        )
        shop.run("plan", "-t", "other", "-o", "other.plan.json")
        shop.run("apply", "other.plan.json")
        shop.live("outlet/harbor")["seats"] = 30
        text = shop.run("compare", "local", "other", "--format", shown)
    assert "outlet/harbor" in text
    assert "seats" in text


def test_an_edit_on_the_server_is_reverted(shop: Shop) -> None:
    shop.plan()
    shop.apply()
    shop.live("outlet/harbor")["seats"] = 30
    del shop.toy.objects[parse_address("outlet/harbor/price/season")]
    where = ("-t", "local", "--plan", "local.plan.json")
    shop.run("drift", *where, "--revert", "-o", "revert.plan.json")
    shop.run("apply", "revert.plan.json")
    assert shop.live("outlet/harbor")["seats"] == 40
    assert shop.live("outlet/harbor/price/season")["amount"] == 99.5
    shop.run("drift", *where, "--detailed-exitcode")


def test_an_overlay_declares_what_is_different_for_a_target(shop: Shop) -> None:
    Path("overlay.yaml").write_text(
        "version: 1\noutlets:\n  harbor: {seats: 10, prices: {day-ticket: null}}\n"
    )
    project = Path("kaiten-sync.yaml")
    project.write_text(project.read_text().replace('"}', '", overlays: [overlay.yaml]}'))
    assert "create:outlet/harbor/price/day-ticket" not in shop.plan()
    shop.apply()
    assert shop.live("outlet/harbor")["seats"] == 10


def test_a_rule_of_the_project_judges_them(shop: Shop) -> None:
    pytest.importorskip("cel_expr_python")
    project = Path("kaiten-sync.yaml")
    rule = """{name: no harbors, deny: 'change.kind == "outlet" && "seats" in change.fields'}"""
    project.write_text(project.read_text().replace("policy: {", f"policy: {{rules: [{rule}], "))
    shown = shop.run("plan", "-t", "local", code=4)
    assert "outlet/harbor: the rule 'no harbors' denies this change" in shown


def test_changes_are_updates_moves_and_deletes(shop: Shop) -> None:
    shop.plan()
    shop.apply()
    shop.edit("seats: 40 ", "seats: 20 ")
    shop.edit("zone: south, state: PLANNED", "zone: south, state: CLOSED")
    shop.edit("      season: {amount: 99.5, currency: SEK}\n", "")
    shop.edit("    nearby: [south, north]\n", "    nearby: []\n")
    assert shop.plan() == [
        "update:outlet/harbor",
        "open-up:outlet/attic",
        "close:outlet/attic",
        "delete:outlet/harbor/price/season",
    ]
    effects = [change["effect"] for change in shop.changes()]
    assert effects == ["tightens", "neutral", "neutral", "tightens"]
    shop.apply()
    assert shop.live("outlet/harbor")["nearbyZones"] == []
    assert shop.live("outlet/attic")["state"] == "CLOSED"
    shop.run("plan", "-t", "local", "--detailed-exitcode")
    shop.edit("state: CLOSED", "state: PLANNED")
    assert "cannot go from CLOSED to PLANNED" in shop.run("plan", "-t", "local", code=4)


def test_what_is_no_longer_declared_goes_with_what_is_inside(shop: Shop) -> None:
    shop.plan()
    shop.apply()
    text = Path("catalog.yaml").read_text()
    start, end = text.index("  harbor:"), text.index("  attic:")
    Path("catalog.yaml").write_text(text[:start] + text[end:])
    shop.edit("  north: {name: North}   # where it is cold\n", "")
    assert shop.plan() == [
        "delete:outlet/harbor/price/day-ticket",
        "delete:outlet/harbor/price/season",
        "delete:outlet/harbor",
        "delete:zone/north",
    ]
    shop.apply()
    assert {str(address) for address in shop.toy.objects} == {"zone/south", "outlet/attic"}


def test_protected_objects_stay(shop: Shop) -> None:
    shop.edit("    name: Harbor\n", "    name: Harbor\n    protect: true\n")
    shop.plan()
    shop.apply()
    shop.edit("day-ticket: 12", "day-ticket: 11")
    shop.edit("seats: 40", "seats: 10")
    assert "outlet/harbor is protected" in shop.run("plan", "-t", "local", code=4)


def test_what_the_server_has_is_adopted_in_place(shop: Shop) -> None:
    shop.plan()
    shop.apply()
    shop.live("outlet/harbor")["seats"] = 30
    shop.live("outlet/harbor/price/day-ticket")["amount"] = 15
    shop.run("adopt", "-t", "local", "outlet/harbor", "outlet/harbor/price/day-ticket")
    text = Path("catalog.yaml").read_text()
    expected = CATALOG.replace("seats: 40", "seats: 30").replace("day-ticket: 12", "day-ticket: 15")
    assert text == expected
    shop.toy.answer(
        "POST", "/sales-outlets", {"slug": "pier", "name": "Pier", "zone": "south", "state": "OPEN"}
    )
    shop.toy.answer("POST", "/sales-outlets/pier/prices", {"slug": "day-ticket", "amount": 5})
    shop.run("adopt", "-t", "local", "outlet/pier", "--into", "catalog.yaml")
    assert (
        "  pier:\n    name: Pier\n    zone: south\n    prices:\n      day-ticket: 5\n"
        in Path("catalog.yaml").read_text()
    )
    shop.run("drift", "-t", "local", "--detailed-exitcode")


def test_out_of_scope_is_nobodys_business(shop: Shop) -> None:
    shop.toy.answer("POST", "/zones", {"slug": "east", "name": "East"})
    shop.toy.answer(
        "POST",
        "/sales-outlets",
        {"slug": "foreign-one", "name": "F", "zone": "east", "state": "OPEN"},
    )
    shop.plan()
    shop.apply()
    assert "foreign-one" not in shop.run("drift", "-t", "local")
    shop.run("export", "-t", "local", "-o", "exported")
    assert not list(Path("exported").rglob("*foreign*"))


@pytest.mark.parametrize("split", ["license", "kind", "none"])
def test_an_export_declares_what_is_there(
    shop: Shop, split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.plan()
    shop.apply()
    Path("kaiten-sync.yaml").rename("before.yaml")
    place = ("--project", "before.yaml", "-t", "local")
    shop.run("export", *place, "-o", "exported", "--split", split, "--with-project")
    assert "outlets:" in Path("kaiten-sync.yaml").read_text()
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", "ksh_toy")
    shop.run("plan", "-t", "local", "--detailed-exitcode")
    text = "".join(path.read_text() for path in Path("exported").rglob("*.yaml"))
    assert "season: {amount: 99.5, currency: SEK}" in text
    assert "state: PLANNED" in text
    assert "state: OPEN" not in text, "what new objects become anyway is left out"


def test_an_answer_of_another_type_is_refused(shop: Shop) -> None:
    shop.plan()
    shop.apply()
    shop.live("outlet/harbor")["seats"] = "many"
    shown = shop.run("plan", "-t", "local", code=1)
    assert "outlet/harbor whose seats is not a whole number" in shown


def test_an_unregistered_kind_is_unknown() -> None:
    for spec in (PRICE, OUTLET, ZONE):
        unregister(spec.kind)
    try:
        with pytest.raises(ValueError, match="not an address"):
            parse_address("outlet/harbor")
        assert set(SPECS) == {"group", "entitlement", "license", "family", "grant"}
    finally:
        for spec in (ZONE, OUTLET, PRICE):
            register(spec)


def test_what_was_read_of_a_kind_is_forgotten_with_it() -> None:
    made = Change(address=Address(ZONE.kind, "north"), action=Action.CREATE)
    before = level(made), unit_names("zone")
    unregister("zone")
    note = FieldSpec(name="area", type=FieldType.INTEGER, units_from=("unit", "units"))
    register(replace(ZONE, kind=Kind("zone", level=9), keys=(*ZONE.keys, note)))
    try:
        assert before == ((0, ZONE.level), ())
        assert (level(made), unit_names("zone")) == ((0, 9), ("unit", "units"))
    finally:
        unregister("zone")
        register(ZONE)
