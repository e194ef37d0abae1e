"""Flattening `extends` gives the declaration and the plan of the same grants written out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import FakeCatalog
from tests.property.catalogs import catalogs, grants

from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState, Resource
from kaiten_sync.model.settings import Policy, Scope
from kaiten_sync.model.source import SourceRef
from kaiten_sync.pipeline import CatalogSource, make_plan, validate

Catalog = dict[str, Any]


@st.composite
def extending_catalogs(draw: st.DrawFn) -> Catalog:
    """A catalog whose licenses and bundles extend those before them, in a random order."""
    catalog = draw(catalogs())
    slugs = sorted(catalog["entitlements"])
    bundles: Catalog = {}
    for name in draw(st.lists(st.sampled_from(["basics", "support", "limits"]), unique=True)):
        chosen = draw(st.lists(st.sampled_from(slugs), unique=True)) if slugs else []
        bundles[name] = {"entitlements": {slug: draw(grants(slug)) for slug in chosen}}
    everything = {**bundles, **catalog["licenses"]}
    order = draw(st.permutations(sorted(everything)))
    for at, name in enumerate(order):
        if at and draw(st.booleans()):
            bases = draw(st.lists(st.sampled_from(order[:at]), unique=True, min_size=1))
            is_one = len(bases) == 1 and draw(st.booleans())
            everything[name]["extends"] = bases[0] if is_one else bases
            inherited = written_out(everything, name, own=False)
            for slug in sorted(inherited.keys() - everything[name]["entitlements"].keys()):
                if draw(st.booleans()):
                    everything[name]["entitlements"][slug] = None
    return {**catalog, "bundles": bundles}


def written_out(everything: Catalog, name: str, *, own: bool = True) -> Catalog:
    """The reference: what a license or bundle grants, read as the documentation says."""
    bases = everything[name].get("extends", [])
    found: Catalog = {}
    for base in [bases] if isinstance(bases, str) else bases:
        found |= written_out(everything, base)
    if own:
        found |= everything[name]["entitlements"]
        found = {slug: grant for slug, grant in found.items() if grant is not None}
    return found


def flat(catalog: Catalog) -> Catalog:
    """The same catalog without `extends` and bundles."""
    everything = {**catalog["bundles"], **catalog["licenses"]}
    licenses = {
        slug: {
            **{key: value for key, value in fields.items() if key != "extends"},
            "entitlements": written_out(everything, slug),
        }
        for slug, fields in catalog["licenses"].items()
    }
    return {**{k: v for k, v in catalog.items() if k != "bundles"}, "licenses": licenses}


def declare(folder: Path, catalog: Catalog) -> DesiredState:
    (folder / "catalog.yaml").write_text(json.dumps(catalog, ensure_ascii=False), encoding="utf-8")
    desired, wrong = validate(CatalogSource(root=folder, catalog=["catalog.yaml"]))
    assert desired is not None, wrong
    return desired


def placeless(desired: DesiredState) -> DesiredState:
    here = SourceRef("catalog.yaml", 1, 1)
    resources: dict[Any, Resource] = {
        address: each.changed(source=here, sources={})
        for address, each in desired.resources.items()
    }
    return desired.changed(resources=resources)


def plan(desired: DesiredState) -> Plan:
    return make_plan(
        desired,
        FakeCatalog(),
        target=TargetRef("test", "http://127.0.0.1"),
        scope=Scope(),
        policy=Policy(),
        progress=NoProgress(),
    ).plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogs")


@settings(max_examples=80)
@given(catalog=extending_catalogs())
def test_flattening_gives_what_the_grants_written_out_give(folder: Path, catalog: Catalog) -> None:
    short, long = declare(folder, catalog), declare(folder, flat(catalog))
    assert placeless(short) == placeless(long)
    one, other = plan(placeless(short)), plan(placeless(long))
    assert one == other
    assert plan(short).desired_digest == plan(long).desired_digest
