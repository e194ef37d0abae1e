"""Every catalog of the page of recipes is valid, is applied, and is then what the server has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.acceptance.conftest import Workplace

PAGE = Path("docs/how-to/model-what-you-sell.md").read_text(encoding="utf-8")
RECIPES = {
    title.strip(): text
    for title, text in re.findall(
        r"^## ([^\n]+)\n(?:(?!^## ).)*?```yaml\n(.*?)```", PAGE, re.M | re.S
    )
}


def test_the_page_has_a_recipe_for_each_title_but_the_last() -> None:
    titles = re.findall(r"^## (.+)$", PAGE, re.M)
    assert [*RECIPES, "What the API cannot hold"] == titles
    assert PAGE.count("```yaml") == len(RECIPES) >= 11


@pytest.mark.parametrize("text", RECIPES.values(), ids=RECIPES)
def test_a_recipe_is_applied(place: Workplace, text: str) -> None:
    place.write("catalog.yaml", text)
    applied = place.run("apply", "-f", "catalog.yaml", "--yes")
    assert applied.code == 0, applied.stderr
    again = place.run("plan", "-f", "catalog.yaml", "--detailed-exitcode")
    assert again.code == 0, again.stdout
