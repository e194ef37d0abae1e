"""How the commands grow with the catalog: requests, time, CPU and memory, from small to large.

    python -m benchmarks.curve [--sizes 100 1000 10000] [--runs 5] [--peers-up-to 1000]
                               [--peer-limit-s 60] [--fill-direct] [--json FILE]

For each size (grants, 50 a license) it starts the embedded server on an empty database, plans and
applies the catalog once, and then measures whole processes. With `--fill-direct` only the first
license is applied, and the others are copied in the database: an apply waits for the server. Beside
them, in turns, so that a machine that slows down slows everything: the floor (a bare loop that
fetches and parses the same pages), PyYAML's C loader on the same file, and the peers that are
installed (see `benchmarks.peers`). A peer that takes longer than the limit is ended, and not run
again at that size. What is under way is reported on standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.peers import PER_LICENSE
from benchmarks.processes import (
    TOKEN,
    Medians,
    OverdueError,
    Run,
    database_of,
    embedded_server,
    kaiten_sync,
    measure,
    medians,
)

FLOOR = "floor: 8 connections"
C_LOADER = "PyYAML's C loader"
OCTODNS = "octoDNS, YAML to YAML"
TERRAFORM = "Terraform, built-in type"
READING = "Terraform, grants of the server"
FIRST_PLAN = "first plan"
FIRST_FILE = "first plan, -o"
SHOW = "show of that plan"
FIRST_APPLY = "first apply"
_LOAD = "import sys, yaml; yaml.load(open(sys.argv[1]), yaml.CSafeLoader)"


@dataclass(frozen=True)
class Point:
    """All that was measured at one size, and the peers that took longer than the limit."""

    grants: int
    figures: Mapping[str, Medians]
    requests: Mapping[str, int]
    overdue: Sequence[str]


def main() -> None:
    arguments = _arguments()
    points = []
    for size in arguments.sizes:
        points.append(_measured(size, arguments))
        _print(points[-1], arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(_as_json(points), indent=2) + "\n", encoding="utf-8")


def catalog_yaml(grants: int, *, raised: int = 0) -> str:
    """A catalog of so many grants; of every hundred, `raised` have another threshold."""
    lines = ["version: 1", "groups:", "  quotas: {name: Quotas}", "entitlements:"]
    lines += [
        f"  quota-{number:03}: {{name: Quota {number}, type: NUMBER, groups: [quotas]}}"
        for number in range(PER_LICENSE)
    ]
    lines.append("licenses:")
    for number in range(0, grants, PER_LICENSE):
        lines.append(f"  license-{number // PER_LICENSE:05}:")
        lines.append(f"    {{name: License {number // PER_LICENSE}, type: PAID, entitlements: {{")
        values = (
            f"quota-{n % PER_LICENSE:03}: {n + (10**6 if n % 100 < raised else 0)}"
            for n in range(number, min(number + PER_LICENSE, grants))
        )
        lines.append(", ".join(values) + "}}")
    return "\n".join(lines) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers-up-to", type=int, default=20_000)
    parser.add_argument("--peer-limit-s", type=int, default=60)
    parser.add_argument("--fill-direct", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _measured(grants: int, asked: argparse.Namespace) -> Point:
    with tempfile.TemporaryDirectory() as name, embedded_server(Path(name)) as url:
        folder = Path(name)
        environment = {**os.environ, "KAITEN_BASE_URL": url, "KAITEN_AUTH_TOKEN": TOKEN}
        environment["PYTHONPATH"] = str(Path(__file__).parents[1])  # for our own modules
        catalog, changed = folder / "catalog.yaml", folder / "changed.yaml"
        catalog.write_text(catalog_yaml(grants), encoding="utf-8")
        changed.write_text(catalog_yaml(grants, raised=1), encoding="utf-8")

        def run(command: Sequence[str], limit_s: float | None = None) -> Run:
            return measure(
                command, folder=folder, environment=environment, codes=(0,), limit_s=limit_s
            )

        once = _begun(catalog, grants, run, database_of(folder) if asked.fill_direct else None)
        commands = {
            "plan, no change": kaiten_sync("plan", "-f", str(catalog)),
            "plan, 1 % changed": kaiten_sync("plan", "-f", str(changed)),
            FLOOR: [sys.executable, "-m", "benchmarks.bare_loop", url, "8"],
            "validate": kaiten_sync("validate", str(catalog)),
            C_LOADER: [sys.executable, "-c", _LOAD, str(catalog)],
            "export": kaiten_sync("export", "-o", str(folder / "export"), "--force"),
            "drift": kaiten_sync("drift", "-f", str(catalog)),
        }
        others: dict[str, list[str]] = {}
        if grants <= asked.peers_up_to:
            _say(f"{grants:,} grants: what the peers compare")
            others = _peers(folder, grants, environment)
        runs: dict[str, list[Run]] = {name: [] for name in (*commands, *others)}
        overdue: list[str] = []
        for turn in range(asked.runs + 1):
            for what, command in (commands | others).items():
                if what in overdue:
                    continue
                _say(f"{grants:,} grants: run {turn} of {asked.runs}, {what}")
                try:
                    finished = run(command, asked.peer_limit_s if what in others else None)
                except OverdueError:
                    overdue.append(what)
                    continue
                if turn:  # the first one warms up: the page cache, the server's connections
                    runs[what].append(finished)
        counted = run([sys.executable, "-m", "benchmarks.requests_of_plan", str(catalog)])
        requests = {"plan, no change": int(counted.stdout), FLOOR: int(runs[FLOOR][0].stdout)}
    figures = {what: medians(r) for what, r in runs.items() if what not in overdue}
    return Point(
        grants, {what: medians([r]) for what, r in once.items()} | figures, requests, overdue
    )


def _begun(
    catalog: Path, grants: int, run: Callable[[Sequence[str]], Run], database: str | None
) -> dict[str, Run]:
    """What can be measured once, on an empty server; then it has the catalog."""
    plan = str(catalog.parent / "first.plan.json")
    _say(f"{grants:,} grants: {FIRST_PLAN}")
    found = {FIRST_PLAN: run(kaiten_sync("plan", "-f", str(catalog)))}
    found[FIRST_FILE] = run(kaiten_sync("plan", "-f", str(catalog), "-o", plan))
    found[SHOW] = run(kaiten_sync("show", plan))
    _say(f"{grants:,} grants: {FIRST_APPLY}")
    if database is None:
        found[FIRST_APPLY] = run(kaiten_sync("apply", "-f", str(catalog), "--yes"))
        return found
    first = catalog.parent / "first.yaml"
    first.write_text(catalog_yaml(PER_LICENSE), encoding="utf-8")
    run(kaiten_sync("apply", "-f", str(first), "--yes"))
    # In a process of its own: those that are measured begin with the memory of this one.
    run([sys.executable, "-m", "benchmarks.filled", database, str(grants // PER_LICENSE)])
    return found


def _peers(folder: Path, values: int, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """The commands of the peers that are installed, with all that they compare prepared."""
    commands = {
        OCTODNS: peers.octodns(folder / "octodns", values),
        TERRAFORM: peers.terraform(folder / "terraform", values, environment),
        READING: peers.terraform_reading(folder / "grants", values),
    }
    return {name: command for name, command in commands.items() if command}


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _print(point: Point, asked: argparse.Namespace) -> None:
    print(f"\n{point.grants:,} grants, medians of {asked.runs} runs of whole processes\n")
    print("| what | requests | wall | CPU | peak memory | wall, times the floor |")
    print("|---|---|---|---|---|---|")
    floor = point.figures[FLOOR].seconds
    for what, figure in point.figures.items():
        sent = point.requests.get(what, "")
        print(
            f"| {what} | {sent} | {figure.seconds:.2f} s | {figure.cpu_seconds:.2f} s"
            f" | {figure.peak_mib:.0f} MiB | {figure.seconds / floor:.2f} |",
            flush=True,
        )
    for what in point.overdue:
        least = asked.peer_limit_s
        print(f"| {what} |  | over {least} s |  |  | over {least / floor:.0f} |", flush=True)


def _as_json(points: Sequence[Point]) -> dict[str, Any]:
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "points": [
            {
                "grants": point.grants,
                "requests": point.requests,
                "figures": {what: each.as_json() for what, each in point.figures.items()},
                "overdue": point.overdue,
            }
            for point in points
        ],
    }


if __name__ == "__main__":
    main()
