"""The page of the current plan, to read: what git would change here."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.dashboard.git_view import GitPlan
from kaiten_sync.server.dashboard.pages import Action, Page, Shown, Visit, call

_READ = ("list-entitlement-groups", "list-entitlements", "list-license-families", "get-licenses")
"""What a plan compares the catalog with."""


def _plan(visit: Visit) -> Shown:
    plan = visit.plan
    changes = [(each, _fields(each)) for each in plan.changes] if plan else []
    return Shown(
        template="plan.html",
        values={"plan": plan, "changes": changes, "has_git": visit.has_git},
        calls=tuple(call(each) for each in _READ),
        command=lambda _: _command(plan),
    )


def _command(plan: GitPlan | None) -> str:
    name = plan.target.get("name") if plan else None
    return f"kaiten-sync plan -t {shlex.quote(name)}" if name else "kaiten-sync plan"


def _fields(change: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (each["name"], _text(each, "before"), _text(each, "after"))
        for each in change.get("fields", ())
    ]


def _text(field: Mapping[str, Any], side: str) -> str:
    return json.dumps(field[side], ensure_ascii=False) if side in field else "–"


PAGES = (
    Page(
        path="/plan",
        scopes=("read:entitlements", "read:licenses"),
        show=_plan,
        waits_for_plan=True,
    ),
)
ACTIONS: tuple[Action, ...] = ()
