"""Pages for everybody: no finding of axe-core, narrow and dark, by keyboard, unharmed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.hands import Keyboard
from tests.support.chromium import TIMEOUT_MS, sign_in
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import HOSTILE, furnish, paths_of_pages
from tests.support.metering import done
from tests.support.with_git import drift_by_hand, server_with_git

_PHONE = {"viewport": {"width": 360, "height": 740}}
_DARK = {"color_scheme": "dark"}

_TURNED = "\u202edesrever \u05d0"
"""A name whose end, and all after it in its line, is written from right to left."""

_DRAWN_ALONG = """(name) => {
  const isOwn = (node) => /^[{\\[]/.test(node.data.trim())
    || ["PRE", "TEXTAREA", "OPTION"].includes(node.parentElement.tagName);
  const isApart = (element) => {
    const style = getComputedStyle(element);
    return style.display !== "inline" || style.unicodeBidi === "isolate";
  };
  const after = (node) => {
    for (let each = node; each === node || !isApart(each); each = each.parentElement) {
      for (let next = each.nextSibling; next; next = next.nextSibling) {
        if (next.textContent.trim()) return next.textContent.trim();
      }
    }
    return "";
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const rests = isOwn(node) ? [] : node.data.split(name).slice(1).map((rest) => rest.trim());
    if (rests.length > 0) rests.push(rests.pop() || after(node));
    found.push(...rests.filter((rest) => rest && !rest.startsWith("\\u2069")));
  }
  return found;
}"""
"""The words that such a name draws along. JSON and what is to be copied is shown as it is."""


@pytest.mark.parametrize(
    "window", [{}, _DARK, _PHONE], indirect=True, ids=["light", "dark", "phone"]
)
def test_axe_finds_nothing_on_any_page(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    for path in paths_of_pages(furnish(api)):
        page.goto(server.url + path)
        assert violations(page) == [], path


def test_axe_finds_nothing_on_what_git_says(browser: Browser, tmp_path: Path) -> None:
    with server_with_git(tmp_path) as server:
        drift_by_hand(server)
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme)
            context.set_default_timeout(TIMEOUT_MS)
            page = context.new_page()
            sign_in(page, server.url, server.token)
            for path in ("/plan", "/entitlements", "/licenses/growth"):
                page.goto(server.url + path)
                expect(page.get_by_text("seats").first).to_be_visible()
                assert violations(page) == [], path
            context.close()


def test_axe_finds_nothing_where_nobody_is_signed_in_or_a_form_is_refused(
    page: Page, server: EmbeddedServer
) -> None:
    page.goto(f"{server.url}/new/entitlement")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    for path in ("/nothing-here", "/api/docs"):
        page.goto(server.url + path)
        assert violations(page) == [], path
    page.goto(server.url)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token").fill("ksh_nothing")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Token")).to_be_focused()
    assert violations(page) == []


def test_axe_finds_what_is_wrong(page: Page) -> None:
    """The check itself can fail."""
    page.evaluate("document.querySelector('main').innerHTML += '<img src=\"/x\">'")
    assert [each["id"] for each in violations(page)] == ["image-alt"]


@pytest.mark.parametrize("window", [_PHONE], indirect=True)
def test_no_page_is_wider_than_a_phone(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    for path in ("/api/docs", *paths_of_pages(furnish(api))):
        page.goto(server.url + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, path


def test_no_name_turns_the_words_around_it(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    for path in paths_of_pages(furnish(api, _TURNED)):
        page.goto(server.url + path)
        assert page.evaluate(_DRAWN_ALONG, _TURNED) == [], path
    page.set_content(f"<p>Delete {_TURNED} with all that it has</p>")
    assert page.evaluate(_DRAWN_ALONG, _TURNED) == ["with all that it has"]


def test_going_back_keeps_what_was_typed(page: Page, server: EmbeddedServer) -> None:
    page.goto(f"{server.url}/new/customer")
    for label, text in (("Name needed", "My Restaurant"), ("Domain", "example.com")):
        page.get_by_label(label).fill(text)
    page.get_by_role("link", name="Cancel").click()
    page.go_back()
    expect(page.get_by_label("Name needed")).to_have_value("My Restaurant")
    expect(page.get_by_label("Domain")).to_have_value("example.com")


@pytest.mark.parametrize("window", [_DARK], indirect=True)
def test_it_is_dark_where_people_want_it_dark(page: Page) -> None:
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(20, 23, 27)"


def test_scripts_in_texts_never_run(page: Page, server: EmbeddedServer, api: httpx.Client) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for path in paths_of_pages(furnish(api, HOSTILE)):
        page.goto(server.url + path)
        assert page.title() != "taken", path
        assert page.locator("img").count() == 0, path
    assert dialogs == []


def test_the_keyboard_is_led_to_what_is_wrong_in_a_form(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    keyboard = Keyboard(page)
    page.goto(f"{server.url}/")
    page.keyboard.press("Tab")
    assert _focused(page) == "Skip to the content"
    page.goto(f"{server.url}/new/entitlement")
    keyboard.fill("Slug", "Not a slug")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name needed")).to_be_focused()
    assert page.get_by_label("Slug").input_value() == "Not a slug"
    furnish(api)
    page.goto(f"{server.url}/licenses/growth/archive")
    done(api.post("/licenses/growth/archive"))  # somebody else was faster
    keyboard.press("Archive")
    expect(page.get_by_role("alert")).to_be_focused()


def test_where_the_keyboard_is_can_be_seen(page: Page) -> None:
    for _ in range(8):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", _focused(page)


def test_a_curl_line_is_copied_by_a_button(page: Page, server: EmbeddedServer) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{server.url}/entitlements")
    page.locator("summary", has_text="With the API").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl '{server.url}/api/entitlements?limit=50'")


def _focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.textContent.trim()")
    return text
