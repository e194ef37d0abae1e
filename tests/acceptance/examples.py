"""Plans and applies an example; `python -m tests.acceptance.examples` writes its files again."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import httpx
from tests.acceptance import migration_example
from tests.support.command import Ended, kaiten_sync
from tests.support.embedded import EmbeddedServer
from tests.support.metering import done
from tests.support.tenants import instance_body, make

from kaiten_sync.model.plan import Observed, TargetRef
from kaiten_sync.plan.plan_file import read_plan, seal, write_plan
from kaiten_sync.plan.rests_on import object_fingerprint

PLANS = Path("examples/plans")
TARGETS = {
    "getting-started": {"local": "http://127.0.0.1:6060"},
    "saas-tiers": {"local": "http://127.0.0.1:6060"},
    "new-version": {"local": "http://127.0.0.1:6060"},
    "tighten": {"local": "http://127.0.0.1:6060"},
    "families": {"local": "http://127.0.0.1:6060"},
    "build-service": {"local": "http://127.0.0.1:6060"},
    "mail-service": {"local": "http://127.0.0.1:6060"},
    "many-files": {"staging": "http://127.0.0.1:6061", "prod": "http://127.0.0.1:6062"},
}
BEFORE = "before.yaml"
"""The catalog that an example's server has first, if the example has such a file."""

HOLDERS = "holders.json"
"""The instances that then hold each license, with what they use, if the example has such a file."""
SHARED = "entitlements.yaml"
"""What is declared before and after, if the example has it in a file of its own."""

CASES = [(name, target) for name, targets in TARGETS.items() for target in targets]


@dataclass(frozen=True)
class Case:
    """An example in a folder of its own, its target's URL replaced by a running server's."""

    name: str
    target: str
    folder: Path
    url: str
    token: str

    @classmethod
    def copied(cls, name: str, target: str, folder: Path, url: str, token: str) -> Case:
        shutil.copytree(PLANS / name, folder)
        project = folder / "kaiten-sync.yaml"
        project.write_text(project.read_text().replace(TARGETS[name][target], url))
        return cls(name, target, folder, url, token)

    def run(self, *args: str) -> Ended:
        names = ("KAITEN_AUTH_TOKEN", "KAITEN_STAGING_TOKEN", "KAITEN_PROD_TOKEN")
        tokens = dict.fromkeys(names, self.token)
        return kaiten_sync(*args, cwd=self.folder, environment=tokens)

    @property
    def has_holders(self) -> bool:
        """Whether planning says who is affected, so that what it prints is part of the example."""
        return (self.folder / HOLDERS).exists()

    def plan(self) -> tuple[bytes, str]:
        """The plan file for the URL that the example declares, and what planning prints.

        Each server makes ids of its own, so objects get ids made from their addresses.
        """
        if (self.folder / BEFORE).exists():
            files = [name for name in (BEFORE, SHARED) if (self.folder / name).exists()]
            named = [word for name in files for word in ("-f", name)]
            before = self.run("apply", "-t", self.target, *named, "--yes")
            assert before.code == 0, before.stderr
        if self.has_holders:
            self._hold(json.loads((self.folder / HOLDERS).read_text()))
        planned = self.run("plan", "-t", self.target, "-o", "new.plan.json")
        assert planned.code == 0, planned.stderr
        plan = read_plan((self.folder / "new.plan.json").read_bytes())
        declared = TargetRef(self.target, TARGETS[self.name][self.target])
        observed = tuple(_with_example_id(each) for each in plan.observed)
        content = write_plan(seal(plan.changed(target=declared, observed=observed)))
        return content, planned.stdout.replace(self.url, declared.url)

    def _hold(self, holders: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=f"{self.url}/api", headers=headers) as api:
            for license_slug, instances in holders.items():
                license_id = api.get(f"/licenses/{license_slug}").json()["id"]
                for slug, used in instances.items():
                    body = {**instance_body(api, slug=slug), "licenseId": license_id}
                    make(api, "/instances", **body)
                    for entitlement, value in used.items():
                        path = f"/instances/{slug}/entitlements/{entitlement}/usage"
                        done(api.post(path, json={"value": value}))

    def apply(self) -> str:
        """What applying the plan prints, for the URL that the example declares."""
        applied = self.run("apply", "new.plan.json")
        assert applied.code == 0, applied.stderr + applied.stdout
        return applied.stdout.replace(self.url, TARGETS[self.name][self.target])


def _with_example_id(observed: Observed) -> Observed:
    if observed.id is None or observed.fields is None:
        return observed
    made = str(uuid5(NAMESPACE_URL, str(observed.address)))
    return observed.changed(id=made, fingerprint=object_fingerprint(made, observed.fields))


def main() -> None:
    """Write the plan and the transcript of every example."""
    with tempfile.TemporaryDirectory() as name, EmbeddedServer(Path(name)) as server:
        for example, target in CASES:
            folder = Path(name) / f"{example}-{target}"
            case = Case.copied(example, target, folder, server.url, server.new_organization())
            content, printed = case.plan()
            (PLANS / example / f"{target}.plan.json").write_bytes(content)
            if case.has_holders:
                (PLANS / example / f"{target}.plan.txt").write_text(printed)
            (PLANS / example / f"{target}.apply.txt").write_text(case.apply())
        folder = Path(name) / migration_example.NAME
        token = server.new_organization()
        migration_example.MigrationExample.copied(folder, server.url, token).write()


if __name__ == "__main__":
    main()
