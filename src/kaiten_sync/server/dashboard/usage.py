"""The page of usage over all instances: who is over, at or near a limit, or is being refused."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from kaiten_sync.server.dashboard.fields import Choice
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of, skipped_of
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.db.saturation import CounterFilter
from kaiten_sync.server.domain.saturation import Band
from kaiten_sync.server.service import saturation
from kaiten_sync.server.web.codec import check_storable

USAGE = "/usage"
REFUSED = "refused"
"""The value of the filter of bands for what was refused lately, whatever its band is now."""

BAND_NAMES: Mapping[Band, str] = {band: band.value.replace("_", " ") for band in Band}

_BANDS = (
    *(Choice(value=band.value, label=name) for band, name in BAND_NAMES.items()),
    Choice(value=REFUSED, label=f"refused in the last {saturation.RECENT_DAYS} days"),
)
_MAX_SLUG = 100
"""Characters, as many as a slug has: a longer filter finds nothing, and is not carried along."""


def usage_path(**asked: str) -> str:
    """The URL of the list with these filters."""
    return f"{USAGE}?{urlencode(asked)}"


def _usage(visit: Visit) -> Shown:
    listing = listing_of(visit, USAGE, Filter(name="band", label="Band", choices=_BANDS))
    skipped, band = skipped_of(visit), listing.values["band"]
    slugs = {name: _slug(visit, name) for name in ("license", "customer")}
    wanted = CounterFilter(
        band=Band(band) if band and band != REFUSED else None,
        refused_since_day=saturation.recent_day(visit.work) if band == REFUSED else None,
        license_slug=slugs["license"] or None,
        customer_slug=slugs["customer"] or None,
    )
    meters, has_more = saturation.list_counters(visit.work, wanted, skipped=skipped, limit=ROWS)
    asked = {name: value for name, value in {"band": band, **slugs}.items() if value}
    return Shown(
        template="usage.html",
        values={
            "bands": _BANDS,
            "band": band,
            "slugs": slugs,
            "meters": meters,
            "total": saturation.count_counters(visit.work, wanted),
            "is_narrowed": bool(asked),
            "first": usage_path(**asked) if skipped else None,
            "following": usage_path(**asked, skip=str(skipped + ROWS)) if has_more else None,
        },
        calls=(call("getInstances"),),
    )


def _slug(visit: Visit, name: str) -> str:
    text = visit.query.get(name, "").strip()[:_MAX_SLUG]
    check_storable(text, f"query.{name}")
    return text


PAGES = (DashboardPage(path=USAGE, scopes=("read:instances",), show=_usage),)
FORMS: tuple[Form, ...] = ()
