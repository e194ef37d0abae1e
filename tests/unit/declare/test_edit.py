"""Single changes in a YAML text: nothing else moves."""

from __future__ import annotations

import pytest
import yaml

from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.errors import RefusedError
from kaiten_sync.model.value import Json

TEXT = """\
# Our catalog.
version: 1

licenses:
  growth:   # the one most take
    name: "Growth"
    description: |
      For teams.
      And for more.

    entitlements:
      api-calls: 1000       # agreed
      seats: {value: 25, overagePercent: 20}   # soft
      sso: true
      # nothing below
  pro: {name: Pro, type: PAID}
"""
LICENSES = TEXT.splitlines()[4:]
GROWTH = ["licenses", "growth"]
SEATS = [*GROWTH, "entitlements", "seats"]


def edited(text: str, path: list[str], value: Json) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    editor = TextEditor("c.yaml", text)
    editor.set(path, value)
    return moved(text, editor.text())


def moved(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


@pytest.mark.parametrize(
    ("path", "value", "gone", "came"),
    [
        (
            [*GROWTH, "entitlements", "api-calls"],
            2000,
            ["      api-calls: 1000       # agreed"],
            ["      api-calls: 2000       # agreed"],
        ),
        ([*GROWTH, "name"], "Gro: wth", ['    name: "Growth"'], ['    name: "Gro: wth"']),
        (
            [*SEATS, "overagePercent"],
            30,
            ["      seats: {value: 25, overagePercent: 20}   # soft"],
            ["      seats: {value: 25, overagePercent: 30}   # soft"],
        ),
        (
            ["licenses", "pro", "description"],
            "a\nb",
            ["  pro: {name: Pro, type: PAID}"],
            ['  pro: {name: Pro, type: PAID, description: "a\\nb"}'],
        ),
        ([*GROWTH, "versionName"], None, [], ["    versionName: null"]),
        (
            [*GROWTH, "description"],
            "Short",
            ["    description: |", "      For teams.", "      And for more."],
            ["    description: Short"],
        ),
        ([*GROWTH, "entitlements", "no"], False, [], ['      "no": false']),
    ],
)
def test_only_the_lines_of_a_value_change(
    path: list[str], value: Json, gone: list[str], came: list[str]
) -> None:
    assert edited(TEXT, path, value) == (gone, came)


@pytest.mark.parametrize(
    ("paths", "gone", "came"),
    [
        ([[*GROWTH, "entitlements", "sso"]], ["      sso: true"], []),
        (
            [["licenses", "pro", "type"]],
            ["  pro: {name: Pro, type: PAID}"],
            ["  pro: {name: Pro}"],
        ),
        (
            [["licenses", "pro", "name"]],
            ["  pro: {name: Pro, type: PAID}"],
            ["  pro: {type: PAID}"],
        ),
        (
            [["licenses", "pro", "name"], ["licenses", "pro", "type"]],
            ["  pro: {name: Pro, type: PAID}"],
            ["  pro: {}"],
        ),
        (
            [[*GROWTH, "entitlements", each] for each in ("api-calls", "seats", "sso")],
            [
                "      api-calls: 1000       # agreed",
                "      seats: {value: 25, overagePercent: 20}   # soft",
                "      sso: true",
            ],
            ["      {}"],
        ),
        ([["licenses", "growth"], ["licenses", "pro"]], [*filter(None, LICENSES)], ["  {}"]),
    ],
)
def test_entries_are_taken_out(paths: list[list[str]], gone: list[str], came: list[str]) -> None:
    editor = TextEditor("c.yaml", TEXT)
    for path in paths:
        editor.remove(path)
    assert moved(TEXT, editor.text()) == (gone, came)


def test_line_ends_stay_what_they_are() -> None:
    text = TEXT.replace("\n", "\r\n")
    editor = TextEditor("c.yaml", text)
    editor.set([*GROWTH, "type"], "PAID")
    editor.set([*GROWTH, "name"], "G")
    editor.remove([*GROWTH, "entitlements", "sso"])
    editor.append("groups", "  quotas:\n    name: Quotas\n")
    after = editor.text()
    assert after.count("\n") == after.count("\r\n")
    assert after.endswith("groups:\r\n  quotas:\r\n    name: Quotas\r\n")


@pytest.mark.parametrize("indent", [1, 2, 4])
def test_a_block_takes_the_indentation_of_its_section(indent: int) -> None:
    text = f"version: 1\ngroups:\n{' ' * indent}old: {{name: Old}}\n"
    editor = TextEditor("c.yaml", text)
    editor.append("groups", "  new:\n    name: New\n")
    assert editor.text() == f"{text}{' ' * indent}new:\n{' ' * (indent + 2)}name: New\n"


SHARED = """\
version: 1
licenses:
  one: &plan {name: One, type: PAID}
  two: *plan
  three:
    <<: *plan
    name: Three
"""


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (["licenses", "one", "name"], "other places share it (&plan)"),
        (["licenses", "two", "name", "more"], "what it belongs to is not in this file"),
        (["licenses", "four", "name"], "what it belongs to is not in this file"),
    ],
)
def test_what_others_share_is_not_changed(path: list[str], says: str) -> None:
    editor = TextEditor("c.yaml", SHARED)
    with pytest.raises(RefusedError) as refused:
        editor.set(path, "New")
    assert says in refused.value.message
    assert editor.text() == SHARED


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (["licenses", "two"], "  two: New\n"),
        (["licenses", "two", "name"], "  two: {<<: *plan, name: New}\n"),
    ],
)
def test_an_alias_becomes_a_value_of_its_own(path: list[str], written: str) -> None:
    editor = TextEditor("c.yaml", SHARED)
    editor.set(path, "New")
    assert editor.text() == SHARED.replace("  two: *plan\n", written)


