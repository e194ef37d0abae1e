"""What somebody typed into a form that the server did not read is not lost."""

from __future__ import annotations

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
