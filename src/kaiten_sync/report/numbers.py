"""Numbers as every report writes them. Stage 7."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 object`, `1,200 objects`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
