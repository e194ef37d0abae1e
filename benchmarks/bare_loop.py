"""The least that reading a catalog takes: fetch every page, parse it, keep nothing.

    python -m benchmarks.bare_loop URL WORKERS

The token comes from KAITEN_AUTH_TOKEN. Prints how many requests it sent.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx


def main(url: str, workers: int) -> None:
    headers = {"Authorization": f"Bearer {os.environ['KAITEN_AUTH_TOKEN']}"}
    limits = httpx.Limits(max_connections=workers)
    with httpx.Client(base_url=f"{url}/api", headers=headers, limits=limits) as client:
        count, _ = _pages(client, "/entitlement-groups")
        more, _ = _pages(client, "/entitlements")
        count += more
        more, licenses = _pages(client, "/licenses")
        count += more
        paths = [f"/licenses/{item['slug']}/entitlements" for item in licenses]
        if workers == 1:
            count += sum(_pages(client, path)[0] for path in paths)
        else:
            with ThreadPoolExecutor(workers) as pool:
                count += sum(n for n, _ in pool.map(lambda path: _pages(client, path), paths))
    print(count)


def _pages(client: httpx.Client, path: str) -> tuple[int, list[Any]]:
    items: list[Any] = []
    params: dict[str, Any] = {"limit": 200}
    count = 0
    while True:
        page = json.loads(client.get(path, params=params).content)
        count += 1
        items += page["items"]
        if not page["hasMore"]:
            return count, items
        params["cursor"] = page["nextCursor"]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
