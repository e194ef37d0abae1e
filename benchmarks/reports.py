"""Measures usage reports per second through a whole HTTP stack, next to a bare ASGI handler.

The load comes from wrk (the package of Debian with that name) with 8 connections, and shares the
machine's cores. The bare handler does the same transaction with the same driver, and nothing else
(`benchmarks.bare_reports`). The two are measured in turns, so that both see the same machine.

Run it with `python -m benchmarks.reports`.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.support.databases import cluster
from tests.support.metering import add_instance, client, metered
from tests.support.processes import started
from tests.support.server_process import ServerProcess

CONNECTIONS = 8
SECONDS = 5
ROUNDS = 3
COUNTERS = (1, 200)

_ROOT = Path(__file__).parents[1]
_REQUEST = """
local n = 0
function request()
  n = n + 1
  local path = "/api/instances/i" .. (n % {counters}) .. "/entitlements/calls/usage"
  local headers = {{ Authorization = "Bearer {token}", ["Content-Type"] = "application/json" }}
  return wrk.format("POST", path, headers, '{{"value": 1}}')
end
"""
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)\b")
_ERRORS = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.+)")
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Reports per second, the milliseconds that 99 % take at most, and what went wrong."""

    per_second: float
    p99_ms: float
    errors: str


def main() -> None:
    """Print the table of docs/explanation/performance.md."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install --no-install-recommends wrk")
    print("| database, counters | reports/s | p99, ms | bare handler, reports/s | of the bare |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, cluster() as running:
        for counters in COUNTERS:
            name = "1 counter" if counters == 1 else f"{counters} counters"
            path = Path(folder) / f"{counters}.db"
            _print_row(f"SQLite, {name}", f"sqlite:///{path}", counters)
            _print_row(f"PostgreSQL, {name}", running.new_database(), counters)


def _print_row(name: str, database_url: str, counters: int) -> None:
    ours, bare = [], []
    for turn in range(ROUNDS):
        with ServerProcess(database_url, token=_TOKEN) as server:
            if turn == 0:
                with client(server.url, server.token) as api:
                    _fill(api, database_url, counters)
            ours.append(_measure(server.url, counters))
        with _bare(database_url) as url:
            bare.append(_measure(url, counters))
    rate = statistics.median(each.per_second for each in ours)
    bare_rate = statistics.median(each.per_second for each in bare)
    p99 = statistics.median(each.p99_ms for each in ours)
    shown = [f"{rate:,.0f}", f"{p99:.0f}", f"{bare_rate:,.0f}", f"{rate / bare_rate:.0%}"]
    errors = "".join(f" ({each.errors})" for each in (*ours, *bare) if each.errors)
    print(f"| {name} | {' | '.join(shown)} |{errors}", flush=True)


_TOKEN = "ksh_for-the-benchmark-and-nothing-else"


def _fill(api: httpx.Client, database_url: str, counters: int) -> None:
    metered(api, database_url).grant(-1)
    for number in range(counters):
        add_instance(api, f"i{number}")


@contextmanager
def _bare(database_url: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "uvicorn", "--factory", "benchmarks.bare_reports:make"),
        *("--port", str(port), "--no-access-log", "--log-level", "critical", "--lifespan", "off"),
    ]
    environment = {**os.environ, "BARE_DATABASE": database_url}
    with started(command, cwd=_ROOT, env=environment) as process:
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        yield url
        process.terminate()
        process.wait()


def _wait(url: str) -> None:
    """Wait until something accepts connections there."""
    transport = httpx.HTTPTransport(retries=20)  # with a pause before each that doubles
    with httpx.Client(transport=transport) as waiting:
        waiting.post(f"{url}/api/instances/i0/entitlements/calls/usage", json={"value": 1})


def _measure(url: str, counters: int) -> Measured:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_REQUEST.format(counters=counters, token=_TOKEN))
        script.flush()
        said = _run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency"], script, url)
    rate, p99, errors = _RATE.search(said), _P99.search(said), _ERRORS.search(said)
    if rate is None or p99 is None:
        raise RuntimeError(said)
    return Measured(
        per_second=float(rate[1]),
        p99_ms=float(p99[1]) * _MS[p99[2]],
        errors=errors[0] if errors else "",
    )


def _run(command: Sequence[str], script: tempfile._TemporaryFileWrapper[str], url: str) -> str:
    line = [*command, "-s", script.name, url]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
