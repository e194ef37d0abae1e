"""Planning a large catalog without changes: requests, time beside a bare loop, memory.

    python -m benchmarks.plan_catalog [--licenses 400] [--grants 50] [--runs 5]

Starts the embedded server on an empty database, applies the catalog once, then measures whole
processes and prints a table. The medians of several runs are shown; runs alternate, so that a
machine that slows down slows everything.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TOKEN = "ksh_benchmark-of-a-throw-away-server"
READY = "listening on "


@dataclass(frozen=True)
class Run:
    """One finished process."""

    seconds: float
    peak_mib: float
    stdout: str


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = folder / "catalog.yaml"
        catalog.write_text(catalog_yaml(arguments.licenses, arguments.grants), encoding="utf-8")
        with _server(folder) as url:
            environment = {
                **os.environ,
                "KAITEN_BASE_URL": url,
                "KAITEN_AUTH_TOKEN": TOKEN,
            }
            plan = _kaiten_sync("plan", "-f", str(catalog))
            filling = _run([*_kaiten_sync("apply", "-f", str(catalog), "--yes")], environment)
            commands = {
                "kaiten-sync plan": plan,
                "bare loop, 8 connections": _bare(url, 8),
                "bare loop, 1 connection": _bare(url, 1),
            }
            runs = _alternate(commands, environment, arguments.runs)
            requests = _requests(catalog, environment)
    _print(arguments, filling, runs, requests)


def catalog_yaml(licenses: int, grants: int) -> str:
    """A catalog of so many licenses with so many grants each."""
    lines = ["version: 1", "groups:", "  quotas: {name: Quotas}", "entitlements:"]
    lines += [
        f"  quota-{e:03}: {{name: Quota {e}, type: NUMBER, groups: [quotas]}}"
        for e in range(grants)
    ]
    lines.append("licenses:")
    for number in range(licenses):
        lines.append(f"  license-{number:04}:")
        lines.append(f"    {{name: License {number}, type: PAID, entitlements: {{")
        lines.append(", ".join(f"quota-{e:03}: {100 * number + e}" for e in range(grants)) + "}}")
    return "\n".join(lines) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--licenses", type=int, default=400)
    parser.add_argument("--grants", type=int, default=50)
    parser.add_argument("--runs", type=int, default=5)
    return parser.parse_args()


def _kaiten_sync(*args: str) -> list[str]:
    return [sys.executable, "-m", "kaiten_sync", *args]


def _bare(url: str, workers: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.bare_loop", url, str(workers)]


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    command = _kaiten_sync("serve", "--port", "0", "--database", f"sqlite:///{folder}/bench.db")
    environment = {**os.environ, "KAITEN_BOOTSTRAP_TOKEN": TOKEN}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.partition(READY)[2].strip()
    finally:
        process.terminate()
        process.wait()


def _alternate(
    commands: dict[str, list[str]], environment: dict[str, str], count: int
) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for name, command in commands.items():
        _run(command, environment)  # warm up: the page cache, the server's connections
        runs[name].clear()
    for _ in range(count):
        for name, command in commands.items():
            runs[name].append(_run(command, environment))
    return runs


def _run(command: Sequence[str], environment: dict[str, str]) -> Run:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    stdout = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{stdout}")
    return Run(seconds, _peak_mib(usage), stdout)


def _peak_mib(usage: resource.struct_rusage) -> float:
    """ru_maxrss is in KiB on Linux and in bytes on macOS (getrusage(2))."""
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / 1024 / 1024


def _requests(catalog: Path, environment: dict[str, str]) -> int:
    """What the HTTP adapter counted while planning, in this process."""
    os.environ.update(environment)
    from kaiten_sync.bootstrap import Flags, connect
    from kaiten_sync.model.ports import NoProgress
    from kaiten_sync.model.settings import Policy, Scope
    from kaiten_sync.pipeline import CatalogSource, load, make_plan

    connection = connect(Flags(), environment, None)
    desired = load(CatalogSource(root=catalog.parent, catalog=[catalog.name]))
    with connection.open() as server:
        proposal = make_plan(
            desired,
            server,
            target=connection.target,
            scope=Scope(),
            policy=Policy(),
            progress=NoProgress(),
        )
        assert proposal.plan.is_empty
        return server.requests_sent


def _print(
    arguments: argparse.Namespace, filling: Run, runs: dict[str, list[Run]], requests: int
) -> None:
    grants = arguments.licenses * arguments.grants
    print(f"{arguments.licenses} licenses, {grants:,} grants; {os.cpu_count()} cores;")
    print(f"medians of {arguments.runs} runs of whole processes, server on the same machine\n")
    print("| what | requests | wall time | times the bare loop | peak memory |")
    print("|---|---|---|---|---|")
    bare = statistics.median(r.seconds for r in runs["bare loop, 8 connections"])
    for name, finished in runs.items():
        seconds = statistics.median(r.seconds for r in finished)
        peak = statistics.median(r.peak_mib for r in finished)
        sent = requests if name.startswith("kaiten-sync") else int(finished[0].stdout)
        print(f"| {name} | {sent} | {seconds:.2f} s | {seconds / bare:.2f} | {peak:.0f} MiB |")
    print(f"\nThe first apply, which creates everything: {filling.seconds:.0f} s,", end=" ")
    print(f"peak {filling.peak_mib:.0f} MiB.")


if __name__ == "__main__":
    main()
