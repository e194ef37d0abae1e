"""Says of each difference who declared what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from kaiten_sync.git.blame import blame_lines
from kaiten_sync.model.attribution import Attribution
from kaiten_sync.model.drift import Difference
from kaiten_sync.model.source import SourceRef


def attributed(differences: Sequence[Difference], root: Path) -> tuple[Difference, ...]:
    """The differences with who wrote their lines; files are named from `root`."""
    lines: dict[str, set[int]] = defaultdict(set)
    for difference in differences:
        for place in _places(difference):
            lines[place.file].add(place.line)
    # git blame runs once per file, whatever the number of its lines.
    authors = {
        (file, line): who
        for file, wanted in lines.items()
        for line, who in blame_lines(root / file, wanted).items()
    }
    return tuple(d.changed(declared_by=_newest(d, authors)) for d in differences)


def _places(difference: Difference) -> list[SourceRef]:
    """The lines of the fields that differ, or where the object is declared."""
    fields = [field.source for field in difference.fields if field.source is not None]
    if fields:
        return fields
    return [] if difference.source is None else [difference.source]


def _newest(
    difference: Difference, authors: Mapping[tuple[str, int], Attribution]
) -> Attribution | None:
    """Whoever wrote last; what is not committed is newer than everything."""
    found = [
        who
        for place in _places(difference)
        if (who := authors.get((place.file, place.line))) is not None
    ]
    return max(found, key=_age, default=None)


def _age(who: Attribution) -> tuple[bool, float]:
    if who.commit is None:
        return (not who.is_cut_off, 0.0)
    return (False, datetime.fromisoformat(who.date).timestamp() if who.date else 0.0)
