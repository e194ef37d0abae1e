"""The rules and the cases that the page about rules shows fit each other."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.command import kaiten_sync

PAGE = Path("docs/how-to/rules.md").read_text(encoding="utf-8")
PROJECT = "version: 1\ncatalog: [catalog.yaml]\ntargets: {local: {url: http://127.0.0.1:1}}\n"


def test_the_cases_of_the_page_pass_with_the_rules_of_the_page(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    (rules,) = (each for each in blocks if "rules:" in each)
    (cases,) = (each for each in blocks if "cases:" in each)
    (tmp_path / "kaiten-sync.yaml").write_text(PROJECT + rules, encoding="utf-8")
    (tmp_path / "rules.test.yaml").write_text(cases, encoding="utf-8")
    shutil.copy("examples/policies/lower.plan.json", tmp_path)
    (command,) = re.findall(r"^    kaiten-sync (rules test .*)$", PAGE, re.M)
    tested = kaiten_sync(*command.split(), cwd=tmp_path)
    assert tested.code == 0, tested.stdout + tested.stderr
