"""The example of a migration: a catalog, customers with usage, the plan and what apply prints.

`python -m tests.acceptance.examples` writes its files again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from tests.support.command import Ended, kaiten_sync
from tests.support.tenants import DATES, make

from kaiten_sync.model.plan import Observed, TargetRef
from kaiten_sync.plan.plan_file import read_plan, seal, write_plan
from kaiten_sync.plan.rests_on import object_fingerprint

NAME = "migrate"
FOLDER = Path("examples/plans") / NAME
URL = "http://127.0.0.1:6060"
WAVE = ("migrate", "growth", "-t", "local", "--wave", "50%", "-o", "new.json")


@dataclass(frozen=True)
class MigrationExample:
    """The example in a folder of its own, its target's URL replaced by a running server's."""

    folder: Path
    url: str
    token: str

    @classmethod
    def copied(cls, folder: Path, url: str, token: str) -> MigrationExample:
        shutil.copytree(FOLDER, folder)
        project = folder / "kaiten-sync.yaml"
        project.write_text(project.read_text().replace(URL, url))
        return cls(folder, url, token)

    def run(self, *args: str) -> Ended:
        return kaiten_sync(*args, cwd=self.folder, environment={"KAITEN_AUTH_TOKEN": self.token})

    def seed(self) -> None:
        """Make the catalog, the customers, their instances, and their usage."""
        before = self.run("apply", "-t", "local", "-f", "before.yaml", "--yes")
        assert before.code == 0, before.stderr
        customers = yaml.safe_load((self.folder / "customers.yaml").read_text())
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=f"{self.url}/api", headers=headers) as api:
            for slug, customer in customers.items():
                _sell(api, slug, customer)

    def plan(self) -> tuple[bytes, str]:
        """The plan file for the declared URL with ids made from addresses, and what is printed."""
        planned = self.run(*WAVE)
        assert planned.code == 0, planned.stderr
        plan = read_plan((self.folder / "new.json").read_bytes())
        observed = tuple(_with_example_id(each) for each in plan.observed)
        declared = plan.changed(target=TargetRef("local", URL), observed=observed)
        return write_plan(seal(declared)), planned.stdout.replace(self.url, URL)

    def apply(self) -> str:
        """What applying the plan prints, for the declared URL."""
        applied = self.run("apply", "new.json")
        assert applied.code == 0, applied.stderr + applied.stdout
        return applied.stdout.replace(self.url, URL)

    def write(self) -> None:
        """Write the plan and both transcripts."""
        self.seed()
        content, printed = self.plan()
        (FOLDER / "growth.migration.json").write_bytes(content)
        (FOLDER / "growth.migrate.txt").write_text(printed)
        (FOLDER / "growth.apply.txt").write_text(self.apply())


def _sell(api: httpx.Client, slug: str, customer: dict[str, Any]) -> None:
    made = make(api, "/customers", name=slug.title(), slug=slug)
    body = {
        "name": customer["instance"],
        "slug": customer["instance"],
        "description": "",
        "customerId": made["id"],
        "licenseId": api.get(f"/licenses/{customer['license']}").json()["id"],
        "metadata": {"region": "eu"},
        **DATES,
    }
    make(api, "/instances", **body)
    for entitlement, value in customer["usage"].items():
        path = f"/instances/{customer['instance']}/entitlements/{entitlement}/usage"
        report = {"value": {"type": "number", "value": value}, "behavior": "append"}
        assert api.post(path, json=report).status_code == 200


def _with_example_id(observed: Observed) -> Observed:
    made = f"example-{observed.address}".replace("/", "-")
    fields = observed.fields or {}
    return observed.changed(id=made, fingerprint=object_fingerprint(made, fields))
