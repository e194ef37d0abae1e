"""The pricing table: what is granted to whom, and what a plan changes of it."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Callable

import pytest
from tests.unit.report.strategies import plan_of
from tests.unit.report.test_json import check

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.plan import Left, Plan
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json
from kaiten_sync.pricing import (
    Grant,
    PriceCell,
    PriceColumn,
    folded,
    table_of_catalog,
    table_of_plan,
)
from kaiten_sync.report.formats import TABLE
from kaiten_sync.report.plan_html import plan_html
from kaiten_sync.report.plan_markdown import plan_markdown
from kaiten_sync.report.pricing_formats import pricing_markdown, pricing_parts
from kaiten_sync.report.pricing_words import cell_text, column_text, grant_text
from kaiten_sync.report.views import Look

_FIELDS: dict[str, Fields] = {
    "group/quotas": {"name": "Quotas"},
    "entitlement/calls": {
        "name": "API Calls",
        "groups": ["quotas"],
        "unitSingular": "call",
        "unitPlural": "calls",
    },
    "entitlement/sso": {"name": "Single sign-on"},
    "entitlement/unused": {"name": "Granted by nobody"},
    "license/pro": {"name": "Pro"},
    "license/free": {"name": "Free"},
    "license/pro/grant/calls": {"value": 50_000, "overagePercent": 20},
    "license/pro/grant/sso": {"value": True},
    "license/free/grant/calls": {"value": 1},
}
CATALOG = {parse_address(address): fields for address, fields in _FIELDS.items()}


def change(slug: str, before: Json, after: Json | Absent, action: Action = Action.UPDATE) -> Change:
    address = parse_address(f"license/pro/grant/{slug}")
    field = FieldChange(name="value", before=before, after=after, effect=Effect.TIGHTENS)
    return Change(
        address=address,
        action=action,
        fields=(field,),
        effect=Effect.TIGHTENS,
    )


def test_rows_are_granted_entitlements_by_group_and_columns_licenses_in_their_order() -> None:
    table = table_of_catalog(CATALOG)
    assert [each.slug for each in table.columns] == ["pro", "free"]
    assert [(row.group, row.slug) for row in table.rows] == [("Quotas", "calls"), ("", "sso")]
    shown = [[cell_text(cell, row.unit) for cell in row.cells] for row in table.rows]
    assert shown == [["50,000 calls (+20 %)", "1 call"], ["yes", "–"]]


def test_rows_are_the_same_in_whatever_order_a_server_has_groups() -> None:
    groups = {parse_address(f"group/{slug}"): {"name": slug.upper()} for slug in ("aa", "zz")}
    calls = parse_address("entitlement/calls")
    shown = [
        table_of_catalog({**CATALOG, **groups, calls: {"groups": order}}).rows
        for order in (["zz", "aa"], ["aa", "zz"])
    ]
    assert shown[0] == shown[1]
    assert shown[0][0].group == "AA"


def test_columns_of_a_plan_are_in_the_order_in_which_they_are_declared() -> None:
    declared = {  # what is inherited is declared elsewhere
        "license/gone/grant/calls": None,
        "license/starter/grant/calls": SourceRef("v2.yaml", 30, 1),
        "license/growth/grant/calls": SourceRef("v2.yaml", 40, 1),
        "license/basic/grant/sso": SourceRef("v2.yaml", 2, 1, through=("free",)),
        "license/basic/grant/calls": SourceRef("v2.yaml", 50, 1),
        "license/agency/grant/calls": SourceRef("v10.yaml", 1, 1),
    }
    changes = (
        change("calls", 1, 2).changed(address=parse_address(text), source=source)
        for text, source in declared.items()
    )
    table = table_of_plan(plan_of(tuple(changes)))
    shown = [each.slug for each in table.columns]
    assert shown == ["starter", "growth", "basic", "agency", "gone"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1000, "1,000"),
        (0.5, "0.5"),
        ("unlimited", "unlimited"),
        (False, "no"),
        ({"a": 1}, '{"a": 1}'),
        (0.1 + 0.2, "0.3"),
    ],
)
def test_values_read_as_on_a_pricing_page(value: Json, text: str) -> None:
    assert grant_text(Grant(value=value)) == text


def test_changes_say_which_way_they_go() -> None:
    less = PriceCell(
        before=Grant(value=1000), after=Grant(value=500), effect=Effect.TIGHTENS, is_change=True
    )
    assert cell_text(less) == "1,000 → 500 ▼"
    over = PriceCell(
        before=less.before, after=less.after, effect=less.effect, is_change=True, over=3
    )
    assert cell_text(over) == "1,000 → 500 ▼, 3 over"
    assert cell_text(PriceCell(after=Grant(value=5), is_change=True)) == "5 (new)"
    assert cell_text(PriceCell(before=Grant(value=5), is_change=True)) == "5 (gone) ▼"


def test_a_plan_shows_what_it_changes() -> None:
    table = table_of_plan(
        plan_of((change("calls", 1000, 500), change("sso", True, ABSENT, Action.DELETE)))
    )
    assert [each.slug for each in table.columns] == ["pro"]
    assert [cell_text(row.cells[0]) for row in table.rows] == ["1,000 → 500 ▼", "yes (gone) ▼"]
    plain = TABLE["csv"](table, Look()).splitlines()
    assert plain[1] == "calls,calls,,1000 → 500 ▼"
    nothing = table_of_plan(plan_of(()))
    for form in ("text", "markdown"):
        assert TABLE[form](nothing, Look()) == "The plan changes no grant.\n"


@pytest.mark.parametrize(("render", "heading"), [(plan_markdown, "</h3>"), (plan_html, "<main")])
def test_the_table_is_the_first_thing_in_a_plan(
    render: Callable[[Plan], str], heading: str
) -> None:
    seats = parse_address("license/pro/grant/seats")
    left = Left(address=seats, fields={"value": 5}, reason="stays")
    plan = plan_of((change("calls", 1000, 500),), warnings=("warned",)).changed(left=(left,))
    body = html.unescape(render(plan)).partition(heading)[2]
    table, *rest = map(body.index, ("1,000 → 500 ▼", "warned", "stays", "update"))
    assert table < min(rest)


@pytest.mark.parametrize(
    ("version", "replaces", "family", "text"),
    [
        ("growth", "", "", "growth"),
        ("growth", "", "growth", "growth"),
        ("growth-v2", "", "growth", "growth (growth-v2)"),
        ("growth-v2", "growth", "growth", "growth (growth → growth-v2)"),
        ("growth-v2", "growth", "", "growth → growth-v2"),
    ],
)
def test_a_column_names_the_family_and_the_version(
    version: str, replaces: str, family: str, text: str
) -> None:
    column = PriceColumn(slug=version, name="Growth", replaces=replaces, family=family)
    assert column_text(column) == text


def test_columns_that_share_a_name_are_told_by_slug() -> None:
    catalog = {**CATALOG, parse_address("license/pro-v2"): {"name": "Pro"}}
    catalog[parse_address("license/pro-v2/grant/sso")] = {"value": True}
    shown = pricing_parts(table_of_catalog(catalog))
    assert shown["columns"] == ["Pro (pro)", "Free", "Pro (pro-v2)"]


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_folded_table_has_every_cell_once(columns: int) -> None:
    table = table_of_catalog(CATALOG)
    parts = folded(table, columns)
    assert [c.slug for part in parts for c in part.columns] == ["pro", "free"]
    for row in table.rows:
        found = [part_row for part in parts for part_row in part.rows if part_row.slug == row.slug]
        assert tuple(cell for each in found for cell in each.cells) == row.cells


def test_markdown_names_the_groups_as_text_does() -> None:
    catalog = {**CATALOG, parse_address("group/quotas"): {"name": "Quo|tas"}}
    first, _, *rows = TABLE["markdown"](table_of_catalog(catalog), Look()).splitlines()
    assert [row.split(" | ")[0] for row in rows] == [
        "| <b><code>Quo&#124;tas</code></b>",
        "| <code>calls</code>",
        "| in no group",
        "| <code>sso</code>",
    ]
    assert {row.count(" | ") for row in rows} == {first.count(" | ")}


@pytest.mark.parametrize("limit", [400, 3_000, 12_000, 60_000])
@pytest.mark.parametrize(("columns", "rows"), [(3, 10), (12, 60), (40, 400)])
def test_markdown_shows_what_fits_and_counts_the_rest(columns: int, rows: int, limit: int) -> None:
    found: dict[Address, Fields] = {}
    for column in range(columns):
        found[parse_address(f"license/license-{column:02}")] = {}
        for row in range(rows):
            grant = parse_address(f"license/license-{column:02}/grant/quota-{row:03}")
            found[grant] = {"value": column * row}
    text = pricing_markdown(table_of_catalog(found), limit)
    assert len(text) <= limit
    assert "quota-000" in text
    shown = {code for line in text.splitlines() for code in re.findall(r"license-\d\d", line)}
    left = re.search(r"(\d+) more columns?", text)
    assert len(shown) + (int(left[1]) if left else 0) == columns


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_text_is_folded_to_the_width(width: int) -> None:
    wide: dict[Address, Fields] = {}
    for n in range(12):
        wide[parse_address(f"license/l{n:02}")] = {"name": "L"}
        wide[parse_address(f"license/l{n:02}/grant/calls")] = {"value": n * 1000}
    text = TABLE["text"](table_of_catalog(wide), Look(width=width))
    assert all(len(line) <= max(width, 20) for line in text.splitlines())
    assert all(f"l{n:02}" in text for n in range(12))


def test_csv_has_values_as_they_are() -> None:
    config = {"theme": "a, b", "colors": ["red", "green", "blue"]}
    catalog = {**CATALOG, parse_address("license/pro/grant/branding"): {"value": config}}
    rows = list(csv.DictReader(TABLE["csv"](table_of_catalog(catalog), Look()).splitlines()))
    found = {row["entitlement"]: row["pro"] for row in rows}
    assert json.loads(found["branding"]) == config
    assert (found["calls"], found["sso"]) == ("50000 (+20 %)", "yes")


def test_a_table_as_json_fits_its_schema() -> None:
    config = {parse_address("license/pro/grant/branding"): {"value": {"theme": [1.5, None]}}}
    versions = [
        PriceColumn(slug="growth-v2", name="Growth", replaces="growth", family="growth"),
        PriceColumn(slug="growth", name="Growth"),
    ]
    table = table_of_catalog({**CATALOG, **config})
    plan = table_of_plan(plan_of((change("calls", 1000, 500), change("sso", True, ABSENT))))
    for each in (table, plan, plan.changed(columns=tuple(versions)), table_of_catalog({})):
        check("table", json.loads(TABLE["json"](each, Look())))
    found = json.loads(TABLE["json"](plan, Look()))
    assert found["rows"][0]["cells"] == [
        {"before": {"value": 1000}, "after": {"value": 500}, "effect": "tightens", "over": 0}
    ]
    shown = {row["entitlement"]: row for row in json.loads(TABLE["json"](table, Look()))["rows"]}
    assert shown["calls"] == {
        "entitlement": "calls",
        "name": "API Calls",
        "group": "Quotas",
        "unit": "calls",
        "cells": [{"after": {"value": 50000, "overagePercent": 20}}, {"after": {"value": 1}}],
    }
    assert shown["sso"]["cells"] == [{"after": {"value": True}}, None]


def test_an_empty_catalog_has_no_table() -> None:
    assert TABLE["text"](table_of_catalog({}), Look()) == "Nothing is granted.\n"


def test_grants_that_go_with_their_license_are_no_rows() -> None:
    license_ = parse_address("license/pro")
    gone = Change(
        address=license_,
        action=Action.DELETE,
        fields=(),
        effect=Effect.TIGHTENS,
    )
    calls = change("calls", 5, ABSENT, Action.DELETE)
    assert table_of_plan(plan_of((calls, gone))).rows == ()
    assert len(table_of_plan(plan_of((calls,))).rows) == 1
