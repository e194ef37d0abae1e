"""Forms that change things: as they are shown they change nothing, and nobody's work is undone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.support.dash import Dash
from tests.support.furnished import furnish
from tests.support.html import Html
from tests.support.metering import done


@dataclass(frozen=True)
class Edit:
    """A form: the page it is on, where it goes, and what somebody else changes meanwhile."""

    page: str
    action: str
    in_api: str
    change: dict[str, Any]
    field: str
    method: str = "PUT"
    keep: tuple[str, ...] = ()


_EDITS = {
    "entitlement": Edit(
        page="/entitlements/api-calls/edit",
        action="/entitlements/api-calls/edit",
        in_api="/entitlements/api-calls",
        change={"description": "theirs"},
        field="description",
        keep=("name", "type", "meterType", "unitSingular", "unitPlural"),
    ),
    "license": Edit(
        page="/licenses/growth/edit",
        action="/licenses/growth/edit",
        in_api="/licenses/growth",
        change={"description": "theirs"},
        field="description",
        keep=("name", "type", "isDefault"),
    ),
    "customer": Edit(
        page="/customers/my-restaurant/edit",
        action="/customers/my-restaurant/edit",
        in_api="/customers/my-restaurant",
        change={"domain": "theirs.example"},
        field="domain",
        keep=("name", "externalCustomerId"),
    ),
    "instance": Edit(
        page="/instances/my-restaurant-test/edit",
        action="/instances/my-restaurant-test/edit",
        in_api="/instances/my-restaurant-test",
        change={"description": "theirs"},
        field="description",
        keep=("name", "slug", "customerId", "licenseId", "startLicenseDate", "endLicenseDate"),
    ),
    "status": Edit(
        page="/instances/my-restaurant-test",
        action="/instances/my-restaurant-test",
        in_api="/instances/my-restaurant-test",
        change={"status": "INCIDENT"},
        field="status",
        method="PATCH",
    ),
    "service account": Edit(
        page="/service-accounts/ci/edit",
        action="/service-accounts/ci/edit",
        in_api="/service-accounts/ci",
        change={"name": "Theirs"},
        field="name",
    ),
    "webhook": Edit(
        page="/webhooks/{webhookId}/edit",
        action="/webhooks/{webhookId}/edit",
        in_api="/webhooks/{webhookId}",
        change={"url": "https://theirs.example/"},
        field="url",
        keep=("eventTypes",),
    ),
}


@pytest.fixture(params=list(_EDITS))
def edit(request: pytest.FixtureRequest, api: httpx.Client) -> Edit:
    """A form of an organization that has what it changes."""
    names = furnish(api)
    found = _EDITS[request.param]
    places = {name: getattr(found, name).format(**names) for name in ("page", "action", "in_api")}
    return Edit(**{**vars(found), **places})


def test_a_form_that_is_sent_as_it_is_changes_nothing(
    dash: Dash, api: httpx.Client, edit: Edit
) -> None:
    before = done(api.get(edit.in_api)).json()
    leads_to = dash.do(edit.action, Html(dash.see(edit.page)).sendable(edit.action))
    # Not even who changed it last: each change is an event.
    assert done(api.get(edit.in_api)).json() == before
    assert leads_to == f"{edit.in_api}?done=unchanged"


def test_what_somebody_else_changed_meanwhile_is_not_undone(
    dash: Dash, api: httpx.Client, edit: Edit
) -> None:
    opened = Html(dash.see(edit.page)).sendable(edit.action)
    _change(api, edit)
    theirs = done(api.get(edit.in_api)).json()
    refused = dash.send(edit.action, opened)
    assert refused.status_code == 409
    page = Html(refused.text)
    assert "this was changed to: " in page.text
    assert done(api.get(edit.in_api)).json() == theirs
    again = page.sendable(edit.action)
    assert again[edit.field] == opened[edit.field]
    dash.do(edit.action, again)
    assert _lasting(done(api.get(edit.in_api)).json()) != _lasting(theirs)


def test_who_types_the_same_as_somebody_else_is_not_held_up(
    dash: Dash, api: httpx.Client, edit: Edit
) -> None:
    opened = Html(dash.see(edit.page)).sendable(edit.action)
    _change(api, edit)
    now = Html(dash.see(edit.page)).sendable(edit.action)
    assert now["form_state"] != opened["form_state"]
    dash.do(edit.action, {**now, "form_state": opened["form_state"]})


_TEXTS = ("a\nb", "a\n", "  a  ", "\n a \n\n", "a\r\nb", "a\rb\n", "a\x01b", "", "\n", "\u00a0")


@pytest.mark.parametrize("text", _TEXTS)
def test_a_text_that_was_not_edited_is_kept_whatever_browsers_make_of_it(
    dash: Dash, api: httpx.Client, text: str
) -> None:
    furnish(api)
    entitlement = {"name": "API\nCalls ", "description": text, "unitSingular": "a\nb "}
    done(api.put("/entitlements/api-calls", json={**entitlement, "unitPlural": "c"}))
    license_ = {"name": " Growth", "description": text, "type": "PAID", "isDefault": False}
    done(api.put("/licenses/growth", json=license_))
    for path in ("/entitlements/api-calls", "/licenses/growth"):
        before = done(api.get(path)).json()
        shown = Html(dash.see(f"{path}/edit")).sendable(f"{path}/edit")
        dash.do(f"{path}/edit", {name: _by_browser(name, each) for name, each in shown.items()})
        assert _lasting(done(api.get(path)).json()) == _lasting(before)


def test_a_text_that_was_edited_has_the_line_ends_that_were_typed(
    dash: Dash, api: httpx.Client
) -> None:
    furnish(api)
    path = "/entitlements/api-calls"
    shown = Html(dash.see(f"{path}/edit")).sendable(f"{path}/edit")
    dash.do(f"{path}/edit", {**shown, "description": " one\r\ntwo\r\n"})
    assert api.get(path).json()["description"] == " one\ntwo\n"


def test_groups_that_the_form_does_not_offer_are_kept(dash: Dash, api: httpx.Client) -> None:
    furnish(api)
    path = "/entitlements/api-calls"
    slugs = {f"more-{number}" for number in range(201)}
    for slug in slugs:
        done(api.post("/entitlement-groups", json={"name": slug, "slug": slug}))
    boxes = Html(dash.see(f"{path}/edit")).all("input")
    offered = {str(each.get("value")) for each in boxes if each.get("name") == "groupSlugs"}
    left_out = (slugs - offered).pop()
    body = {"entitlementSlug": "api-calls"}
    done(api.post(f"/entitlement-groups/{left_out}/entitlements", json=body))
    shown = Html(dash.see(f"{path}/edit")).sendable(f"{path}/edit")
    ticked = (slugs & offered).pop()
    dash.do(f"{path}/edit", {**shown, "groupSlugs": [ticked]})
    groups = api.get(path).json()["entitlementGroups"]
    # Ids are random, so the form may leave out the group of the beginning as well.
    assert {group["slug"] for group in groups} == {left_out, ticked, *({"quotas"} - offered)}


def _by_browser(name: str, texts: list[str]) -> list[str]:
    """Texts as browsers send them: one line, or lines that end in CR and LF."""
    if name == "description":
        return [re.sub("\r\n|\r|\n", "\r\n", text) for text in texts]
    return [re.sub("[\r\n]", "", text) for text in texts]


def _change(api: httpx.Client, edit: Edit) -> None:
    stored = done(api.get(edit.in_api)).json()
    kept = {name: stored[name] for name in edit.keep}
    done(api.request(edit.method, edit.in_api, json={**kept, **edit.change}))


def _lasting(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stored.items() if name != "updatedAt"}
