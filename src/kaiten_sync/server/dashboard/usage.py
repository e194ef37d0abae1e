"""The page of usage over all instances: who is over, at or near a limit, or is being refused."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from kaiten_sync.server.dashboard.fields import Choice
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.db.counter_pages import METER_SORTS
from kaiten_sync.server.db.saturation import CounterFilter
from kaiten_sync.server.domain.saturation import Band
from kaiten_sync.server.service import saturation

USAGE = "/usage"
REFUSED = "refused"
"""The value of the filter of bands for what was refused lately, whatever its band is now."""

BAND_NAMES: Mapping[Band, str] = {band: band.value.replace("_", " ") for band in Band}

_BANDS = (
    *(Choice(value=band.value, label=name) for band, name in BAND_NAMES.items()),
    Choice(value=REFUSED, label=f"refused in the last {saturation.RECENT_DAYS} days"),
)
_SLUGS = ("license", "customer")
"""Filters of which the slug is typed."""


def usage_path(**asked: str) -> str:
    """The URL of the list with these filters."""
    return f"{USAGE}?{urlencode(asked)}"


def _usage(visit: Visit) -> Shown:
    listing = listing_of(
        visit,
        USAGE,
        Filter(name="band", label="Band", choices=_BANDS),
        texts=_SLUGS,
        sorts=METER_SORTS,
    )
    band = listing.values["band"]
    wanted = CounterFilter(
        band=Band(band) if band and band != REFUSED else None,
        refused_since_day=saturation.recent_day(visit.work) if band == REFUSED else None,
        license_slug=listing.values["license"] or None,
        customer_slug=listing.values["customer"] or None,
    )
    page, total = saturation.list_counters(visit.work, wanted, listing.position, ROWS, listing.sort)
    return Shown(
        template="usage.html",
        values={
            "listing": listing,
            "texts": _SLUGS,
            "meters": page.rows,
            "total": total,
            "following": listing.after(page.next),
        },
        calls=(call("getInstances"),),
    )


PAGES = (DashboardPage(path=USAGE, scopes=("read:instances",), show=_usage),)
FORMS: tuple[Form, ...] = ()
