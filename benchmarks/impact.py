"""Measures the impact of one lowered grant: 400 licenses, 10,000 instances, the usual budget.

    python -m benchmarks.impact [--instances 10000] [--holders 2000] [--runs 3]

The aim is less than 15 s and less than 300 MiB on two cores that client and server share. So many
instances hold the license whose grant is lowered, more than the budget lets it ask; the others are
spread over the rest. `impact PLAN` is measured as a whole process.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from tests.support.metering import done
from tests.support.tenants import DATES, make

from benchmarks.processes import TOKEN, embedded_server, kaiten_sync, measure, medians

LICENSES = 400
_CLIENTS = 8


def main() -> None:
    """Print one row: requests, time and memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--instances", type=int, default=10_000)
    parser.add_argument("--holders", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, embedded_server(Path(name)) as url:
        folder = Path(name)
        environment = {**os.environ, "KAITEN_BASE_URL": url, "KAITEN_AUTH_TOKEN": TOKEN}

        def planned(seats: int) -> None:
            (folder / "catalog.yaml").write_text(catalog_yaml(seats))
            command = kaiten_sync("plan", "-f", "catalog.yaml", "-o", "the.plan.json")
            command += ["--impact-budget", "0"]
            measure(command, folder=folder, environment=environment, codes=[0])

        planned(10)
        apply = kaiten_sync("apply", "the.plan.json")
        measure(apply, folder=folder, environment=environment, codes=[0])
        _sell(url, asked.instances, asked.holders)
        planned(5)
        command = kaiten_sync("impact", "the.plan.json", "--format", "json")
        runs = [
            measure(command, folder=folder, environment=environment, codes=[0])
            for _ in range(asked.runs)
        ]
    found, figures = json.loads(runs[0].stdout), medians(runs)
    print("| licenses | instances | holders | requests | wall | CPU | peak memory |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {LICENSES} | {asked.instances:,} | {asked.holders:,} | {found['requests']}"
        f" | {figures.seconds:.1f} s | {figures.cpu_seconds:.1f} s | {figures.peak_mib:.0f} MiB |"
    )


def catalog_yaml(seats: int) -> str:
    """So many licenses with one grant each; the first grants so many seats."""
    lines = ["version: 1", "entitlements: {seats: {name: Seats, type: NUMBER}}", "licenses:"]
    lines += [
        f"  license-{number:03}: {{name: License {number}, type: PAID,"
        f" entitlements: {{seats: {10 if number else seats}}}}}"
        for number in range(LICENSES)
    ]
    return "\n".join(lines) + "\n"


def _sell(url: str, instances: int, holders: int) -> None:
    """Give the first license to so many instances, the others to the rest; each uses some seats."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"{url}/api", headers=headers, timeout=60) as api:
        customer = make(api, "/customers", name="Acme", slug="acme")["id"]
        licenses = [
            api.get(f"/licenses/license-{number:03}").json()["id"] for number in range(LICENSES)
        ]

        def buy(number: int) -> None:
            license_id = licenses[0 if number < holders else 1 + number % (LICENSES - 1)]
            body = {"name": f"Instance {number}", "description": "", "customerId": customer}
            body |= {"slug": f"instance-{number:05}", "licenseId": license_id, **DATES}
            make(api, "/instances", **body)
            if number < holders:
                path = f"/instances/{body['slug']}/entitlements/seats/usage"
                value = {"type": "number", "value": number % 11}
                done(api.post(path, json={"value": value, "behavior": "set"}))

        with ThreadPoolExecutor(max_workers=_CLIENTS) as pool:
            list(pool.map(buy, range(instances)))


if __name__ == "__main__":
    main()
