"""Starts the worker, asks it, and reads its answers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kaiten_sync.errors import KaitenSyncError, UsageError
from kaiten_sync.expressions.language import (
    JUDGMENT_CPU_S,
    CheckedExpression,
    Language,
    Limits,
    Mistake,
    Unjudged,
    Verdict,
)
from kaiten_sync.model.policy_rule import MAX_EXPRESSION
from kaiten_sync.model.value import Json

_KEPT = re.compile(r"PATH|HOME|TMPDIR|LANG|LC_\w+|LD_LIBRARY_PATH|PYTHON(PATH|HOME)|SYSTEMROOT")
"""Variables that Python needs to find itself and its packages; the others may be secrets."""

_BYTES_PER_ROW_BYTE = 40
"""Memory that a byte of the request takes at most once it is parsed and converted."""

_OUT_OF_TIME = frozenset({-signal.SIGXCPU, -signal.SIGKILL})


def check(
    expressions: Sequence[str], language: Language, limits: Limits | None = None
) -> tuple[CheckedExpression, ...]:
    """What is wrong with each expression, or else which groups of variables it uses.

    Raises:
        UsageError: the library for expressions is not installed.
    """
    limits = limits or Limits()
    fitting = [text for text in expressions if len(text) <= MAX_EXPRESSION]
    answers = iter(_ask(fitting, language, rows=(), common={}, limits=limits))
    return tuple(
        _checked(next(answers), limits) if len(text) <= MAX_EXPRESSION else _TOO_LONG
        for text in expressions
    )


def judge(
    expressions: Sequence[str],
    language: Language,
    rows: Sequence[Mapping[str, Json | datetime]],
    common: Mapping[str, Json | datetime] | None = None,
    limits: Limits | None = None,
) -> tuple[tuple[Verdict, ...], ...]:
    """The verdicts of each expression on each row.

    A variable that a row does not have has no value in it; `common` has those of all rows. An
    expression that is wrong, or that a limit ended, is unjudged on every row, and so are those
    after one that a limit ended.

    Raises:
        UsageError: the library for expressions is not installed.
    """
    limits = limits or Limits()
    if not expressions or not rows:
        return tuple(() for _ in expressions)
    fitting = [text for text in expressions if len(text) <= MAX_EXPRESSION]
    answers = iter(_ask(fitting, language, rows=rows, common=common or {}, limits=limits))
    found: list[tuple[Verdict, ...]] = []
    for text in expressions:
        answer = next(answers) if len(text) <= MAX_EXPRESSION else {}
        checked = _checked(answer, limits) if answer else _TOO_LONG
        if checked.mistakes:
            found.append((Unjudged(reason=checked.mistakes[0].message),) * len(rows))
        else:
            found.append(
                tuple(
                    each if isinstance(each, bool) else Unjudged(reason=each[0], lacks=each[1])
                    for each in answer["verdicts"]
                )
            )
    return tuple(found)


_TOO_LONG = CheckedExpression(
    mistakes=(Mistake(1, 1, f"it is longer than {MAX_EXPRESSION:,} characters"),)
)


def _checked(answer: Mapping[str, Any], limits: Limits) -> CheckedExpression:
    if "ended" in answer:
        return CheckedExpression(
            mistakes=(Mistake(1, 1, _ENDED[answer["ended"]].format(limits=limits)),)
        )
    return CheckedExpression(
        mistakes=tuple(Mistake(*each) for each in answer["mistakes"]),
        uses=frozenset(answer["uses"]),
    )


_ENDED = {
    "time": "it takes more than {limits.cpu_s} s of processor time",
    "memory": "it takes more than {limits.memory_bytes:,} bytes of memory",
    "before": "an expression before it reached a limit",
}


def _ask(
    expressions: Sequence[str],
    language: Language,
    *,
    rows: Sequence[Mapping[str, Json | datetime]],
    common: Mapping[str, Json | datetime],
    limits: Limits,
) -> list[dict[str, Any]]:
    """One answer for each expression."""
    values = json.dumps({"rows": rows, "common": common}, default=datetime.isoformat)
    request = {
        "variables": dict(language.variables),
        "expressions": expressions,
        "cpuS": limits.cpu_s + int(JUDGMENT_CPU_S * len(expressions) * len(rows)),
        "memoryBytes": limits.memory_bytes + _BYTES_PER_ROW_BYTE * len(values),
    }
    done = subprocess.run(
        # -P: the folder in which somebody works is not searched for packages
        [sys.executable, "-P", "-m", "kaiten_sync.expressions.worker"],
        input=f"{json.dumps(request)[:-1]}, {values[1:]}",
        env={name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.endswith("}")]
    if answers and "missing" in answers[0]:
        raise UsageError(
            f"expressions in CEL need a library that is not installed: {answers[0]['missing']}",
            hint="install kaiten-sync again, from where you got it, with the extra `[rules]`",
        )
    if not done.returncode:
        return answers
    return [*answers, *_ended(done, len(expressions) - len(answers))]


def _ended(done: subprocess.CompletedProcess[str], missing: int) -> list[dict[str, Any]]:
    """Answers in place of those that a limit kept the worker from giving.

    Raises:
        KaitenSyncError: no limit ended it.
    """
    if done.returncode in _OUT_OF_TIME:
        limit = "time"
    elif done.returncode == -signal.SIGABRT or "MemoryError" in done.stderr:
        limit = "memory"
    else:
        last = done.stderr.strip().splitlines()[-1:]
        raise KaitenSyncError(
            f"the process that judges expressions ended with {done.returncode}: {''.join(last)}"
        )
    return [{"ended": limit}, *({"ended": "before"} for _ in range(missing - 1))]
