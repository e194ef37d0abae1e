"""The process in which expressions are checked and judged: `python -m` starts it, stdin asks.

The request is one JSON document, the answer one line of JSON for each expression, as soon as it is
there: if a limit ends the process, the line that is missing names the expression.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any

from kaiten_sync.expressions.language import Language, Unjudged


def main() -> None:
    """Read the request from stdin, answer on stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program that asks decides when to stop
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.load(sys.stdin)
    try:
        from kaiten_sync.expressions import cel
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)  # noqa: T201
        return
    _bound(resource.RLIMIT_CPU, request["cpuS"])
    _bound(resource.RLIMIT_AS, request["memoryBytes"])
    language = Language(variables=request["variables"])
    common, rows = request["common"], request["rows"]
    for text in request["expressions"]:
        checked = cel.checked(text, language)
        answer: dict[str, Any] = {
            "mistakes": [[each.line, each.column, each.message] for each in checked.mistakes],
            "uses": sorted(checked.uses),
        }
        if rows and not checked.mistakes:
            expression = cel.compiled(text, language)
            verdicts = (expression.verdict({**common, **row}) for row in rows)
            answer["verdicts"] = [
                [each.reason, each.lacks] if isinstance(each, Unjudged) else each
                for each in verdicts
            ]
        print(json.dumps(answer), flush=True)  # noqa: T201


def _bound(limit: int, most: int) -> None:
    """Lower a limit of this process; one that is lower already stays."""
    _, hard = resource.getrlimit(limit)
    lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (lowered, hard))


if __name__ == "__main__":
    main()
