"""Requests are counted, not guessed: a plan without changes costs its pages and little more."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.processes import HANG_S

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.settings import Policy, Prune, Scope
from kaiten_sync.pipeline import CatalogSource, apply_plan, load, make_plan

TARGET = TargetRef("test", "http://127.0.0.1")


def _catalog(place: Workplace) -> HttpCatalog:
    return HttpCatalog(ConnectionSettings(url=place.url, token=place.token))


def _plan(place: Workplace, catalog: HttpCatalog, prune: Prune = Prune.NEVER):  # type: ignore[no-untyped-def]
    return make_plan(
        load(CatalogSource(root=place.folder, catalog=["catalog.yaml"])),
        catalog,
        target=TARGET,
        scope=Scope(),
        policy=Policy(prune=prune),
        progress=NoProgress(),
    )


@pytest.fixture
def filled(place: Workplace) -> Workplace:
    """201 entitlements (two pages), 5 licenses with 3 grants each, no group."""
    lines = ["version: 1", "entitlements:"]
    lines += [f"  e{i:03}: {{name: E, type: NUMBER}}" for i in range(201)]
    lines.append("licenses:")
    for number in range(5):
        grants = ", ".join(f"e{i:03}: {i}" for i in range(3))
        lines.append(f"  l{number}0: {{name: L, type: PAID, entitlements: {{{grants}}}}}")
    place.write("catalog.yaml", "\n".join(lines) + "\n")
    with _catalog(place) as catalog:
        plan = _plan(place, catalog).plan
        apply_plan(plan, catalog, progress=NoProgress(), is_stopped=lambda: False)
    return place


def test_a_plan_without_changes_costs_one_request_per_page(filled: Workplace) -> None:
    with _catalog(filled) as catalog:
        assert _plan(filled, catalog).plan.is_empty
        pages = 2 + 1 + 5  # entitlements, licenses, grants of each license; groups are not declared
        assert catalog.requests_sent == pages


def test_pruning_reads_every_kind_and_no_more(filled: Workplace) -> None:
    with _catalog(filled) as catalog:
        assert _plan(filled, catalog, Prune.ALL).plan.is_empty
        assert catalog.requests_sent == 1 + 2 + 1 + 5


def test_a_field_of_one_generation_costs_one_request_more(filled: Workplace) -> None:
    path = filled.folder / "catalog.yaml"
    path.write_text(path.read_text().replace("e000: 0", "e000: {value: 0, overagePercent: 0}"))
    with _catalog(filled) as catalog:
        assert _plan(filled, catalog).plan.is_empty
        assert catalog.requests_sent == 1 + 2 + 1 + 5


def test_what_the_declaration_does_not_touch_is_not_read(filled: Workplace) -> None:
    (filled.folder / "catalog.yaml").write_text(
        "version: 1\nlicenses:\n  l00: {name: L, type: PAID}\n"
    )
    with _catalog(filled) as catalog:
        assert _plan(filled, catalog).plan.is_empty
        assert catalog.requests_sent == 1


def test_a_token_that_reads_licenses_plans_licenses(place: Workplace, server) -> None:  # type: ignore[no-untyped-def]
    place.write("catalog.yaml", "version: 1\nlicenses:\n  l00: {name: L, type: PAID}\n")
    token = server.new_organization("read:licenses")
    ended = place.run("plan", "-f", "catalog.yaml", KAITEN_AUTH_TOKEN=token)
    assert ended.code == 0, ended.stderr
    refused = place.run("drift", "-f", "catalog.yaml", KAITEN_AUTH_TOKEN=token)
    assert (refused.code, "Auth.MissingScope" in refused.stderr) == (6, True)


def test_the_bench_measures_a_small_catalog() -> None:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.curve"),
            *("--sizes", "120", "--runs", "1", "--peers-up-to", "0"),
        ],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=True,
    )
    rows = dict(re.findall(r"^\| ([^|]+?) \| (\d+) \|", ended.stdout, re.M))
    pages = 1 + 1 + 1 + 3
    assert rows == {
        "plan, no change": str(pages + 1),  # its entitlements declare groups: one to learn more
        "floor: 8 connections": str(pages),
    }
