"""Adopting any drifted grants of any catalog with shared texts: for their licenses alone.

Texts are shared by merge keys, anchors, aliases, `extends` and bundles, in lines or in braces.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import FakeCatalog, live
from tests.unit.jobs.test_adopt_shared import workplace

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.disk import Disk
from kaiten_sync.errors import RefusedError
from kaiten_sync.git import GitHistory
from kaiten_sync.jobs.adopting import AdoptRequest, adopt
from kaiten_sync.jobs.drifting import DriftRequest
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.ports import NoProgress, Ports
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import CatalogSource, load, read_catalog

SLUGS = ("calls", "logs", "seats", "space")
HEAD = "version: 1\nentitlements:\n" + "".join(
    f"  {slug}: {{name: {slug}, type: NUMBER, unitSingular: byte, unitPlural: bytes}}\n"
    for slug in SLUGS
)


@dataclass
class Written:
    """A catalog under construction: its lines, and what later licenses can share."""

    lines: list[str]
    anchors: list[str]
    anchored_values: list[str]
    bases: list[str]


@st.composite
def values(draw: st.DrawFn, written: Written) -> str:
    """A grant's value: a number, a map, or one that has or takes an anchor."""
    number = draw(st.sampled_from(["10", "2k", "1_000", "unlimited", "10GB", "3 GiB"]))
    style = draw(st.sampled_from(["plain", "plain", "map", "anchor", "alias"]))
    if style == "alias" and written.anchored_values:
        return f"*{draw(st.sampled_from(written.anchored_values))}"
    if style == "anchor":
        name = f"v{len(written.anchored_values)}"
        written.anchored_values.append(name)
        return f"&{name} {number}"
    return f"{{value: {number}}}" if style == "map" else number


def _yes(draw: st.DrawFn) -> bool:
    return draw(st.booleans())


@st.composite
def lists(draw: st.DrawFn, written: Written, *, may_be_short: bool) -> list[str]:
    """The lines of an `entitlements` key, at no depth."""
    if written.anchors and draw(st.integers(0, 4)) == 0:
        return [f"entitlements: *{draw(st.sampled_from(written.anchors))}"]
    slugs = draw(st.lists(st.sampled_from(SLUGS), unique=True, min_size=0 if may_be_short else 1))
    pairs = [(slug, draw(values(written))) for slug in slugs]
    if written.anchors and _yes(draw):
        pairs.insert(0, ("<<", f"*{draw(st.sampled_from(written.anchors))}"))
    anchor = ""
    if pairs and _yes(draw):
        name = f"l{len(written.lines)}"
        anchor = f" &{name}"
        written.anchors.append(name)
    texts = [f"{key}: {value}" for key, value in pairs]
    if not texts or _yes(draw):
        return [f"entitlements:{anchor} {{{', '.join(texts)}}}"]
    comments = [f"  # {n}" if _yes(draw) else "" for n in range(len(texts))]
    inner = [f"  {text}{comment}" for text, comment in zip(texts, comments, strict=True)]
    return [f"entitlements:{anchor}", *inner]


@st.composite
def shared_catalogs(draw: st.DrawFn) -> str:
    written = Written(lines=[], anchors=[], anchored_values=[], bases=[])
    if draw(st.booleans()):
        body = draw(lists(written, may_be_short=False))
        written.lines += ["bundles:", "  basics:", *(f"    {line}" for line in body)]
        written.bases.append("basics")
    written.lines.append("licenses:")
    for slug in draw(st.sampled_from([["free"], ["free", "pro"], ["free", "pro", "team"]])):
        base = draw(st.sampled_from([None, *written.bases]))
        body = ["name: Plan", "type: PAID", *([f"extends: {base}"] if base else [])]
        if base is None or draw(st.booleans()):
            body += draw(lists(written, may_be_short=base is not None))
        written.lines += [f"  {slug}:", *(f"    {line}" for line in body)]
        written.bases.append(slug)
    return HEAD + "\n".join(written.lines) + "\n"


