"""Which numbers can be stored: those that a 64-bit floating point number can hold."""

from __future__ import annotations

import sys

from kaiten_sync.server.domain.refusals import Problem, unprocessable


def number_problem(value: float) -> str | None:
    """Why a number cannot be stored; None if it can. JSON also carries integers of any length."""
    if value != value:
        return "not a number"
    return None if abs(value) <= sys.float_info.max else "number too large"


def check_number(value: float, place: str) -> None:
    """Refuse a number that cannot be stored, found at this place of a request.

    Raises:
        RefusalError: it cannot, with the code and the words of a request that has it in its JSON.
    """
    problem = number_problem(value)
    if problem is not None:
        raise unprocessable("UNPROCESSABLE", "validation failed", [Problem(problem, place)])
