"""Runs a JSON Schema over a merged catalog or a project file and reports in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from kaiten_sync.kinds.meant import comma_hint
from kaiten_sync.kinds.registry import all_kinds, child_kinds, top_kinds
from kaiten_sync.kinds.schema import catalog_schema
from kaiten_sync.kinds.spec import BUNDLE
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, Entry, MergedCatalog
from kaiten_sync.validate.schema_files import flat_schema, project_schema
from kaiten_sync.validate.schema_words import (
    describe_null,
    describe_unknown,
    describe_value,
    known_fields,
)

if TYPE_CHECKING:
    import jsonschema_rs
    from jsonschema.exceptions import ValidationError

_Path = tuple[str | int, ...]
_Tree = MergedCatalog | Document
_CHECKED_BY_RULES = frozenset({"required", "minItems", "minProperties", "maxProperties", "oneOf"})


def schema_diagnostics(merged: MergedCatalog) -> Iterator[Diagnostic]:
    """Everything in which the catalog differs from its schema."""
    value = merged.root.plain()
    plain = value if isinstance(value, dict) else {}
    catalog = {**plain, "version": 1}  # checked file by file before
    if is_surely_valid(catalog):
        return
    from jsonschema import Draft202012Validator  # here, so that a valid catalog is read fast

    schema = flat_schema(catalog_schema())
    for error in Draft202012Validator(schema).iter_errors(catalog):
        yield from _diagnostics(error, merged)


def is_surely_valid(catalog: Mapping[str, Any]) -> bool:
    """Whether the compiled validator finds nothing wrong: far faster than jsonschema.

    It cannot take every value that YAML can hold, such as half a surrogate pair. False says only
    that jsonschema has to look, and to say what is wrong.
    """
    try:
        return _compiled().is_valid(catalog)
    except ValueError:
        return False


@cache
def _compiled() -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # here, so that other commands start fast

    # As text: it takes no subclasses of str as keys.
    return jsonschema_rs.Draft202012Validator(json.dumps(catalog_schema()))


def project_schema_diagnostics(document: Document) -> Iterator[Diagnostic]:
    """Everything in which a project file differs from its schema, but for what rules check."""
    from jsonschema import Draft202012Validator  # here, so that other commands start fast

    schema = flat_schema(project_schema())
    for error in Draft202012Validator(schema).iter_errors(document.root.plain()):
        if error.validator not in _CHECKED_BY_RULES:
            yield from _diagnostics(error, document)


def _diagnostics(error: ValidationError, tree: _Tree) -> Iterator[Diagnostic]:
    path: _Path = tuple(error.absolute_path)
    instance: Any = error.instance
    # About the key itself, so its place is that of the key and not of what it has.
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, str(instance))
        found = describe_value(error, path)
        entry = _entry(path, tree)
        # In braces, 10,000 is an entry and one more, with a key that nobody wrote as one.
        if entry is not None and entry.node.value is None and (meant := comma_hint(str(instance))):
            found = found.changed(hint=meant)
        yield from _at_key(path, found, tree)
    elif error.validator == "additionalProperties":
        # jsonschema reports all unknown keys of an object at once. Each has a line of its own.
        for key in sorted(instance.keys() - known_fields(error)):
            yield from _at_key((*path, key), describe_unknown(key, error), tree)
    elif instance is None and isinstance(tree, MergedCatalog) and isinstance(path[-1], str):
        entry = _entry(path, tree)
        line = tree.line_text(entry.key_ref) if entry is not None else None
        yield from _at_key(path, describe_null(path, line or ""), tree)
    else:
        entry = _entry(path, tree)
        if entry is not None:
            yield _placed(path, describe_value(error, path), entry, is_key=False)


def _at_key(path: _Path, found: Diagnostic, tree: _Tree) -> Iterator[Diagnostic]:
    entry = _entry(path, tree)
    if entry is not None and not (entry.node.value is None and entry.node.ref in tree.broken):
        yield _placed(path, found, entry, is_key=True)


def _placed(path: _Path, found: Diagnostic, entry: Entry, *, is_key: bool) -> Diagnostic:
    ref = entry.key_ref if is_key else entry.node.ref
    address: Address | None = None
    for section, slug in zip(path[::2], path[1::2], strict=False):
        kind = _kind_in(str(section), address)
        # Below an object's own fields the path goes on, and there are no more objects.
        if kind is None:
            break
        address = Address(kind, str(slug), address)
    return found.changed(ref=ref, address=None if address is None else str(address))


def _kind_in(section: str, parent: Address | None) -> Kind | None:
    """The kind of what a section holds."""
    if parent is None and any(each.bundles == section for each in all_kinds()):
        return BUNDLE
    if parent is None:
        kinds = top_kinds()
    elif parent.kind == BUNDLE:
        kinds = tuple(each for each in all_kinds() if each.bundles)
    else:
        kinds = child_kinds(parent.kind)
    return next((each.kind for each in kinds if each.section == section), None)


def _entry(path: _Path, tree: _Tree) -> Entry | None:
    if not path:
        return Entry(tree.root.ref, tree.root)
    met = list(tree.root.walk(path))
    return met[-1] if len(met) == len(path) else None
