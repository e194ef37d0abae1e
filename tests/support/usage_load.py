"""Reports usage as a process of its own: `python -m tests.support.usage_load`, see `Load`."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.support.metering import client, path
from tests.support.processes import HANG_S, python_module, started

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Load:
    """So many reports of 1 to one counter, each with a key of its own that begins with `name`."""

    url: str
    token: str
    name: str
    reports: int

    def run(self) -> Counter[int]:
        """Report, one after another. Gives how often which status was answered."""
        with client(self.url, self.token) as api:
            return Counter(
                api.post(path(), json={"value": 1, "transactionId": f"{self.name}-{n}"}).status_code
                for n in range(self.reports)
            )


def in_processes(loads: list[Load]) -> Counter[int]:
    """Run each in a process of the system, all at once."""
    counts: Counter[int] = Counter()
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                started(
                    python_module("tests.support.usage_load"),
                    cwd=_ROOT,
                    env={**os.environ, "USAGE_LOAD": json.dumps(asdict(load))},
                    stdout=subprocess.PIPE,
                )
            )
            for load in loads
        ]
        for process in processes:
            output, _ = process.communicate(timeout=HANG_S)
            assert process.returncode == 0
            counts.update({int(status): times for status, times in json.loads(output).items()})
    return counts


if __name__ == "__main__":
    print(json.dumps(Load(**json.loads(os.environ["USAGE_LOAD"])).run()))
