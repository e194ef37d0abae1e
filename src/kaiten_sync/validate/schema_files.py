"""Finds the JSON Schemas: in the installed package, or in the checkout it is run from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from kaiten_sync.kinds.registry import top_kinds

_CHECKOUT = Path(__file__).resolve().parents[3] / "schemas"
"""The schemas of an editable install. Only a wheel has them inside the package."""


def schema_text(name: str) -> str:
    """The text of `NAME.schema.json`: catalog, project, or another that ships with it.

    Raises:
        FileNotFoundError: no schema has this name.
    """
    file = f"{name}.schema.json"
    packaged = resources.files("kaiten_sync") / "schemas" / file
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (_CHECKOUT / file).read_text(encoding="utf-8")


def schema_names() -> tuple[str, ...]:
    """The names of all schemas that ship with the program."""
    packaged = resources.files("kaiten_sync") / "schemas"
    folder = packaged if packaged.is_dir() else _CHECKOUT
    ending = ".schema.json"
    found = (each.name for each in folder.iterdir() if each.name.endswith(ending))
    return tuple(sorted(name.removesuffix(ending) for name in found))


@cache
def load_schema(name: str) -> Mapping[str, Any]:
    """A schema, parsed once. Not to be changed."""
    schema: Mapping[str, Any] = json.loads(schema_text(name))
    return schema


def project_schema() -> Mapping[str, Any]:
    """The schema of the project file, with a scope for every kind that has a table."""
    return with_scopes(load_schema("project"))


def with_scopes(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema of the project file, whose `scope` knows every section of the catalog."""
    scope = schema["$defs"]["scope"]
    known = scope["properties"]
    kept = next(iter(known.values()))
    properties = {
        spec.section: known.get(
            spec.section, {**kept, "description": f"Patterns of the {spec.section} that it owns."}
        )
        for spec in top_kinds()
    }
    definitions = {**schema["$defs"], "scope": {**scope, "properties": properties}}
    return {**schema, "$defs": definitions}


def flat_schema(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with its definitions put where they are used: it validates twice as fast.

    Only for schemas whose definitions do not use themselves.
    """
    flat: Mapping[str, Any] = _flat(schema, schema.get("$defs", {}))
    return flat


def _flat(part: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_flat(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    used = str(part.get("$ref", "")).removeprefix("#/$defs/")
    merged = {**definitions.get(used, {}), **part}
    flat = {k: _flat(v, definitions) for k, v in merged.items() if k not in ("$ref", "$defs")}
    # In JSON Schema `$` is the end of the text. To Python it is also the place before a line feed
    # at the end, so `\Z` takes its place.
    pattern = flat.get("pattern")
    if isinstance(pattern, str) and pattern.endswith("$"):
        flat["pattern"] = pattern[:-1] + r"\Z"
    return flat
