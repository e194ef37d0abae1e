"""Any catalog as an overlay of any other: it is valid, and declares exactly what is live."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from tests.property.catalogs import catalogs

from kaiten_sync.declare.overlay_patch import overlay_bytes, overlay_text, patch_of
from kaiten_sync.diff.compare import diff_catalog
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


@settings(
    max_examples=50,
)
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
