"""A repository with reviewed plans of one target, and the command line in this process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tests.acceptance.conftest import Workplace
from tests.support.forgeries import Document, resealed

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.cli.run import run
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import read_catalog

PLAN = "plans/prod.plan.json"
CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    protect: true
    entitlements: {calls: 1000, seats: 5}
  starter:
    name: Starter
    type: TRIAL
    entitlements: {calls: 10}
"""

OnServer: TypeAlias = "Callable[[Document, LiveState], object]"


def git(folder: Path, *args: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True)


class Project:
    """A repository whose first plan is applied, and whose second is committed and reviewed."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.folder = place.folder
        settings = ConnectionSettings(url=place.url, token=place.token)
        self.catalog = HttpCatalog(settings)
        project = {
            "version": 1,
            "catalog": ["catalog.yaml"],
            "targets": {"prod": {"url": place.url, "token": {"env": "KAITEN_AUTH_TOKEN"}}},
        }
        place.write("kaiten-sync.yaml", json.dumps(project))
        git(self.folder, "init", "--initial-branch", "main")
        self.commit(CATALOG)
        assert self.apply("--catalog", "catalog.yaml") == 0

    def commit(self, catalog: str, *options: str) -> None:
        """Write a catalog, plan it, and commit both."""
        self.place.write("catalog.yaml", catalog)
        assert run(["plan", "-t", "prod", "-o", PLAN, *options]) == 0
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--message", "Plan")

    def apply(self, *options: str) -> int:
        return run(["apply", PLAN, "-t", "prod", *options])

    def check(self, *options: str) -> int:
        return run(["plan", "-t", "prod", "-o", PLAN, "--check", *options])

    def live(self) -> LiveState:
        return read_catalog(self.catalog, scope=Scope(), progress=NoProgress())

    @property
    def document(self) -> Document:
        found: Document = json.loads((self.folder / PLAN).read_text())
        return found

    def forge(self, forge: OnServer) -> None:
        """Replace the committed plan, as somebody who can push would."""
        live = self.live()
        forged = resealed(self.document, lambda document: forge(document, live))
        (self.folder / PLAN).write_bytes(forged)
        git(self.folder, "commit", "--all", "--message", "Nothing to see here")
