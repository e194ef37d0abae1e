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
