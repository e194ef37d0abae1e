"""A grant's value that could not be read, or is of no type: its entitlement says what is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaiten_sync.pipeline import CatalogSource, validate

CATALOG = """\
version: 1
entitlements:
  calls: {{name: Calls, type: NUMBER}}
  sso: {{name: Single sign-on, type: BOOLEAN}}
  style: {{name: Style, type: CONFIG}}
licenses:
  pro:
    name: Pro
    type: PAID
    entitlements:
      {slug}: {value}
"""
NUMBER = "'calls' has type NUMBER, so its grant is a number or `unlimited`"
BOOLEAN = "'sso' has type BOOLEAN, so its grant is true or false"
CONFIG = "'style' has type CONFIG, so its grant is a map below `value`: `{value: {...}}`"
PLACES = {"calls": "c.yaml:3:3", "sso": "c.yaml:4:3", "style": "c.yaml:5:3"}
TRUTHS = ("yes", "No", "y", "n", "on", "OFF", "True", "FALSE")
NUMBERS = ("1e3", "1.5e3", "010", "0x10", "12:30", "1.500", ".inf", ".nan", "1e400", "1_0")
ANYTHING = ("2026-01-01", "hello", '"yes, please"', "<<", "NULL")

REPLACED = [
    *(("calls", text, NUMBER) for text in (*TRUTHS, *ANYTHING, '"true"', "[1]")),
    *(("sso", text, BOOLEAN) for text in (*NUMBERS, *ANYTHING, "10 GB", "[true]", "infinite")),
    *(("style", text, CONFIG) for text in (*TRUTHS, *NUMBERS, *ANYTHING, '"true"', "10 GB")),
]
KEPT = [
    *(("calls", text) for text in (*NUMBERS, "infinite", "unlimted", "custom", "add-on", "none")),
    *(("sso", text) for text in (*TRUTHS, '"true"', "✓", "included", "add-on", "none")),
    *(("style", text) for text in ("[1]", '"{}"', "custom", "add-on", "none")),
]


def hints(slug: str, value: str, folder: Path) -> list[str]:
    (folder / "c.yaml").write_text(CATALOG.format(slug=slug, value=value), encoding="utf-8")
    _, found = validate(CatalogSource(root=folder, catalog=("c.yaml",)))
    return [each.hint or "" for each in found]


@pytest.mark.parametrize("form", ["{}", "{{value: {}}}"])
@pytest.mark.parametrize(("slug", "text", "wanted"), REPLACED)
def test_one_finding_says_what_is_wanted(
    slug: str, text: str, wanted: str, form: str, tmp_path: Path
) -> None:
    found = hints(slug, form.format(text), tmp_path)
    assert found == [f"{wanted}; its type is declared at {PLACES[slug]}"]


@pytest.mark.parametrize(("slug", "text"), KEPT)
def test_a_hint_that_leads_to_the_type_stays(slug: str, text: str, tmp_path: Path) -> None:
    (hint,) = hints(slug, text, tmp_path)
    assert "has type" not in hint