def test_a_shared_text_changes_only_if_that_is_asked_for() -> None:
    editor = TextEditor("c.yaml", SHARED)
    editor.may_share = True
    editor.set(["licenses", "one", "name"], "New")
    assert editor.touches_shared
    assert editor.text() == SHARED.replace("{name: One,", "{name: New,")


def test_what_is_merged_in_is_overridden_for_one_object() -> None:
    editor = TextEditor("c.yaml", SHARED)
    editor.set(["licenses", "three", "type"], "TRIAL")
    assert editor.text() == SHARED + "    type: TRIAL\n"


ITEMS = """\
top:
  value:
    # the colors
    - red    # first
    - green  # second
    # the shape
    - {name: round, size: 1}  # third
  other: 1
"""
OLD: list[Json] = ["red", "green", {"name": "round", "size": 1}]


@pytest.mark.parametrize(
    ("new", "gone", "came"),
    [
        ([*OLD, "blue"], [], ["    - blue"]),
        (["blue", *OLD], [], ["    - blue"]),
        (["red", "blue", *OLD[1:]], [], ["    - blue"]),
        (OLD[:2], ["    - {name: round, size: 1}  # third"], []),
        (OLD[1:], ["    - red    # first"], []),
        (["red", OLD[2]], ["    - green  # second"], []),
        (
            ["pink", *OLD[1:], "blue"],
            ["    - red    # first"],
            ["    - pink    # first", "    - blue"],
        ),
    ],
)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_a_list_changes_item_by_item(
    new: list[Json], gone: list[str], came: list[str], line_break: str
) -> None:
    editor = TextEditor("c.yaml", ITEMS.replace("\n", line_break))
    editor.change(["top", "value"], OLD, new)
    text = editor.text()
    before, after = ITEMS.splitlines(), text.splitlines()
    assert [line for line in before if line not in after] == gone
    assert [line for line in after if line not in before] == came
    assert yaml.safe_load(text)["top"] == {"value": new, "other": 1}
    assert text.count("\n") == text.count(line_break)


BELOW = """\
top:
  -
    - 1    # one
    - 2
  # - a map
  - # with - a comment
    k: 1   # old
    l: 2
  - - 3    # three
    - 4
"""
BELOW_OLD: list[Json] = [[1, 2], {"k": 1, "l": 2}, [3, 4]]


@pytest.mark.parametrize(
    ("new", "gone", "came"),
    [
        ([[1, 5], {"k": 1, "l": 2}, [3, 4]], ["    - 2"], ["    - 5"]),
        ([[1, 2], {"l": 2}, [3, 4]], ["    k: 1   # old"], []),
        ([[1, 2], {"k": 1, "l": 2}, [3, 4, 5]], [], ["    - 5"]),
        ([[1, 2], "new", {"k": 1, "l": 2}, [3, 4]], [], ["  - new"]),
        ([[1, 2], [3, 4], 6], BELOW.splitlines()[5:8], ["  - 6"]),
        ([[1, 2], {"k": 1, "l": 2}, [4]], ["  - - 3    # three", "    - 4"], ["  - [4]"]),
    ],
)
def test_items_below_their_dash_keep_their_comments(
    new: list[Json], gone: list[str], came: list[str]
) -> None:
    editor = TextEditor("c.yaml", BELOW)
    editor.change(["top"], BELOW_OLD, new)
    assert yaml.safe_load(editor.text())["top"] == new
    assert moved(BELOW, editor.text()) == (gone, came)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("top: # none yet\n", "top: {a: 1, b: 2} # none yet\n"),
        ("top: ~ # none\n", "top: {a: 1, b: 2} # none\n"),
        ("in: {top: null, x: 1}\n", "in: {top: {a: 1, b: 2}, x: 1}\n"),
    ],
)
def test_an_empty_value_becomes_a_mapping(text: str, after: str) -> None:
    editor = TextEditor("c.yaml", text)
    path = ["in", "top"] if text.startswith("in") else ["top"]
    editor.set([*path, "a"], 1)
    editor.set([*path, "b"], 2)
    assert editor.text() == after


def test_the_comment_of_the_last_entry_goes_without_its_line_end() -> None:
    text = "top:\r\n  a: 1 # a\r\nend: 1\r\n"
    editor = TextEditor("c.yaml", text)
    editor.remove(["top", "a"])
    assert editor.text() == "top:\r\n  {}\r\nend: 1\r\n"


def test_tabs_before_comments_are_no_obstacle() -> None:
    text = "version:\t1\t# a\ttab\ntop: {a:\t1,\tb: 2\t}\t# end\n"
    assert edited(text, ["top", "a"], 3)[1] == ["top: {a:\t3,\tb: 2\t}\t# end"]


def test_objects_are_added_beside_long_keys() -> None:
    text = "entitlements:\n  ? seats\n  : {name: Seats}  # s\nend: 1\n"
    editor = TextEditor("c.yaml", text)
    editor.append("entitlements", "  extra:\n    name: Extra")
    after = editor.text()
    assert yaml.safe_load(after)["entitlements"] == {
        "seats": {"name": "Seats"},
        "extra": {"name": "Extra"},
    }
    assert "# s" in after
