"""A plan that is accepted is carried out: the server refuses nothing that its rules forbid.

Whatever catalogs follow one another on one server, also such as no person would write: each is
refused by `validate`, refused by its plan, or applied completely.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.support.embedded import EmbeddedServer
from tests.support.scenarios import EVERYTHING, TARGET

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.errors import DeclarationError
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import CatalogSource, apply_plan, load, make_plan

SLUGS = ("growth", "growth-v2", "growth-v3", "spring", "pro")


@st.composite
def licenses(draw: st.DrawFn, slug: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": slug, "type": "PAID"}
    optional = {
        "familySlug": st.sampled_from(["growth", "pro", slug]),
        "version": st.sampled_from(["1", "2", "3"]),
        "lifecycleState": st.sampled_from(["DRAFT", "PUBLISHED", "PUBLISHED", "ARCHIVED"]),
        "isDefault": st.booleans(),
    }
    fields |= draw(st.fixed_dictionaries({}, optional=optional))
    fields |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "entitlements": st.fixed_dictionaries(
                    {}, optional={"calls": st.sampled_from([1, 2, True]), "sso": st.just(True)}
                )
            },
        )
    )
    return fields


@st.composite
def catalogs(draw: st.DrawFn) -> dict[str, Any]:
    entitlements = {
        "calls": {"name": "Calls", "type": draw(st.sampled_from(["NUMBER", "NUMBER", "BOOLEAN"]))},
        "sso": {"name": "SSO", "type": "BOOLEAN"},
    }
    if draw(st.booleans()):
        entitlements["calls"]["resetPeriod"] = draw(st.sampled_from(["DAY", "MONTH"]))
    chosen = draw(st.lists(st.sampled_from(SLUGS), unique=True))
    return {
        "version": 1,
        "entitlements": {
            name: each for name, each in entitlements.items() if draw(st.integers(0, 4)) or chosen
        },
        "licenses": {slug: draw(licenses(slug)) for slug in chosen},
    }


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as running:
        yield running


def read(catalog: dict[str, Any]) -> DesiredState | None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "catalog.yaml").write_text(json.dumps(catalog))
        try:
            return load(CatalogSource(root=Path(folder), catalog=["catalog.yaml"]))
        except DeclarationError:
            return None


@settings(
    max_examples=60,
    derandomize=True,
)
@given(steps=st.lists(catalogs(), min_size=2, max_size=5))
def test_an_accepted_plan_is_never_refused_by_the_server(
    server: EmbeddedServer, steps: list[dict[str, Any]]
) -> None:
    with HttpCatalog(ConnectionSettings(url=server.url, token=server.new_organization())) as live:
        for step in steps:
            wanted = read(step)
            if wanted is None:
                event("invalid")
                continue
            made = make_plan(
                wanted,
                live,
                target=TARGET,
                scope=Scope(),
                policy=EVERYTHING,
                progress=NoProgress(),
            )
            if made.refusals:
                event("refused")
                continue
            result = apply_plan(
                made.plan, live, progress=NoProgress(), is_stopped=lambda: False, workers=4
            )
            failed = [(o.change_id, o.message) for o in result.outcomes if o.message]
            assert failed == []
            event("applied")
