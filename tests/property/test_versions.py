"""Families of versions in any state: applied to an empty server, to themselves, to one another.

On the real server. Whatever fails on the way, a family never has fewer published versions, and
never loses its default, beyond what both catalogs have, and serves what one of the two does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.embedded import EmbeddedServer
from tests.support.faulty import Faulty, look_at
from tests.support.scenarios import EVERYTHING, TARGET, apply, plan_for
from tests.support.values import declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.jobs.exporting import catalog_files
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveState, Resource
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import CatalogSource, PlanInputs, load
from kaiten_sync.verify import verify_plan

MOST_VERSIONS = 12
"""Enough versions that their numbers have two digits."""

STATES = ["DRAFT", "PUBLISHED", "ARCHIVED"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version as a catalog declares it; the first one opens the family."""

    state: str
    is_default: bool


Catalog = Mapping[str, Sequence[Version]]
"""The versions of each family, oldest first."""


@st.composite
def families(draw: st.DrawFn) -> list[Version]:
    states = draw(st.lists(st.sampled_from(STATES), min_size=1, max_size=MOST_VERSIONS))
    published = [place for place, state in enumerate(states) if state == "PUBLISHED"]
    default = draw(st.none() | st.sampled_from(published)) if published else None
    return [Version(state, place == default) for place, state in enumerate(states)]


catalogs = st.fixed_dictionaries({"growth": families()}, optional={"pro": families()})


def slug(family: str, number: int) -> str:
    """A slug whose order among its siblings is not that of their numbers."""
    return family if number == 1 else f"{family}-v{number * 5 % 13}"


def resources(catalog: Catalog, *, is_numbered: bool = False) -> Iterator[Resource]:
    """The declared objects; if versions declare their numbers, the newest comes first."""
    yield declared("entitlement/calls", name="Calls", type="NUMBER")
    for family, versions in catalog.items():
        in_order = list(enumerate(versions, start=1))
        for number, version in reversed(in_order) if is_numbered else in_order:
            address = f"license/{slug(family, number)}"
            fields: dict[str, Any] = {
                "name": family,
                "type": "PAID",
                "lifecycleState": version.state,
                "isDefault": version.is_default,
            }
            if number > 1:
                fields["familySlug"] = family
                fields |= {"version": str(number)} if is_numbered else {}
            yield declared(address, **fields)
            yield declared(f"{address}/grant/calls", value=number)


def wanted(catalog: Catalog, *, is_numbered: bool = False) -> Any:
    return desired(*resources(catalog, is_numbered=is_numbered))


def after_both(source: Catalog, target: Catalog) -> Catalog:
    """The target, with a state that the server has a way to: none leads back to a draft."""
    return {
        family: [
            _reachable(versions, place, source.get(family, ())) for place in range(len(versions))
        ]
        for family, versions in target.items()
    }


def _reachable(versions: Sequence[Version], place: int, before: Sequence[Version]) -> Version:
    version = versions[place]
    if version.state == "DRAFT" and place < len(before) and before[place].state != "DRAFT":
        return replace(version, state=before[place].state)
    return version


def served(live: LiveState) -> dict[str, str | None]:
    """The version that each family serves. Source: API facts, section 2.4."""
    offered: dict[str | None, list[tuple[bool, int, str]]] = {}
    slugs: dict[str | None, str] = {}
    for address, found in live.resources.items():
        if address.kind == "license":
            slugs.setdefault(found.family_id, address.slug.split("-v")[0])
            if found.fields["lifecycleState"] == "PUBLISHED":
                key = (found.fields["isDefault"] is True, int(str(found.fields["version"])))
                offered.setdefault(found.family_id, []).append((*key, address.slug))
    return {name: max(offered.get(each, [(False, 0, None)]))[2] for each, name in slugs.items()}


def expected(catalog: Catalog) -> dict[str, str | None]:
    best: dict[str, str | None] = {}
    for family, versions in catalog.items():
        offered = [
            (version.is_default, number)
            for number, version in enumerate(versions, start=1)
            if version.state == "PUBLISHED"
        ]
        best[family] = slug(family, max(offered)[1]) if offered else None
    return best


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as running:
        yield running


def connection(server: EmbeddedServer) -> ConnectionSettings:
    return ConnectionSettings(url=server.url, token=server.new_organization())


INPUTS = PlanInputs(target=TARGET, scope=Scope(), policy=EVERYTHING)

MANY = settings(
    max_examples=16,
    deadline=None,
    derandomize=True,
)


@MANY
@given(source=catalogs, target=catalogs, is_numbered=st.booleans())
def test_every_family_serves_what_its_catalog_serves(
    server: EmbeddedServer, source: Catalog, target: Catalog, is_numbered: bool
) -> None:
    catalog = HttpCatalog(connection(server))
    try:
        target = after_both(source, target)
        for each in (source, source, target):
            declaration = wanted(each, is_numbered=is_numbered)
            result = apply(plan_for(declaration, catalog, TARGET), catalog, workers=4)
            assert result.is_complete
            assert served(look_at(catalog)) == expected(each)
            assert plan_for(declaration, catalog, TARGET).is_empty
    finally:
        catalog._client.close()


