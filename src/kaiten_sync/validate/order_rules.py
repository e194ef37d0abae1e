"""Which target waits for which makes sense (`after` of a project file). Stage 2."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Node
from kaiten_sync.model.source import SourceRef


def order_diagnostics(root: Node) -> Iterator[Diagnostic]:
    """A target waits for targets of this project, and in the end for none that waits for it."""
    targets = root.entries.get("targets")
    known = targets.node.entries if targets is not None else {}
    waits: dict[str, dict[str, SourceRef]] = {}
    for name, target in known.items():
        after = target.node.entries.get("after")
        nodes: tuple[Node, ...] = ()
        if after is not None:
            nodes = after.node.value if isinstance(after.node.value, tuple) else (after.node,)
        waits[name] = {node.value: node.ref for node in nodes if isinstance(node.value, str)}
    for before in waits.values():
        for name, ref in before.items():
            if name not in known:
                yield Diagnostic(
                    rule="unknown-target",
                    message=f"there is no target {name!r} to wait for",
                    ref=ref,
                    hint=f"the targets are: {', '.join(sorted(known))}",
                )
    try:
        TopologicalSorter({name: list(before) for name, before in waits.items()}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]  # each one waits for the next
        yield Diagnostic(
            rule="circular-order",
            message=f"these targets wait for each other: {' → '.join(circle)}",
            ref=waits[circle[0]][circle[1]],
            hint="leave out one `after`, so that one target comes first",
        )
