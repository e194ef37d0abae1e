"""Handlers that do more than forward, and answers that are put together of several results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from kaiten_sync.server.db.audit import TrailFilter
from kaiten_sync.server.domain.entitlements import EntitlementFields
from kaiten_sync.server.domain.events import find_event_type
from kaiten_sync.server.service import audit, families
from kaiten_sync.server.service.accounts import AccountView, NewToken
from kaiten_sync.server.service.entitlements import EntitlementPage
from kaiten_sync.server.service.grants import GrantPage
from kaiten_sync.server.service.usage_reports import (
    Counted,
    ReportFields,
    UsageReport,
    report_many,
    report_usage,
)
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.accounts import account_json, token_json
from kaiten_sync.server.shapes.audit import trail_json
from kaiten_sync.server.shapes.entitlements import entitlement_json
from kaiten_sync.server.shapes.grants import grant_json
from kaiten_sync.server.shapes.licenses import family_json
from kaiten_sync.server.web.forwarding import Items, reads
from kaiten_sync.server.web.operations import AnswerWithHeaders, Arguments
from kaiten_sync.server.web.paging import page_body, position_of

_NO_TYPE = ""
"""The type of no event, so that an unknown name finds nothing."""

_TRAILS = "AuditTrails"
_REPLAYED = {"Idempotent-Replayed": "true"}


def read_entitlement(body: Mapping[str, Any]) -> EntitlementFields:
    """Read an entitlement; its groups become a tuple, so that the fields are a value."""
    slugs = body.get("groupSlugs")
    groups = None if slugs is None else tuple(slugs)
    return reads(EntitlementFields)({**body, "groupSlugs": groups})


def entitlement_with_groups(found: tuple[Any, Any]) -> dict[str, Any]:
    """An entitlement as the API shows it."""
    return entitlement_json(*found)


def entitlements_with_groups(found: EntitlementPage) -> Items:
    """A page of entitlements, each with its groups."""
    rows = found.page.rows
    return (entitlement_json(row, found.groups.get(row.id, [])) for row in rows), found.page.next


def grants_with_groups(found: GrantPage) -> Items:
    """A page of a license's grants, each with the groups of its entitlement."""
    rows = found.page.rows
    return (grant_json(row, found.license, found.groups) for row in rows), found.page.next


def only_grant(found: GrantPage) -> dict[str, Any]:
    """The one grant of a page that has only it."""
    return grant_json(found.page.rows[0], found.license, found.groups)


def account_with_tokens(view: AccountView) -> dict[str, Any]:
    """A service account with its newest tokens."""
    return account_json(view.account, view.tokens)


def token_with_secret(made: NewToken) -> dict[str, Any]:
    """A new token in the only answer that contains the token itself."""
    return {**token_json(made.row), "token": made.plain}


def get_family(work: Work, asked: Arguments) -> dict[str, Any]:
    """Get a family with one of its versions, or with all."""
    with_versions = "versions" in asked.query["include"]
    view = families.get_family(
        work,
        asked.path["familySlug"],
        version=asked.query["version"],
        with_versions=with_versions,
    )
    return family_json(view, with_versions=with_versions)


def report(work: Work, asked: Arguments) -> AnswerWithHeaders:
    """Report usage, as a plain number or as a tagged one."""
    path = asked.path
    counted = report_usage(work, path["instanceSlug"], path["entitlementSlug"], _fields(asked))
    return _counted(counted)


def report_all(
    asked: Sequence[tuple[Work, Arguments]], render: Callable[[Any], Response]
) -> list[Response | Exception]:
    """Report usage for several requests in one transaction."""
    reports = [
        UsageReport(
            work=work,
            instance_slug=each.path["instanceSlug"],
            entitlement_slug=each.path["entitlementSlug"],
            fields=_fields(each),
        )
        for work, each in asked
    ]
    return report_many(reports, lambda counted: render(_counted(counted)))


def _fields(asked: Arguments) -> ReportFields:
    body = asked.body
    value = body["value"]
    return ReportFields(
        # The getting-started generation reports a bare number, without a behavior (API facts, 5).
        value=value if isinstance(value, dict) else {"type": "number", "value": value},
        behavior=body.get("behavior", "append"),
        transaction_id=body.get("transactionId"),
    )


def _counted(counted: Counted) -> AnswerWithHeaders:
    return AnswerWithHeaders(body=counted.answer, headers=_REPLAYED if counted.is_replay else {})


def list_trail(work: Work, asked: Arguments) -> dict[str, Any]:
    """List an instance's events of one type or of all, under the name that the instance has now."""
    name = asked.query["event_name"]
    known = find_event_type(name) if name else None
    wanted = TrailFilter(
        # An unknown name is not a mistake: newer clients ask for events that this server never
        # emits.
        type=(known.type if known else _NO_TYPE) if name else None,
        since_ms=asked.query["after"],
        until_ms=asked.query["before"],
    )
    position = position_of(asked, _TRAILS)
    slug, limit = asked.path["instanceSlug"], asked.query["limit"]
    instance, page = audit.list_trail(work, slug, wanted, position, limit)
    return page_body([trail_json(row, instance.slug) for row in page.rows], page.next, _TRAILS)
