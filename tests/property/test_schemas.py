"""The schemas that editors use accept and refuse what validation accepts and refuses.

Both are made from the same tables and types, but on different ways: an editor reads a committed
file, validation builds its schema again and adds rules. Good files are changed at random places.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.unit.validate.test_bad_fixtures import SCHEMA_RULES

from kaiten_sync.declare import merge_documents, read_documents
from kaiten_sync.declare.content import split_lines
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.kinds.schema import catalog_schema
from kaiten_sync.validate import check, check_project, load_schema
from kaiten_sync.validate.schema_diagnostics import is_surely_valid
from kaiten_sync.validate.schema_files import flat_schema

GOOD = Path(__file__).parents[1] / "fixtures" / "good"
FILES = {"catalog": "everything.yaml", "project": "kaiten-sync.yaml"}
BEYOND_SCHEMA = {"bad-target-name", "template"}
"""Rules of the project file that no schema expresses."""

Path_ = tuple[str | int, ...]
ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 101, 0.5, 2**31, 2**53, "", " ", "a", "ab", "x" * 600),
    *("A b", "lucide:key", "unlimited", "30%", "031%", "101%", "http://x", "NUMBER", "MONTH"),
    *([], ["a"], ["ab", "ab"], [1], {}, {"a": 1}, {"value": 1}, {"value": "unlimited"}),
    *({"type": "number", "value": 5}, {"env": "TOKEN"}, {"file": "t"}, {"value": [1]}),
]
KEYS = ["extra", "Bad Key", "ab", "name", "value", "overagePercent", "description", "x-note"]


def good(name: str) -> Any:
    """The content of the good file of a kind."""
    (document,), found = read_documents([FILES[name]], root=GOOD)
    assert found == ()
    return document.root.plain()


CONTENT = {name: good(name) for name in FILES}


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every place in a document below its top."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


@st.composite
def mutated(draw: st.DrawFn, name: str) -> Any:
    """A good document with one to three changes: a value, a key more, a key less."""
    document = deepcopy(CONTENT[name])
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(document)) or [("version",)]))
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        match draw(st.sampled_from(["value", "more", "less"])):
            case "value":
                holder[path[-1]] = deepcopy(draw(st.sampled_from(ODD)))
            case "more" if isinstance(holder, dict):
                holder[draw(st.sampled_from(KEYS))] = deepcopy(draw(st.sampled_from(ODD)))
            case "less" if path[-1] != "version":
                del holder[path[-1]]
    return document


def refusals(name: str, content: Any) -> set[str]:
    """The rules by which validation refuses a document."""
    text = json.dumps(content)
    document, found = parse_yaml("file.yaml", text, split_lines(text))
    if name == "project":
        return {each.rule for each in (*found, *check_project(document))}
    merged, more = merge_documents([document], ())
    return {each.rule for each in (*found, *more, *check(merged)) if each.severity == "error"}


def agree(name: str, content: Any) -> None:
    """What the schema refuses, validation refuses, and what it refuses by shape, the schema."""
    is_valid = Draft202012Validator(load_schema(name)).is_valid(content)
    rules = refusals(name, content)
    assert is_valid or rules, "an editor marks what `validate` accepts"
    if name == "project":
        assert not is_valid or rules <= BEYOND_SCHEMA
    else:
        assert not is_valid or not rules & SCHEMA_RULES


@pytest.mark.parametrize("name", FILES)
def test_the_good_files_are_accepted_by_both(name: str) -> None:
    assert refusals(name, CONTENT[name]) == set()
    agree(name, CONTENT[name])


@given(content=mutated("catalog"))
@example(content={**CONTENT["catalog"], "licenses": None})
@example(content={**CONTENT["catalog"], "version": True})
def test_the_catalog_schema_refuses_what_validation_refuses(content: Any) -> None:
    agree("catalog", content)


def test_the_compiled_validator_accepts_the_good_file() -> None:
    assert is_surely_valid(CONTENT["catalog"])


ODD_SLUGS = ["ab\n", "ab\r\n", "a\u0660b", "\ud800", "A\u0301b", "x" * 101, "-ab", "ab-"]


@given(content=mutated("catalog"))
@example(content={**CONTENT["catalog"], "licenses": {"ab": {"entitlements": {"ab": 10**400}}}})
@example(content={**CONTENT["catalog"], "licenses": {"ab": {"entitlements": {"ab": math.nan}}}})
@example(content={**CONTENT["catalog"], "licenses": {1: {"name": "A", "type": "PAID"}}})
def test_what_the_compiled_validator_accepts_jsonschema_accepts(content: Any) -> None:
    slow = Draft202012Validator(flat_schema(catalog_schema()))
    assert not is_surely_valid(content) or slow.is_valid(content)


@pytest.mark.parametrize("slug", ODD_SLUGS)
def test_the_compiled_validator_accepts_no_odd_slug(slug: str) -> None:
    license_ = {"name": "A", "type": "PAID"}
    assert not is_surely_valid({"version": 1, "licenses": {slug: license_}})
    grants = {**license_, "entitlements": {slug: 1}}
    assert not is_surely_valid({"version": 1, "licenses": {"ab": grants}})


@given(content=mutated("project"))
def test_the_project_schema_refuses_what_validation_refuses(content: Any) -> None:
    agree("project", content)
