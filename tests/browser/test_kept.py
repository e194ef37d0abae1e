"""What somebody typed is not lost, and what was sent is not done again by going back to it."""

from __future__ import annotations

import httpx
from playwright.sync_api import Page, expect

from tests.support.embedded import EmbeddedServer


def test_what_the_server_did_not_read_is_filled_in_again(
    page: Page, server: EmbeddedServer
) -> None:
    page.goto(f"{server.url}/new/customer")
    page.get_by_label("Name needed", exact=True).fill("One")
    page.get_by_label("Domain", exact=True).fill("x" * 2_200_000)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("a body has at most")).to_be_visible()
    page.get_by_role("button", name="Back to what you typed").click()
    expect(page.get_by_label("Name needed", exact=True)).to_have_value("One")
    assert len(page.get_by_label("Domain", exact=True).input_value()) == 2_200_000


def _create_customer(page: Page) -> None:
    page.get_by_label("Name needed", exact=True).fill("One")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/customers/*")


def test_going_back_to_a_form_and_sending_it_again_makes_one(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    page.goto(f"{server.url}/new/customer")
    _create_customer(page)
    page.go_back()
    page.reload()
    _create_customer(page)
    expect(page.get_by_text("You sent this form before.")).to_be_visible()
    assert len(api.get("/customers").json()["items"]) == 1
    page.goto(f"{server.url}/customers")
    page.get_by_role("link", name="New Customer").click()
    _create_customer(page)
    assert len(api.get("/customers").json()["items"]) == 2


def test_a_corrected_form_is_made_once_too(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    page.goto(f"{server.url}/new/customer")
    page.get_by_label("Slug", exact=True).fill("O N E")
    page.get_by_label("Name needed", exact=True).fill("One")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    page.get_by_label("Slug", exact=True).fill("")
    _create_customer(page)
    page.evaluate("history.go(-2)")
    expect(page.get_by_text("Nothing was changed.")).to_be_hidden()
    page.get_by_label("Slug", exact=True).fill("")
    _create_customer(page)
    assert len(api.get("/customers").json()["items"]) == 1


def test_a_button_that_leads_to_its_own_page_works_each_time(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    fields = {"url": "https://a.example/", "eventTypes": ["com.kaiten.license.v1.created"]}
    (hook,) = [api.post("/webhooks", json=fields).json()["id"]]
    page.goto(f"{server.url}/webhooks/{hook}")
    for _ in range(3):
        page.get_by_role("button", name="Send a test event").click()
        expect(page.get_by_text("A test event is on its way")).to_be_visible()
        page.reload()
    assert len(api.get("/webhooks/history").json()["history"]) == 3
