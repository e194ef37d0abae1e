"""A running server per module, an organization of its own per test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.support.command import Ended, kaiten_sync, kaiten_sync_process
from tests.support.embedded import EmbeddedServer
from tests.support.selling import CATALOG, Seller


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@dataclass(frozen=True)
class Workplace:
    """A folder, a server, and an organization on it with nothing in it."""

    folder: Path
    url: str
    token: str

    def run(self, *args: str, **environment: str) -> Ended:
        """Run a command in this process."""
        return kaiten_sync(*args, cwd=self.folder, environment=self._with(environment))

    def run_process(self, *args: str, **environment: str) -> Ended:
        """Run a command as a process."""
        return kaiten_sync_process(*args, cwd=self.folder, environment=self._with(environment))

    def _with(self, environment: dict[str, str]) -> dict[str, str]:
        return {"KAITEN_BASE_URL": self.url, "KAITEN_AUTH_TOKEN": self.token, **environment}

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def place(server: EmbeddedServer, tmp_path: Path) -> Workplace:
    return Workplace(tmp_path, server.url, server.new_organization())


@pytest.fixture
def api(place: Workplace) -> Iterator[httpx.Client]:
    """A client of the organization, beside the command line."""
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as client:
        yield client


@pytest.fixture
def shop(
    place: Workplace,
    api: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Seller:
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("KAITEN_BASE_URL", place.url)
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", place.token)
    return Seller(place, api, capsys)


@pytest.fixture
def sold(shop: Seller) -> Seller:
    """The family is sold as `CATALOG` declares it, and nobody has bought it yet."""
    shop.sell(CATALOG)
    return shop
