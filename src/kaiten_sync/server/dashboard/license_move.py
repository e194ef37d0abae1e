"""The page that moves holders of a license to another one, with what that does to each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kaiten_sync.server.dashboard.fields import Sent
from kaiten_sync.server.dashboard.grant_table import digest_of
from kaiten_sync.server.dashboard.licenses import ONE, READ, declared, versions_to_choose
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Form,
    Shown,
    Visit,
    call,
    operation,
)
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.domain.licenses import PUBLISHED
from kaiten_sync.server.domain.refusals import conflict
from kaiten_sync.server.service import previews, search
from kaiten_sync.server.service.instances import move_to_license
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.service.previews import Preview

_PATH = f"{ONE}/move"
WAVE = 500
"""Instances that are moved at a time: one transaction, and others must not wait long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlannedMove:
    """A move as it was asked for, and what it would do."""

    target: LicenseRow
    with_over: bool
    preview: Preview
    digest: str

    @property
    def moving(self) -> Sequence[str]:
        """The instances that would move now, by slug."""
        left = frozenset[str]() if self.with_over else self.preview.over
        return [slug for slug in self.preview.holders if slug not in left][:WAVE]

    @property
    def query(self) -> str:
        """The same in a URL."""
        return urlencode({"to": self.target.slug, **({"over": "on"} if self.with_over else {})})


def _move(visit: Visit) -> Shown:
    row = get_license(visit.work, visit.path["licenseSlug"])
    refused = visit.refused
    said = {
        name: refused.sent.one(name) if refused else visit.query.get(name, "")
        for name in ("to", "over")
    }
    to = said["to"]
    wanted = _wanted(visit, row, to, bool(said["over"])) if to else None
    offered = versions_to_choose(visit)
    return Shown(
        template="license_move.html",
        values={
            "row": row,
            "tab": "move",
            "moved": refused,
            "to": to,
            "over": bool(said["over"]),
            "offered": offered
            and [
                each for each in offered if each.lifecycle_state == PUBLISHED and each.id != row.id
            ],
            "held": search.count_instances(visit.work, row.id),
            "wanted": wanted,
        },
        calls=(call("updateInstance", {"licenseId": "<id of the license>"}, instanceSlug="main"),),
        declaration=declared(visit, [wanted.target] if wanted else [row]),
    )


def _wanted(visit: Visit, row: LicenseRow, to: str, with_over: bool) -> _PlannedMove:
    target = get_license(visit.work, to)
    sides = (search.grants_of(visit.work, each.id) for each in (row, target))
    proposed = previews.proposed_move(*sides)
    return _PlannedMove(
        target=target,
        with_over=with_over,
        preview=previews.preview(visit.work, row, proposed),
        digest=digest_of(proposed),
    )


def _do(visit: Visit, sent: Sent) -> dict[str, Any]:
    row = get_license(visit.work, visit.path["licenseSlug"])
    wanted = _wanted(visit, row, sent.one("to"), bool(sent.one("over")))
    # The page showed who would be over a limit by the grants of that moment.
    if wanted.digest != sent.one("reviewed"):
        detail = "what the licenses grant was changed meanwhile; look at the move again"
        raise conflict("Form.ChangedMeanwhile", detail)
    for slug in wanted.moving:
        move_to_license(visit.work, slug, wanted.target)
    return {"query": wanted.query}


_PAGE = DashboardPage(path=_PATH, scopes=(READ, "write:instances"), show=_move)
_MOVE = Form(
    path=_PATH,
    page=_PAGE,
    operation=operation("updateInstance"),
    done=lambda done: f"{_PATH.format(**done.path)}?{done.result['query']}&done=moved",
    act=_do,
)

PAGES = (_PAGE,)
FORMS = (_MOVE,)
