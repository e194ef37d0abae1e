"""Writes the reference pages that follow from the code: `python -m tests.docs.reference`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from inspect import getdoc
from pathlib import Path
from typing import Any

import click

from kaiten_sync import errors
from kaiten_sync.cli.exit_codes import ExitCode, code_of
from kaiten_sync.cli.root import root
from kaiten_sync.expressions.functions import glob, within
from kaiten_sync.kinds.schema import catalog_schema
from kaiten_sync.model.rules import RULES
from kaiten_sync.rules import VARIABLES
from kaiten_sync.validate import schema_text

FOLDER = Path("docs/reference")
_MADE = "<!-- Made by `make docs`; edit the code instead. -->\n"
_SCHEMAS = {
    "catalog-file.md": ("catalog", "The catalog file"),
    "project-file.md": ("project", "The project file"),
    "plan-file.md": ("plan", "The plan file"),
    "migration-plan.md": ("migration", "The plan of a migration"),
    "drift-report.md": ("drift", "The drift report as JSON"),
    "drift-reports.md": ("drift-all", "The drift reports of all targets as JSON"),
    "comparison.md": ("compare", "The comparison of two servers as JSON"),
    "doctor.md": ("doctor", "What doctor finds out, as JSON"),
    "apply-result.md": ("apply", "The result of apply as JSON"),
    "impact.md": ("impact", "The impact of a plan as JSON"),
    "receipt.md": ("receipt", "The receipt of an apply"),
    "rule-test.md": ("rule-test", "Cases for rules"),
    "table.md": ("table", "The pricing table as JSON"),
    "validation.md": ("validation", "The findings of validate as JSON"),
}


FUNCTIONS = (("`text.glob(pattern)`", glob), ("`text.within(address)`", within))
"""Of expressions, as they are written there."""

SCHEMA = Path("schemas/catalog.schema.json")


def schema_of_tables() -> str:
    """The schema of a catalog file, as it is committed for editors."""
    return json.dumps(catalog_schema(), indent=2) + "\n"


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    made = {
        "commands.md": _commands(),
        "errors.md": _errors(),
        "rules.md": _rules(),
        "policy-rules.md": _policy_rules(),
        **{name: _schema(file, title) for name, (file, title) in _SCHEMAS.items()},
    }
    return {FOLDER / name: text for name, text in made.items()}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by name."""
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", each) for sub, each in command.commands.items())


def _commands() -> str:
    parts = [f"# Commands\n\n{_MADE}"]
    parts.append(_help("kaiten-sync", root))
    parts += [_help(f"kaiten-sync {name}", command) for name, command in commands()]
    parts.append("Exit codes: [exit-codes.md](exit-codes.md).\n")
    return "\n".join(parts)


def _help(title: str, command: click.Command) -> str:
    context = click.Context(command, info_name=title, terminal_width=88, max_content_width=88)
    text = command.get_help(context)
    return f"## {title}\n\n```text\n{text}\n```\n"


def _errors() -> str:
    rows = []
    for name, kind in sorted(vars(errors).items()):
        if not (isinstance(kind, type) and issubclass(kind, errors.KaitenSyncError)):
            continue
        code = code_of(kind.__new__(kind))
        first, *_ = (getdoc(kind) or "").split("\n\n")
        rows.append(f"| `{name}` | {code} {ExitCode(code).name} | {' '.join(first.split())} |")
    return (
        f"# Errors\n\n{_MADE}\n"
        "With `--format json` a failing command prints one document: "
        '`{"error": {"kind", "message", "hint", "exitCode", ...}}`. `kind` is one of these.\n'
        "If a declaration is wrong or a plan is refused, `diagnostics` has each reason with its\n"
        "rule, object, place and hint; if a plan is refused, `findings` has each as one line.\n\n"
        "| kind | exit code | what happened |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _rules() -> str:
    rows = [f"| `{rule}` | {text} |" for rule, text in sorted(RULES.items())]
    return (
        f"# Rules\n\n{_MADE}\n"
        "Every diagnostic names one of these rules; the names are stable. `validate` reports\n"
        "those of a declaration; `plan`, `apply`, `drift --revert` and `adopt` those of a plan,\n"
        "too.\n\n"
        "| rule | meaning |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


def _policy_rules() -> str:
    rows = [f"| `{name}` | `{each.type}` | {each.about} |" for name, each in VARIABLES.items()]
    functions = [f"| {each} | {' '.join((getdoc(f) or '').split())} |" for each, f in FUNCTIONS]
    return (
        f"# Rules of a policy\n\n{_MADE}\n"
        "What the expressions of `policy.rules` may use, beside\n"
        "[CEL's own operators and functions](https://cel.dev). How they are judged:\n"
        "[Rules](../how-to/rules.md).\n\n"
        "| variable | type | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "| function | meaning |\n|---|---|\n" + "\n".join(functions) + "\n"
    )


def _schema(file: str, title: str) -> str:
    schema = json.loads(schema_text(file))
    where = f"Schema: `schemas/{file}.schema.json`\n"
    parts = [f"# {title}\n\n{_MADE}\n{schema['description']}\n\n{where}"]
    parts.append(_table("At the top", schema))
    for name, definition in schema.get("$defs", {}).items():
        parts.append(_table(f"`{name}`", definition))
    return "\n".join(part for part in parts if part)


def _table(title: str, schema: Mapping[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_type(each)} | {_cell(each.get('description', ''))} | {_example(each)} |"
        for name, each in _properties(schema).items()
    ]
    described = _cell(schema.get("description", ""))
    if not rows:
        return f"## {title}\n\n{described}\n"
    head = "| property | type | meaning | example |\n|---|---|---|---|\n"
    return f"## {title}\n\n{described}\n\n{head}" + "\n".join(rows) + "\n"


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(schema.get("properties", {}))
    for key in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(key, ()):
            found |= _properties(each)
    return found


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    kind = schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _example(schema: Mapping[str, Any]) -> str:
    examples = schema.get("examples", [])
    return _cell(f"`{json.dumps(examples[0], ensure_ascii=False)}`") if examples else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write() -> None:
    """Write the schema of a catalog file, then every page."""
    SCHEMA.write_text(schema_of_tables(), encoding="utf-8")
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    os.environ["COLUMNS"] = "88"
    write()
