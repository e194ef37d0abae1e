"""The first page: what is full, what happened, and how many reports were accepted and refused."""

from __future__ import annotations

from kaiten_sync.server.dashboard.api_lines import export_line
from kaiten_sync.server.dashboard.chart import chart_reports
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.service import saturation, search, usage_days

_FULL = 20
_EVENTS = 15


def _overview(visit: Visit) -> Shown:
    sees_usage = visit.may("read:instances")
    work = visit.work
    return Shown(
        template="overview.html",
        values={
            "counts": search.count_all(work),
            "sees_usage": sees_usage,
            "full": saturation.list_full(work, _FULL) if sees_usage else [],
            "events": saturation.recent_events(work, _EVENTS) if sees_usage else [],
            "chart": (
                chart_reports(usage_days.count_reports(work), "Usage reports")
                if sees_usage
                else None
            ),
        },
        calls=(call("getInstances"),),
        command=export_line,
    )


PAGES = (DashboardPage(path="/", scopes=(), show=_overview),)
FORMS: tuple[Form, ...] = ()
