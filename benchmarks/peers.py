"""Tools of the same kind for other systems, given as many values to compare.

octoDNS compares YAML files with YAML files. Terraform compares its own state with resources: of the
one type that is built into it, for which it asks no server, and grants, which a provider reads from
the same server as kaiten-sync. Each is measured where it is installed.
"""

from __future__ import annotations

import importlib.util
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PER_LICENSE = 50

_PROVIDER = "benchmarks.test/kaiten/kaiten"
"""The address of the provider; Terraform takes it from a folder, and asks no such host."""


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
    inputs = {name: {"input": number} for number, name in enumerate(_names(values))}
    first = next(iter(inputs))
    _declare(folder, "terraform_data", {first: inputs[first]})
    for step in (["init"], ["apply", "-auto-approve"]):
        subprocess.run(
            [program, f"-chdir={folder}", *step, "-no-color"],
            check=True,
            capture_output=True,
            env=environment,
        )
    _declare(folder, "terraform_data", inputs)
    file = folder / "terraform.tfstate"
    state = json.loads(file.read_text(encoding="utf-8"))
    state["resources"] = [_with_input(state["resources"][0], *each) for each in inputs.items()]
    file.write_text(json.dumps(state), encoding="utf-8")
    return _plan(program, folder)


def terraform_reading(folder: Path, values: int) -> list[str] | None:
    """The command that plans so many grants that are as the server has them.

    None without Terraform, or without the framework of `benchmarks.terraform_provider`. The state
    is written as an apply would leave it.
    """
    program = shutil.which("terraform")
    if program is None or importlib.util.find_spec("tf") is None:
        return None
    folder.mkdir()
    provider = folder / "terraform-provider-kaiten"
    command = shlex.join([sys.executable, "-m", "benchmarks.terraform_provider", _PROVIDER])
    provider.write_text(f"#!/bin/sh\nexec {command}\n", encoding="utf-8")
    provider.chmod(0o755)
    settings = folder / "terraform.rc"
    settings.write_text(
        f'provider_installation {{\n  dev_overrides {{\n    "{_PROVIDER}" = "{folder}"\n  }}\n}}\n',
        encoding="utf-8",
    )
    grants = {
        name: {
            "license": f"license-{number // PER_LICENSE:05}",
            "entitlement": f"quota-{number % PER_LICENSE:03}",
            "threshold": number,
        }
        for number, name in enumerate(_names(values))
    }
    required = {"required_providers": {"kaiten": {"source": _PROVIDER}}}
    _declare(folder, "kaiten_grant", grants, terraform=required)
    state = {"version": 4, "serial": 1, "lineage": "benchmark", "outputs": {}}
    state["resources"] = [_grant_in_state(name, grant) for name, grant in grants.items()]
    (folder / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    # HOME: the provider's framework keeps its certificate there.
    return ["env", f"HOME={folder}", f"TF_CLI_CONFIG_FILE={settings}", *_plan(program, folder)]


def _names(values: int) -> list[str]:
    return [f"license-{n // PER_LICENSE}-grant-{n % PER_LICENSE}" for n in range(values)]


def _plan(program: str, folder: Path) -> list[str]:
    return [program, f"-chdir={folder}", "plan", "-no-color", "-detailed-exitcode"]


def _declare(folder: Path, kind: str, resources: Mapping[str, Any], **rest: Any) -> None:
    declaration = json.dumps({**rest, "resource": {kind: resources}})
    (folder / "main.tf.json").write_text(declaration, encoding="utf-8")


def _with_input(entry: Mapping[str, Any], name: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of Terraform's state as that of another resource."""
    (instance,) = entry["instances"]
    kept = {"value": declared["input"], "type": "number"}
    attributes = {**instance["attributes"], "id": name, "input": kept, "output": kept}
    return {**entry, "name": name, "instances": [{**instance, "attributes": attributes}]}


def _grant_in_state(name: str, grant: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "mode": "managed",
        "type": "kaiten_grant",
        "name": name,
        "provider": f'provider["{_PROVIDER}"]',
        "instances": [{"schema_version": 0, "attributes": {**grant, "id": name}}],
    }
