"""Draws how time grows with the catalog, both axes logarithmic.

    python -m benchmarks.plot FILE.json [FILE.json ...] PICTURE.svg

The files are those of `benchmarks.curve --json`, which may have been run for other sizes each. Of
a size that several have, the first counts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import TypeAlias

Lines: TypeAlias = Mapping[str, Mapping[int, float]]
"""Seconds by the number of grants, for each command."""


def main() -> None:
    """Read the figures and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("picture", type=Path)
    asked = parser.parse_args()
    draw(lines_of(asked.files), asked.picture)


def lines_of(files: Iterable[Path]) -> Lines:
    """What the files have measured."""
    lines: dict[str, dict[int, float]] = {}
    for file in files:
        for point in json.loads(file.read_text(encoding="utf-8"))["points"]:
            for name, figures in point["figures"].items():
                lines.setdefault(name, {}).setdefault(point["grants"], figures["seconds"])
    return lines


def draw(lines: Lines, picture: Path) -> None:
    """Write the picture: a line for each command, the slowest first in the legend."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "kaiten-sync"  # the same figures give the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 5), layout="constrained")
    # There are more lines than colors.
    looks = product("os", [f"C{number}" for number in range(10)])
    common = max(frozenset.intersection(*(frozenset(points) for points in lines.values())))
    for name in sorted(lines, key=lambda each: -lines[each][common]):
        marker, color = next(looks)
        points = sorted(lines[name].items())
        axes.loglog(*zip(*points, strict=True), marker=marker, color=color, label=name)
    axes.set_xlabel("grants")
    axes.set_ylabel("seconds, whole process")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
