"""The README's transcript: its own catalog on a running server, as the terminal shows it.

`python -m tests.docs.transcript` writes it into the README.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import httpx

from tests.support.command import kaiten_sync
from tests.support.embedded import EmbeddedServer

README = Path("README.md")
_URL = "http://127.0.0.1:6060"
_PLACE = re.compile(r"(<!-- transcript -->\n).*?(?=\n## )", re.S)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def transcript(readme: str) -> str:
    """What the commands print for the catalog that the README shows."""
    catalog = re.search(r"```yaml\n(.*?)```", readme, re.S)
    assert catalog is not None
    with tempfile.TemporaryDirectory() as name, EmbeddedServer(Path(name)) as server:
        folder = Path(name) / "project"
        folder.mkdir()
        (folder / "catalog.yaml").write_text(catalog[1])
        token = server.new_organization()
        environment = {"KAITEN_BASE_URL": server.url, "KAITEN_AUTH_TOKEN": token}

        def shown(*args: str) -> str:
            ended = kaiten_sync(*args, cwd=folder, environment=environment)
            assert ended.code == 0, ended.stderr
            return f"$ kaiten-sync {' '.join(args)}\n{ended.stdout}\n"

        text = shown("plan", "-f", "catalog.yaml", "-o", "local.plan.json")
        text += shown("apply", "local.plan.json")
        text += shown("table", "local.plan.json")
        _edit_by_hand(server.url, token)
        text += "(someone changes the threshold on the server, by hand)\n\n"
        text += shown("drift", "-f", "catalog.yaml")
        return _TIME.sub("2026-11-23T09:30:00.000Z", text.replace(server.url, _URL))


def with_transcript(readme: str) -> str:
    """The README with the transcript in its place."""
    block = f"\n```text\n{transcript(readme).rstrip()}\n```\n"
    return _PLACE.sub(lambda found: found[1] + block, readme)


def _edit_by_hand(url: str, token: str) -> None:
    answer = httpx.put(
        f"{url}/api/licenses/growth/entitlements/api-calls",
        json={"value": {"type": "number", "value": 5000}},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 204, answer.text


if __name__ == "__main__":
    README.write_text(with_transcript(README.read_text(encoding="utf-8")), encoding="utf-8")
