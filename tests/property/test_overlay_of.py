"""Any catalog as an overlay of any other: it is valid, and declares exactly what is live."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.catalogs import catalogs

from kaiten_sync.declare.overlay_patch import overlay_bytes, overlay_text, patch_of
from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.jobs.overlaying import Overlay, kept_apart, prove
from kaiten_sync.jobs.worth import with_families
from kaiten_sync.kinds.registry import child_kinds, top_kinds
from kaiten_sync.kinds.values import with_defaults
from kaiten_sync.model.address import ChildList
from kaiten_sync.model.resource import Coverage, DesiredState, LiveResource, LiveState
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import CatalogSource, load


def live_of(desired: DesiredState) -> LiveState:
    """A server on which a declaration was applied."""
    found = {
        address: LiveResource(address=address, fields=with_defaults(address.kind, each.fields))
        for address, each in desired.resources.items()
    }
    lists = {ChildList(a, child.kind) for a in found for child in child_kinds(a.kind)}
    kinds = frozenset(spec.kind for spec in top_kinds())
    return LiveState(resources=found, coverage=Coverage(kinds=kinds, lists=frozenset(lists)))


@settings(max_examples=50)
@given(base=catalogs(), other=catalogs(), third=catalogs())
def test_the_overlay_of_any_catalog_declares_it(
    tmp_path: Path, base: dict[str, Any], other: dict[str, Any], third: dict[str, Any]
) -> None:
    (tmp_path / "base.yaml").write_text(json.dumps(base, ensure_ascii=False), encoding="utf-8")
    under = CatalogSource(root=tmp_path, catalog=["base.yaml"])
    whole = CatalogSource(root=tmp_path, catalog=["base.yaml"], overlays=["over.yaml"])
    text = b"version: 1\n"
    for catalog in (other, third):
        (tmp_path / "other.yaml").write_text(
            json.dumps(catalog, ensure_ascii=False), encoding="utf-8"
        )
        live = live_of(load(CatalogSource(root=tmp_path, catalog=["other.yaml"])))
        declared = load(under)
        patch = patch_of(
            diff_catalog(declared, live, Scope()).differences, declared, with_families(live)
        )
        text = overlay_text(patch).encode()
        (tmp_path / "over.yaml").write_bytes(text)
        assert diff_catalog(load(whole), live, Scope()).differences == ()
        for section, objects in patch.items():
            assert isinstance(objects, dict), section  # nothing that does not differ is written
    assert overlay_bytes("over.yaml", None, patch) == text


CHAIN = """version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER}
bundles:
  basics: {entitlements: {seats: 1, calls: {value: 1, overagePercent: 5}}}
licenses:
  free: {name: Free, type: PAID, extends: basics}
  pro: {name: Pro, type: PAID, extends: free}
  max: {name: Max, type: PAID, extends: [free, pro], entitlements: {calls: 2}}
"""
GRANTS = st.fixed_dictionaries(
    {}, optional={"seats": st.integers(1, 2), "calls": st.integers(1, 2)}
)


@settings(max_examples=60)
@given(granted=st.fixed_dictionaries({"free": GRANTS, "pro": GRANTS, "max": GRANTS}))
def test_licenses_that_inherit_keep_what_they_have_on_the_server(
    tmp_path: Path, granted: dict[str, dict[str, int]]
) -> None:
    (tmp_path / "base.yaml").write_text(CHAIN, encoding="utf-8")
    flat = load_text(tmp_path, CHAIN)
    licenses = {
        slug: {"name": slug.capitalize(), "type": "PAID", "entitlements": grants}
        for slug, grants in granted.items()
    }
    entitlements = {
        slug: {"name": slug.capitalize(), "type": "NUMBER"} for slug in ("seats", "calls")
    }
    live = live_of(
        load_text(
            tmp_path, json.dumps({"version": 1, "entitlements": entitlements, "licenses": licenses})
        )
    )
    differences = diff_catalog(flat, live, Scope()).differences
    patch = patch_of(differences, flat, with_families(live))
    under = CatalogSource(root=tmp_path, catalog=["base.yaml"])
    path = tmp_path / "over.yaml"
    overlay = Overlay(
        path=path,
        shown="over.yaml",
        under=under,
        whole=CatalogSource(root=tmp_path, catalog=["base.yaml"], overlays=["over.yaml"]),
        is_used=True,
    )
    text = kept_apart(overlay, patch, differences, flat, lambda patch: overlay_text(patch).encode())
    prove(overlay, {path: text}, live)


def load_text(folder: Path, text: str) -> DesiredState:
    (folder / "text.yaml").write_text(text, encoding="utf-8")
    return load(CatalogSource(root=folder, catalog=["text.yaml"]))
