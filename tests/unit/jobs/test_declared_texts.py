"""What a project's files declare, as they have it: for who looks at a server beside git."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.catalog import FakeCatalog
from tests.unit.jobs.test_adopt_shared import workplace

from kaiten_sync.disk import Disk
from kaiten_sync.jobs.declared_texts import declared_texts
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.pipeline import read_project

HEAD = "version: 1\nentitlements: {calls: {name: Calls, type: NUMBER}}\n"
PRO = "pro:\n    name: Pro   # ours\n    type: PAID\n"
TEXTS = {
    "lines": (f"{HEAD}licenses:\n  {PRO}", f"version: 1\nlicenses:\n  {PRO}"),
    "deeper lines": (
        HEAD + "licenses:\n     pro:\n       name: Pro\n       type: PAID\n",
        "version: 1\nlicenses:\n  pro:\n    name: Pro\n    type: PAID\n",
    ),
    "braces": (
        HEAD + "licenses: {pro: {name: Pro, type: PAID}}\n",
        "version: 1\nlicenses:\n  pro: {name: Pro, type: PAID}\n",
    ),
    "windows": (
        f"\ufeff{HEAD}licenses:\n  {PRO}".replace("\n", "\r\n"),
        f"version: 1\nlicenses:\n  {PRO}",
    ),
    "an anchor": (HEAD + "licenses: {pro: &p {name: Pro, type: PAID}}\n", ""),
    "a long key": (HEAD + "licenses:\n  ? pro\n  : {name: Pro, type: PAID}\n", None),
    "a key in quotes": (HEAD + 'licenses: {"pro": {name: Pro, type: PAID}}\n', None),
}


@pytest.mark.parametrize(("text", "shown"), TEXTS.values(), ids=TEXTS)
def test_a_license_is_shown_as_its_file_has_it(
    tmp_path: Path, text: str, shown: str | None
) -> None:
    (tmp_path / "c.yaml").write_bytes(text.encode())
    path = tmp_path / "kaiten-sync.yaml"
    path.write_text("version: 1\ncatalog: [c.yaml]\n", encoding="utf-8")
    project, _ = read_project(path)
    workspace = workplace(tmp_path, FakeCatalog()).changed(project=project)
    found = declared_texts(workspace, Disk())[parse_address("license/pro")]
    assert found.place.startswith("c.yaml:")
    assert shown is None or found.yaml == shown
