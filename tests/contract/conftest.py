"""One running server per module and database, and Kaiten's published material as data."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.embedded import EmbeddedServer

HERE = Path(__file__).parent
SDK = HERE.parents[1] / "build" / "contract"
"""Where `make build/contract/.ready` puts the source distribution of Kaiten's SDK."""


@pytest.fixture(scope="module")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server"), database_url) as running:
        yield running


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    """The 1.0 contract, from the SDK's source distribution."""
    found = list(SDK.glob("kaitencloud-*.tar.gz"))
    if not found:
        pytest.fail("no contract in build/contract: run `make build/contract/.ready`")
    (path,) = found
    with tarfile.open(path) as archive:
        file = archive.extractfile(f"{path.name.removesuffix('.tar.gz')}/openapi/openapi.yaml")
        assert file is not None
        return yaml.load(file, yaml.CSafeLoader)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def getting_started() -> str:
    """The requests of Kaiten's getting-started guide."""
    return (HERE / "getting-started.sh").read_text(encoding="utf-8")
