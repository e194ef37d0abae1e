"""Writes the schemas that follow from the types of documents: `python -m tests.docs.schemas`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec.json import schema_components

from kaiten_sync.documents import JsonDocument, parts
from kaiten_sync.documents.apply import ApplyDocument
from kaiten_sync.documents.compare import ComparisonDocument
from kaiten_sync.documents.doctor import DoctorDocument
from kaiten_sync.documents.drift import DriftDocument, DriftsDocument
from kaiten_sync.documents.impact import ImpactDocument
from kaiten_sync.documents.migration import MigrationDocument
from kaiten_sync.documents.plan import PlanDocument
from kaiten_sync.documents.project import ProjectDocument
from kaiten_sync.documents.receipt import ReceiptDocument
from kaiten_sync.documents.rule_test import RuleTestDocument
from kaiten_sync.documents.table import TableDocument
from kaiten_sync.documents.validation import ValidationDocument
from kaiten_sync.validate.schema_files import with_scopes

FOLDER = Path("schemas")
TITLES: dict[str, tuple[type[JsonDocument], str]] = {
    "apply": (ApplyDocument, "kaiten-sync apply result"),
    "compare": (ComparisonDocument, "kaiten-sync comparison of two servers"),
    "doctor": (DoctorDocument, "kaiten-sync doctor"),
    "drift": (DriftDocument, "kaiten-sync drift report"),
    "drift-all": (DriftsDocument, "kaiten-sync drift reports of all targets"),
    "impact": (ImpactDocument, "kaiten-sync impact"),
    "migration": (MigrationDocument, "kaiten-sync migration"),
    "plan": (PlanDocument, "kaiten-sync plan"),
    "project": (ProjectDocument, "kaiten-sync project"),
    "receipt": (ReceiptDocument, "kaiten-sync apply receipt"),
    "rule-test": (RuleTestDocument, "kaiten-sync test of rules"),
    "table": (TableDocument, "kaiten-sync pricing table"),
    "validation": (ValidationDocument, "kaiten-sync validation"),
}
"""Each generated schema: the type of its document, and its title."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NAMED = (
    parts.ActionName,
    parts.AddressText,
    parts.Digest,
    parts.DoneName,
    parts.Fingerprint,
    parts.LimitValue,
    parts.SubjectText,
)
"""Types that are not classes and have a definition of their own; `name` in them is its name."""

_UNUSED = frozenset({"title", "default", "name"})
_COMPOUND = frozenset({"$ref", "enum", "const", "anyOf"})
_DRIFT_URN = "urn:kaiten-sync:schema:drift:1"

Schema = dict[str, Any]


def files() -> dict[Path, str]:
    """Every generated schema by its path."""
    return {
        FOLDER / f"{name}.schema.json": json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        for name in TITLES
        for made in [schema(name)]
    }


def schema(name: str) -> Schema:
    """The schema of one document."""
    kind, title = TITLES[name]
    writer = _Writer(kind)
    top = writer.definition(kind.__name__)
    del top["examples"]
    head = {"$schema": _DRAFT, "$id": f"urn:kaiten-sync:schema:{name}:1", "title": title}
    definitions = {key: writer.definitions[key] for key in sorted(writer.definitions)}
    made = {**head, **top, **({"$defs": definitions} if definitions else {})}
    return dict(with_scopes(made)) if name == "project" else made


class _Writer:
    """Turns msgspec's schema of one document into ours.

    Definitions get short names, every part gets an example, and alternatives of plain types
    become one schema, which editors and validators explain better than `anyOf`.
    """

    def __init__(self, kind: type[JsonDocument]) -> None:
        self.definitions: dict[str, Schema] = {}
        self._classes: dict[str, str] = {}
        self._prefix = kind.__name__.removesuffix("Document")
        _, self._found = schema_components([kind])

    def definition(self, name: str) -> Schema:
        """The schema of a class by its name."""
        kind = _class(name)
        made = self._plain(self._found[name])
        if issubclass(kind, StrEnum):
            made["enum"] = [each.value for each in kind]
            examples = made["enum"][:1]
        else:
            examples = [{key: each["examples"][0] for key, each in made["properties"].items()}]
        description = " ".join(made.pop("description").split())
        more = kind.MORE if issubclass(kind, JsonDocument) else {}
        return {"description": description, **made, "examples": examples, **more}

    def _plain(self, part: Schema) -> Schema:
        """A schema with its inner ones, whatever they are called in Python."""
        if "name" in part:
            return self._named(part)
        made = {key: value for key, value in part.items() if key not in _UNUSED}
        for key in ("items", "additionalProperties", "propertyNames"):
            if isinstance(made.get(key), dict):
                inner = self._plain(made[key])
                if key == "items" and "examples" in inner:
                    made.setdefault("examples", [inner["examples"][:1]])
                made[key] = _bare(inner)
        if "properties" in made:
            parts = made["properties"].items()
            made["properties"] = {key: self._plain(each) for key, each in parts}
        if "anyOf" in made:
            made |= _together([self._plain(each) for each in made.pop("anyOf")])
        if "$ref" in made:
            made |= self._reference(made["$ref"].rpartition("/")[2], made)
        if "examples" in made:
            made["examples"] = made.pop("examples")  # the last keyword
        return made

    def _reference(self, name: str, part: Schema) -> Schema:
        if name == "DriftDocument":
            return {"$ref": _DRIFT_URN}
        short = name.removesuffix("Document").removeprefix(self._prefix)
        short = short[0].lower() + short[1:]
        if self._classes.setdefault(short, name) != name:
            raise ValueError(f"{self._classes[short]} and {name} would both be {short!r}")
        if short not in self.definitions:
            self.definitions[short] = self.definition(name)
        examples = part.get("examples", self.definitions[short]["examples"])
        return {"$ref": f"#/$defs/{short}", "examples": examples}

    def _named(self, part: Schema) -> Schema:
        name = part["name"]
        base = next(each for each in _BASES if each["name"] == name)
        if name not in self.definitions:
            self.definitions[name] = self._plain({k: v for k, v in base.items() if k != "name"})
        own: Schema = {key: part[key] for key in ("description", "examples") if key in part}
        return {"$ref": f"#/$defs/{name}", **own}


def _together(options: list[Schema]) -> Schema:
    """Alternatives as one schema, if a keyword of one cannot touch the values of another."""
    if any(_COMPOUND & each.keys() for each in options):
        examples = [each.get("examples", [None])[0] for each in options]  # null has none
        return {"anyOf": [_bare(each) for each in options], "examples": examples}
    merged: Schema = {"type": [each["type"] for each in options]}
    for each in options:
        merged |= {key: value for key, value in each.items() if key != "type"}
    return merged


def _bare(part: Schema) -> Schema:
    """A reference without what its definition has anyway."""
    return {"$ref": part["$ref"]} if "$ref" in part else part


def _class(name: str) -> type[JsonDocument] | type[StrEnum]:
    """The class of a definition. Other libraries have enumerations of the same names."""
    known: list[type] = [*_below(JsonDocument), *_below(StrEnum)]
    ours = ("kaiten_sync.documents.", "kaiten_sync.model.")
    return next(
        each for each in known if each.__name__ == name and each.__module__.startswith(ours)
    )


def _below(kind: type) -> list[type]:
    below: list[type] = kind.__subclasses__()
    return [kind, *(each for direct in below for each in _below(direct))]


_BASES, _ = schema_components(_NAMED)


def write() -> None:
    """Write every schema."""
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
