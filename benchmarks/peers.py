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
from typing import Any

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

    Terraform creates one of them, and its entry in the state is repeated for the others: creating
    thousands takes many minutes, and their plan is what is measured.
    """
    program = shutil.which("terraform")
    if program is None:
        return None
    folder.mkdir()
    inputs = {
        f"license-{number // PER_LICENSE}-grant-{number % PER_LICENSE}": number
        for number in range(values)
    }
    first = next(iter(inputs))
    _declare(folder, {first: inputs[first]})
    for step in (["init"], ["apply", "-auto-approve"]):
        subprocess.run(
            [program, f"-chdir={folder}", *step, "-no-color"],
            check=True,
            capture_output=True,
            env=environment,
        )
    _declare(folder, inputs)
    file = folder / "terraform.tfstate"
    state = json.loads(file.read_text(encoding="utf-8"))
    state["resources"] = [_with_input(state["resources"][0], *each) for each in inputs.items()]
    file.write_text(json.dumps(state), encoding="utf-8")
    return [program, f"-chdir={folder}", "plan", "-no-color", "-detailed-exitcode"]


def _declare(folder: Path, inputs: Mapping[str, int]) -> None:
    resources = {name: {"input": value} for name, value in inputs.items()}
    declaration = json.dumps({"resource": {"terraform_data": resources}})
    (folder / "main.tf.json").write_text(declaration, encoding="utf-8")


def _with_input(entry: Mapping[str, Any], name: str, value: int) -> dict[str, Any]:
    """An entry of Terraform's state as that of another resource."""
    (instance,) = entry["instances"]
    kept = {"value": value, "type": "number"}
    attributes = {**instance["attributes"], "id": name, "input": kept, "output": kept}
    return {**entry, "name": name, "instances": [{**instance, "attributes": attributes}]}
