"""What axe-core finds on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds: the rule and where."""
    # As a debugger does it, which the content security policy does not hold up.
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(result => result.violations)")
    return [{"id": each["id"], "where": [node["html"] for node in each["nodes"]]} for each in found]
