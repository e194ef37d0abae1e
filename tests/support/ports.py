"""Ports of jobs for tests: the real disk and git, nobody who watches, and a clock that stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from kaiten_sync.bootstrap import local_ports
from kaiten_sync.model.ports import NeverStopped, NoNotices, NoProgress, Ports

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Notebook:
    """Keeps notices."""

    lines: list[str]

    def notify(self, text: str) -> None:
        self.lines.append(text)


def quiet_ports() -> Ports:
    """Ports that show nothing to anybody."""
    ports = local_ports(notices=NoNotices(), progress=NoProgress(), stop=NeverStopped())
    return ports.changed(clock=lambda: NOW)
