"""Tools of the same kind for other systems, given as many values to compare.

Neither asks a server: octoDNS compares YAML files with YAML files, and Terraform its own state
with resources of the one type that is built into it. Each is measured where it is installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PER_LICENSE = 50


def octodns(folder: Path, values: int) -> list[str] | None:
    """The command that compares so many records with themselves; None without octoDNS."""
    program = Path(sys.executable).with_name("octodns-sync")
    if not program.is_file():
        return None
    records = "".join(
        f"q{n % PER_LICENSE:02}.l{n // PER_LICENSE:05}:\n  type: TXT\n  value: v{n}\n"
        for n in range(values)
    )
    for side in ("declared", "live"):
        (folder / side).mkdir(parents=True)
        (folder / side / "example.test.yaml").write_text("---\n" + records, encoding="utf-8")
    providers = "".join(
        f"  {side}: {{class: octodns.provider.yaml.YamlProvider, directory: {folder / side},"
        " enforce_order: false}\n"
        for side in ("declared", "live")
    )
    config = folder / "config.yaml"
    config.write_text(
        f"providers:\n{providers}zones:\n"
        "  example.test.: {sources: [declared], targets: [live]}\n",
        encoding="utf-8",
    )
    return [str(program), "--config-file", str(config), "--quiet"]


def terraform(folder: Path, values: int, environment: Mapping[str, str]) -> list[str] | None:
    """The command that plans so many resources that are as declared; None without Terraform.

    Applies them first, which takes far longer than the plan.
    """
    program = shutil.which("terraform")
    if program is None:
        return None
    folder.mkdir()
    resources = {
        f"license-{number // PER_LICENSE}-grant-{number % PER_LICENSE}": {"input": number}
        for number in range(values)
    }
    declaration = json.dumps({"resource": {"terraform_data": resources}})
    (folder / "main.tf.json").write_text(declaration, encoding="utf-8")
    for step in (["init"], ["apply", "-auto-approve"]):
        subprocess.run(
            [program, f"-chdir={folder}", *step, "-no-color"],
            check=True,
            capture_output=True,
            env=environment,
        )
    return [program, f"-chdir={folder}", "plan", "-no-color"]
