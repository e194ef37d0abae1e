"""How many requests a plan takes, as the HTTP adapter counts them.

    python -m benchmarks.requests_of_plan CATALOG

Server and token come from the environment. The catalog has to be what the server has.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kaiten_sync.bootstrap import Flags, connect
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.settings import Policy, Scope
from kaiten_sync.pipeline import CatalogSource, load, make_plan


def main(catalog: Path) -> None:
    """Plan, and print the count."""
    connection = connect(Flags(), os.environ, None)
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
        print(server.requests_sent)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
