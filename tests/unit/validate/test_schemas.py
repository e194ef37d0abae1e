"""The schemas: what editors show, and that they agree with the tables of kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.docs.reference import schema_of_tables
from tests.docs.schemas import TITLES

from kaiten_sync.declare import read_documents
from kaiten_sync.kinds.registry import all_kinds
from kaiten_sync.kinds.spec import KindSpec
from kaiten_sync.model.value import ABSENT, Fields
from kaiten_sync.validate import load_schema, schema_text
from kaiten_sync.validate.schema_files import flat_schema

ROOT = Path(__file__).parents[3]
NAMES = ("catalog", "project")


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, list):
        for item in schema:
            yield from properties(item, path)
    if not isinstance(schema, dict):
        return
    for group in ("properties", "$defs"):
        for name, inner in schema.get(group, {}).items():
            yield f"{path}/{name}", inner
            yield from properties(inner, f"{path}/{name}")
    for keyword in ("additionalProperties", "items", "anyOf", "oneOf", "allOf"):
        yield from properties(schema.get(keyword), f"{path}/{keyword}")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_needs_no_network(name: str) -> None:
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].startswith("urn:")
    assert '"$ref": "http' not in schema_text(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_property_has_a_description_and_examples_that_fit(name: str) -> None:
    found = list(properties(load_schema(name)))
    assert len(found) > 15
    for path, schema in found:
        assert len(schema.get("description", "")) > 10, path
        assert schema.get("examples"), path


@pytest.mark.parametrize("name", ["catalog", *TITLES])
def test_examples_are_valid(name: str) -> None:
    for path, schema in properties(flat_schema(load_schema(name))):
        for example in schema.get("examples", ()):
            assert Draft202012Validator(schema).is_valid(example), (path, example)


def test_the_committed_catalog_schema_is_the_one_of_the_tables() -> None:
    assert schema_text("catalog") == schema_of_tables(), "run `make docs`"


PROBE: Fields = {"type": "NUMBER", "version": "1", "value": 1, "resetPeriod": "MONTH"}


@pytest.mark.parametrize("spec", all_kinds(), ids=lambda spec: spec.kind)
def test_null_is_allowed_if_a_field_can_be_cleared(spec: KindSpec) -> None:
    for field in spec.fields.values():
        assert field.takes_null == (field.default(PROBE) is not ABSENT), field.name


EXAMPLES = sorted(
    path
    for path in (ROOT / "examples" / "plans").rglob("*.yaml")
    if path.name != "customers.yaml"  # who holds what, of which git declares nothing
)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_example_fits_its_schema(path: Path) -> None:
    (document,), findings = read_documents([path.name], root=path.parent)
    assert findings == ()
    name = "project" if path.name == "kaiten-sync.yaml" else "catalog"
    errors = Draft202012Validator(load_schema(name)).iter_errors(document.root.plain())
    assert [error.message for error in errors] == []


@pytest.mark.parametrize(("name", "file"), [("catalog", "everything"), ("project", "kaiten-sync")])
def test_the_good_fixtures_fit(name: str, file: str) -> None:
    good = ROOT / "tests" / "fixtures" / "good"
    (document,), findings = read_documents([f"{file}.yaml"], root=good)
    assert findings == ()
    assert Draft202012Validator(load_schema(name)).is_valid(document.root.plain())


def test_a_schema_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        schema_text("nothing")