def grants_of(source: CatalogSource) -> dict[str, object]:
    return {str(a): each.fields for a, each in load(source).resources.items() if a.parent}


@settings(max_examples=60)
@given(text=shared_catalogs(), data=st.data())
def test_any_drifted_grants_are_adopted_for_their_licenses_alone(
    tmp_path: Path, text: str, data: st.DataObject
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    source = CatalogSource(root=tmp_path, catalog=["c.yaml"])
    declared = load(source).resources
    objects = {str(a): live(str(a), **each.fields) for a, each in declared.items()}
    names = [name for name in objects if "/grant/" in name]
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    factor = data.draw(st.sampled_from([1, 10**9, 2**30, 0.5]))
    for number, name in enumerate(chosen):
        objects[name] = objects[name].changed(fields={"value": (100 + number) * factor})
    catalog = FakeCatalog(*objects.values())
    only = frozenset(map(parse_address, chosen))
    before = grants_of(source)
    obstacles: tuple[Diagnostic, ...] = ()
    try:
        obstacles = adopt(
            workplace(tmp_path, catalog),
            AdoptRequest(drift=DriftRequest(files=("c.yaml",), plan="none", only=only)),
            cast(Ports, SimpleNamespace(files=Disk(), history=GitHistory(), progress=NoProgress())),
        ).obstacles
    except RefusedError as error:
        obstacles = error.diagnostics
    after = path.read_text(encoding="utf-8")
    # What would go to others with an anchor, and cannot be taken away from them, stays behind.
    assert not obstacles or "&" in text
    found = read_catalog(catalog, scope=Scope(), progress=NoProgress())
    left = {str(each.address) for each in diff_catalog(load(source), found, Scope()).differences}
    assert left == {each.address for each in obstacles}, after
    adopted = {name for name, each in grants_of(source).items() if each != before.get(name)}
    assert adopted <= {*chosen}, after
    if not chosen:
        assert after == text
    kept = after.splitlines()
    for line in text.splitlines():
        # what says nothing of a grant, and shares nothing, is not touched
        is_own = not any(word in line for word in (*SLUGS, "*", "&", "entitlements", "extends"))
        assert not is_own or line in kept
        assert line.partition("  #")[2] in after


@settings(max_examples=60)
@given(text=shared_catalogs(), data=st.data())
def test_grants_that_come_and_go_change_no_other_license(
    tmp_path: Path, text: str, data: st.DataObject
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    source = CatalogSource(root=tmp_path, catalog=["c.yaml"])
    declared = {str(a): each for a, each in load(source).resources.items()}
    objects = {name: live(name, **each.fields) for name, each in declared.items()}
    licenses = [name for name in objects if name.startswith("license/") and "grant" not in name]
    places = [f"{name}/grant/{slug}" for name in licenses for slug in SLUGS]
    chosen = data.draw(st.lists(st.sampled_from(places), unique=True, min_size=1, max_size=3))
    for name in chosen:
        if objects.pop(name, None) is None:
            objects[name] = live(name, value=77)
    catalog = FakeCatalog(*objects.values())
    only = frozenset(map(parse_address, chosen))
    before = grants_of(source)
    obstacles: tuple[Diagnostic, ...] = ()
    try:
        obstacles = adopt(
            workplace(tmp_path, catalog),
            AdoptRequest(drift=DriftRequest(files=("c.yaml",), plan="none", only=only)),
            cast(Ports, SimpleNamespace(files=Disk(), history=GitHistory(), progress=NoProgress())),
        ).obstacles
    except RefusedError as error:
        obstacles = error.diagnostics
    after, written = grants_of(source), path.read_text(encoding="utf-8")
    found = read_catalog(catalog, scope=Scope(), progress=NoProgress())
    left = {str(each.address) for each in diff_catalog(load(source), found, Scope()).differences}
    assert left == {each.address for each in obstacles}, written
    assert not obstacles, (obstacles, written)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed <= {*chosen}, written