@settings(MANY, max_examples=10)
@given(source=catalogs)
def test_an_export_serves_the_same_on_an_empty_server(
    server: EmbeddedServer, source: Catalog
) -> None:
    catalog, empty = HttpCatalog(connection(server)), HttpCatalog(connection(server))
    try:
        assert apply(plan_for(wanted(source), catalog), catalog, workers=4).is_complete
        with tempfile.TemporaryDirectory() as folder:
            for name, text in catalog_files(look_at(catalog), Scope()).items():
                (Path(folder) / name).parent.mkdir(exist_ok=True)
                (Path(folder) / name).write_text(text, encoding="utf-8")
            exported = load(CatalogSource(root=Path(folder), catalog=["."]))
        assert plan_for(exported, catalog).is_empty
        assert apply(plan_for(exported, empty), empty, workers=4).is_complete
        assert served(look_at(empty)) == expected(source)
    finally:
        catalog._client.close()
        empty._client.close()


def offers(live: LiveState) -> dict[str, tuple[int, int]]:
    """How many published and how many default versions each family has."""
    counts: dict[str, tuple[int, int]] = {}
    for address, found in live.resources.items():
        if address.kind == "license":
            family = address.slug.split("-v")[0]
            published, default = counts.get(family, (0, 0))
            is_published = found.fields["lifecycleState"] == "PUBLISHED"
            counts[family] = (
                published + is_published,
                default + (found.fields["isDefault"] is True),
            )
    return counts


def numbered(catalog: Catalog, state: str) -> Iterator[tuple[str, int]]:
    """The versions in one state, as families and numbers."""
    for family, versions in catalog.items():
        for number, version in enumerate(versions, start=1):
            if version.state == state:
                yield family, number


@MANY
@given(source=catalogs, target=catalogs, data=st.data())
def test_nothing_is_withdrawn_before_its_successor_is_in_place(
    server: EmbeddedServer, source: Catalog, target: Catalog, data: st.DataObject
) -> None:
    target = after_both(source, target)
    settings = connection(server)
    catalog, faulty = HttpCatalog(settings), Faulty(settings)
    try:
        assert apply(plan_for(wanted(source), catalog), catalog, workers=4).is_complete
        # Nothing is archived that was not published, and a moment long it may be served.
        passing = {slug(*each) for each in numbered(target, "ARCHIVED")}
        passing -= {slug(*each) for each in numbered(source, "PUBLISHED")}
        before, served_before = offers(look_at(catalog)), served(look_at(catalog))
        plan = plan_for(wanted(target), catalog)
        steps = st.sampled_from([c.id for c in plan.changes])
        if plan.changes:
            faulty.refused = data.draw(st.sets(steps, min_size=1, max_size=3))
            faulty.lost = data.draw(st.sets(steps, max_size=3))
        apply(plan, faulty, workers=1)
        seen = list(faulty.seen)
        verify_plan(plan, wanted(target), catalog, INPUTS, progress=NoProgress())
        assert apply(plan, catalog, workers=4).is_complete
        after, served_after = offers(look_at(catalog)), served(look_at(catalog))
        for state in seen:
            now = offers(state)
            for family in before.keys() & after.keys():
                assert now[family][0] >= min(before[family][0], after[family][0])
                assert now[family][1] >= min(before[family][1], after[family][1])
            for family, version in served(state).items():
                expected_ones = (served_before.get(family), served_after.get(family))
                assert version in expected_ones or version in passing
    finally:
        catalog._client.close()
        faulty._client.close()


def test_a_family_that_is_half_deleted_can_still_be_deleted(server: EmbeddedServer) -> None:
    """Without its first version, the server does not say which family the others are of."""
    settings = connection(server)
    catalog, faulty = HttpCatalog(settings), Faulty(settings)
    try:
        pro = {"pro": [Version("DRAFT", is_default=False)] * 2}
        assert apply(plan_for(wanted(pro), catalog), catalog).is_complete
        plan = plan_for(wanted({}), catalog)
        faulty.refused = {f"delete:license/{slug('pro', 2)}/grant/calls"}
        assert not apply(plan, faulty, workers=1).is_complete
        verify_plan(plan, wanted({}), catalog, INPUTS, progress=NoProgress())
        assert apply(plan, catalog).is_complete
    finally:
        catalog._client.close()
        faulty._client.close()


@pytest.mark.parametrize("remains", ["", "/grant/calls"])
def test_a_default_that_is_replaced_and_not_deleted_yet_can_still_be(
    server: EmbeddedServer, remains: str
) -> None:
    """The server takes the flag from it when its successor gets it."""
    settings = connection(server)
    catalog, faulty = HttpCatalog(settings), Faulty(settings)
    source = {"pro": [Version("DRAFT", is_default=False), Version("PUBLISHED", is_default=True)]}
    target = wanted({"pro": [Version("PUBLISHED", is_default=True)]})
    try:
        assert apply(plan_for(wanted(source), catalog), catalog).is_complete
        plan = plan_for(target, catalog)
        faulty.refused = {f"delete:license/{slug('pro', 2)}{remains}"}
        assert not apply(plan, faulty, workers=1).is_complete
        verify_plan(plan, target, catalog, INPUTS, progress=NoProgress())
        assert apply(plan, catalog).is_complete
        assert plan_for(target, catalog).is_empty
    finally:
        catalog._client.close()
        faulty._client.close()
