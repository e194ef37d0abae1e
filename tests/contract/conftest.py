"""One running server per module and database, and the contract as data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.embedded import EmbeddedServer

SHARED = Path(__file__).parents[2].parent / "shared" / "kaiten"


@pytest.fixture(scope="module")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server"), database_url) as running:
        yield running


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    text = (SHARED / "openapi-1.0.yaml").read_text(encoding="utf-8")
    return yaml.load(text, yaml.CSafeLoader)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def getting_started() -> str:
    return (SHARED / "getting-started.md").read_text(encoding="utf-8")
