"""Adopting from any layout: every comment stays, and no line changes that need not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import live
from tests.support.values import live_state

from kaiten_sync.declare.adopt import Adopter
from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.model.resource import DesiredState, LiveResource
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import CatalogSource, load

NAMES = ["Growth", "For teams", "yes", "1.5", "a: b", "it's", 'say "x"', "#no comment", "Größe"]
VALUES = [0, 5, 1000, "unlimited", 2.5]


class Layout:
    """Writes a catalog as somebody with a style of their own would."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._step = draw(st.sampled_from([1, 2, 3, 4]))
        self._break = draw(st.sampled_from(["\n", "\r\n"]))
        self._comments = 0
        self.lines: list[str] = []

    def line(self, depth: int, text: str) -> None:
        if self._draw(st.integers(0, 4)) == 0:
            self.lines.append(f"{' ' * self._draw(st.integers(0, 6))}{self._comment()}")
        if self._draw(st.integers(0, 6)) == 0:
            self.lines.append("")
        ending = f"  {self._comment()}" if self._draw(st.integers(0, 2)) == 0 else ""
        self.lines.append(f"{' ' * (self._step * depth)}{text}{ending}")

    def text(self) -> str:
        return "".join(f"{line}{self._break}" for line in self.lines)

    def scalar(self, value: Any) -> str:
        if not isinstance(value, str) or value == "unlimited":
            return str(value)
        quotes = self._draw(st.sampled_from(["'", '"']))
        if quotes == "'":
            return "'" + value.replace("'", "''") + "'"
        return '"' + value.replace('"', '\\"') + '"'

    def entry(self, depth: int, key: str, fields: dict[str, Any]) -> None:
        """An object, in braces or with a line for each field."""
        if self._draw(st.booleans()):
            inside = ", ".join(f"{name}: {self.scalar(value)}" for name, value in fields.items())
            self.line(depth, f"{key}: {{{inside}}}")
            return
        self.line(depth, f"{key}:")
        for name, value in fields.items():
            self.line(depth + 1, f"{name}: {self.scalar(value)}")

    def _comment(self) -> str:
        self._comments += 1
        return f"# comment {self._comments}"


@st.composite
def catalogs(draw: st.DrawFn) -> str:
    layout = Layout(draw)
    layout.line(0, "version: 1")
    layout.line(0, "entitlements:")
    for slug in ("calls", "seats"):
        layout.entry(1, slug, {"name": draw(st.sampled_from(NAMES)), "type": "NUMBER"})
    layout.line(0, "licenses:")
    for slug in draw(st.sampled_from([["growth"], ["growth", "pro"], ["pro", "growth", "one"]])):
        layout.line(1, f"{slug}:")
        layout.line(2, f"name: {layout.scalar(draw(st.sampled_from(NAMES)))}")
        layout.line(2, "type: PAID")
        layout.line(2, "entitlements:")
        for granted in ("calls", "seats"):
            value = draw(st.sampled_from(VALUES))
            if draw(st.booleans()):
                layout.line(3, f"{granted}: {value}")
            else:
                layout.entry(3, granted, {"value": value})
    return layout.text()


@st.composite
def edited(draw: st.DrawFn, wanted: DesiredState) -> list[LiveResource]:
    """What the server has: as declared, but for what somebody edited."""
    found = []
    for address, resource in wanted.resources.items():
        fields: dict[str, Any] = dict(resource.fields)
        if draw(st.booleans()):
            if "name" in fields:
                fields["name"] = draw(st.sampled_from(NAMES))
            else:
                fields["value"] = draw(st.sampled_from(VALUES))
        found.append(live(str(address), **fields))
    return found


def comments(text: str) -> list[str]:
    return re.findall(r"# comment \d+", text)


@settings(max_examples=150)
@given(text=catalogs(), data=st.data())
def test_comments_stay_and_other_lines_do_not_change(
    tmp_path: Path, text: str, data: st.DataObject
) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_bytes(text.encode())
    source = CatalogSource(root=tmp_path, catalog=["catalog.yaml"])
    wanted = load(source)
    found = live_state(*data.draw(edited(wanted)))
    differences = diff_catalog(wanted, found, Scope()).differences
    adopter = Adopter(["catalog.yaml"], tmp_path)
    for difference in differences:
        adopter.adopt(difference, {}, "catalog.yaml")
    changes = adopter.changes()
    assert bool(changes) == bool(differences)
    after = changes[0].after.decode() if changes else text
    path.write_bytes(after.encode())

    assert diff_catalog(load(source), found, Scope()).differences == ()
    assert comments(after) == comments(text)
    before_lines, after_lines = text.split("\n"), after.split("\n")
    assert len(before_lines) == len(after_lines)
    moved = [n for n, line in enumerate(before_lines) if line != after_lines[n]]
    declared_at = {
        field.source.line - 1 for d in differences for field in d.fields if field.source is not None
    } | {d.source.line - 1 for d in differences if d.source is not None and d.address.parent}
    assert set(moved) <= declared_at
    assert len(moved) <= sum(len(d.fields) for d in differences)
