"""Any value into any place of a YAML file: it reads back, and nothing else changes."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kaiten_sync.declare.content import split_lines
from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.yaml_reader import parse_yaml

TEXT = """\
# comment 1
shared: &one {a: x}   # comment 2
block: old            # comment 3
single: 'old'         # comment 4
double: "old"         # comment 5
literal: |   # comment 6
  one
  two
folded: >
  one
  two
many: one
  two
  three
empty:
flow: {a: old, b: [old, two], c: {d: old}}   # comment 7
lines:
  # comment 8
  - {a: old, b: two}
  - old   # comment 9
  - a: old
    b: two
deep: {
  a: old,   # comment 10
  b: two
}
merged:
  <<: *one
  b: old    # comment 11
last: old"""

PLACES: list[list[str | int]] = [
    ["block"],
    ["single"],
    ["double"],
    ["literal"],
    ["folded"],
    ["many"],
    ["empty"],
    ["flow", "a"],
    ["flow", "b", 0],
    ["flow", "b"],
    ["flow", "c", "d"],
    ["flow", "c"],
    ["lines", 0, "a"],
    ["lines", 1],
    ["lines", 2, "a"],
    ["lines", 2, "b"],
    ["deep", "a"],
    ["deep", "b"],
    ["merged", "b"],
    ["last"],
    # new ones
    ["new"],
    ["flow", "new"],
    ["flow", "c", "new"],
    ["lines", 0, "new"],
    ["lines", 2, "new"],
    ["deep", "new"],
    ["merged", "new"],
    ["merged", "a"],
]
ODD = (
    st.sampled_from(
        ["a, b", "[x]", "{x}", "a: b", "x #y", "#", "- a", "? a", "*a", "&a", "!a", "%a", "@a"]
    )
    | st.sampled_from(["'", '"', "a'b", 'a"b', ",", "]", "}", "{}", "[]", ":", "a:", ": a", "`a`"])
    | st.sampled_from(["no", "~", "", " ", "<<", "1", "1.5", "0x1", "2024-01-01", "12:30", "="])
    | st.sampled_from(["---", "...", "|", ">", "a" * 200, " a", "a ", "a\nb", "a\n", "\na"])
    | st.sampled_from(["a\n\nb\n", "a \nb", "\t", "\u00a0", "\u2028", "\u202e", "\\", "é"])
)
TEXTS = ODD | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(-10, 10) | st.just(2.5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def read(text: str) -> Any:
    document, diagnostics = parse_yaml("c.yaml", text, split_lines(text))
    assert diagnostics == [], text
    return document.root.plain()


def put(data: Any, place: list[str | int], value: Any) -> Any:
    changed = deepcopy(data)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return changed


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@settings(max_examples=150)
@given(place=st.sampled_from(PLACES), value=VALUES)
@example(place=["flow", "a"], value="a, b")
@example(place=["flow", "b", 0], value="x] y")
@example(place=["flow", "new"], value={"a, {b}": "}"})
@example(place=["literal"], value="one\n2\n")
def test_any_value_reads_back_from_any_place(
    line_break: str, place: list[str | int], value: Any
) -> None:
    text = TEXT.replace("\n", line_break)
    editor = TextEditor("c.yaml", text)
    editor.set(place, value)
    after = editor.text()
    assert read(after) == put(read(text), place, value)
    assert re.findall("# comment [0-9]+", after) == re.findall("# comment [0-9]+", text)
    assert "\n" not in after.replace(line_break, "")
    if "\r" not in line_break:
        gone = [line for line in text.split("\n") if line not in after.split("\n")]
        is_block = place in (["literal"], ["folded"], ["many"])
        assert len(gone) <= (3 if is_block else 1)


@settings(max_examples=150)
@given(key=TEXTS.filter(lambda key: key != "<<"), place=st.sampled_from([["flow"], ["deep"], []]))
def test_any_key_reads_back(key: str, place: list[str | int]) -> None:
    data = read(TEXT)
    inner = data
    for step in place:
        inner = inner[step]
    editor = TextEditor("c.yaml", TEXT)
    editor.set([*place, key], "v")
    assert read(editor.text()) == put(data, [*place, key], "v")


MAPS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)
LISTS = st.lists(
    st.sampled_from("xyz") | VALUES | MAPS | st.dictionaries(st.sampled_from("ab"), MAPS),
    max_size=4,
)
NESTED = st.dictionaries(st.sampled_from("abcd"), MAPS | VALUES | LISTS, max_size=4)


@settings(max_examples=300)
@given(before=NESTED, after=NESTED, is_flow=st.booleans(), indent=st.sampled_from([2, 4]))
def test_a_value_changes_key_by_key_into_any_other(
    before: dict[str, Any], after: dict[str, Any], is_flow: bool, indent: int
) -> None:
    def start(value: Any) -> str:
        dumped: str = yaml.safe_dump(
            {"top": {"value": value}, "end": 1},
            default_flow_style=is_flow,
            indent=indent,
            width=10_000,
            sort_keys=False,
            allow_unicode=False,
        )
        return dumped

    text = start(before)
    _, diagnostics = parse_yaml("c.yaml", text, split_lines(text))
    if diagnostics:
        return  # PyYAML writes some texts in ways that are refused here
    editor = TextEditor("c.yaml", text)
    editor.change(["top", "value"], before, after)
    assert read(editor.text()) == {"top": {"value": after}, "end": 1}


def in_lines(items: list[str], layout: str) -> str:
    """A list, or a map, with a comment at each of its items."""
    key = ": 1" if "map" in layout else ""
    if layout.startswith("block"):
        dash = "" if key else "- "
        lines = "".join(f"\n    {dash}{item}{key}  # of {item}" for item in items)
        return f"top:\n  value:{lines}\n  end: 1\n"
    commas = ["," if item != items[-1] or "trailing" in layout else "" for item in items]
    both = zip(items, commas, strict=True)
    lines = "".join(f"\n      {item}{key}{comma}  # of {item}" for item, comma in both)
    if "beside" in layout:
        lines = lines.lstrip()
    opening, closing = "{}" if key else "[]"
    return f"top:\n  value: {opening}{lines}\n    {closing}\n  end: 1\n"


LAYOUTS = [
    *("block", "block map", "flow", "flow map", "flow trailing", "flow trailing map"),
    *("flow beside", "flow beside map", "flow beside trailing"),
]


@settings(max_examples=150, deadline=None)
@given(
    items=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True),
    data=st.data(),
    layout=st.sampled_from(LAYOUTS),
    line_break=st.sampled_from(["\n", "\r\n"]),
)
def test_what_stays_in_a_list_keeps_its_comment(
    items: list[str], data: st.DataObject, layout: str, line_break: str
) -> None:
    kept = [item for item in items if data.draw(st.booleans())]
    new = [*kept]
    for fresh in data.draw(st.lists(st.sampled_from("uvwxyz"), max_size=3, unique=True)):
        new.insert(data.draw(st.integers(0, len(new))), fresh)
    text = in_lines(items, layout).replace("\n", line_break)
    old_value = read(text)["top"]["value"]
    value = dict.fromkeys(new, 1) if isinstance(old_value, dict) else new
    editor = TextEditor("c.yaml", text)
    editor.change(["top", "value"], old_value, value)
    after = editor.text()
    assert read(after)["top"] == {"value": value, "end": 1}
    assert "\n" not in after.replace(line_break, "")
    for item in kept:
        assert re.search(rf"\b{item}\b[^#\n]*# of {item}\b", after), after
