"""What mkdocs adds to the site by itself: every decision, in its order."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def on_config(config: Any) -> Any:
    """Called by mkdocs: the decisions follow the pages that mkdocs.yml lists."""
    folder = Path(config["docs_dir"]) / "adr"
    config["nav"].append(
        {"Decisions": [f"adr/{path.name}" for path in sorted(folder.glob("*.md"))]}
    )
    return config
