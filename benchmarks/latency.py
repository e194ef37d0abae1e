"""How long a plan takes when every answer takes its time, by the number of connections.

    python -m benchmarks.latency [--grants 5000 20000] [--latency-ms 50] [--connections 8 16]
                                 [--runs 3]

The embedded server stands behind a proxy that passes each request on only after the latency, so
that the best time is known: requests, times latency, divided by connections. The whole process is
measured, and its reading alone: from the first request to the end of the last answer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.curve import catalog_yaml
from benchmarks.processes import TOKEN, Run, embedded_server, kaiten_sync, measure, medians


def main() -> None:
    """Print a row for each size and number of connections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grants", type=int, nargs="+", default=[5000, 20_000])
    parser.add_argument("--latency-ms", type=int, default=50)
    parser.add_argument("--connections", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    print("| grants | connections | requests | best | wall | times | reading | times |")
    print("|---|---|---|---|---|---|---|---|")
    for grants in asked.grants:
        _measure(grants, asked)


def _measure(grants: int, asked: argparse.Namespace) -> None:
    latency_s = asked.latency_ms / 1000
    with tempfile.TemporaryDirectory() as name, embedded_server(Path(name)) as url:
        catalog = Path(name) / "catalog.yaml"
        catalog.write_text(catalog_yaml(grants), encoding="utf-8")
        environment = {**os.environ, "KAITEN_BASE_URL": url, "KAITEN_AUTH_TOKEN": TOKEN}

        def run(*words: str) -> Run:
            return measure(
                kaiten_sync(*words), folder=Path(name), environment=environment, codes=(0,)
            )

        run("apply", "-f", str(catalog), "--yes")
        with delayed(url, latency_s) as slow:
            environment["KAITEN_BASE_URL"] = slow.url
            for count in asked.connections:
                plan = ("plan", "-f", str(catalog), "--connections", str(count))
                run(*plan)  # warms up
                runs, readings = [], []
                for _ in range(asked.runs):
                    slow.requests = 0
                    runs.append(run(*plan))
                    readings.append(slow.reading_s)
                best = slow.requests * latency_s / count
                wall, reading = medians(runs).seconds, statistics.median(readings)
                times = " | ".join(f"{s:.2f} s | {s / best:.2f}" for s in (wall, reading))
                print(
                    f"| {grants:,} | {count} | {slow.requests} | {best:.2f} s | {times} |",
                    flush=True,
                )


class Delayed:
    """A proxy to a server, and how many requests went through it since `requests` was set to 0."""

    def __init__(self, server: str, latency_s: float) -> None:
        parts = urlsplit(server)
        self.url = ""
        self.requests = 0
        self._host, self._port = str(parts.hostname), parts.port
        self._latency_s = latency_s
        self._first = self._last = 0.0

    @property
    def reading_s(self) -> float:
        """Seconds from the first of these requests to the end of the last answer."""
        return self._last - self._first

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        listening = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"

    async def _connect(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection(self._host, self._port)
        answers = asyncio.create_task(self._pass_on(far, back))
        while request := await near.read(65536):  # a plan's requests have no body
            if self.requests == 0:
                self._first = time.perf_counter()
            self.requests += 1
            await asyncio.sleep(self._latency_s)
            forth.write(request)
        forth.close()
        await answers

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while content := await source.read(65536):
            target.write(content)
            self._last = time.perf_counter()
        target.close()


@contextmanager
def delayed(server: str, latency_s: float) -> Iterator[Delayed]:
    """A server that answers so much later."""
    proxy = Delayed(server, latency_s)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(proxy.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


if __name__ == "__main__":
    main()
