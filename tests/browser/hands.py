"""How somebody uses a page: by pointing at things, or by keyboard alone. Both do the same."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Page

_MAX_TABS = 150
"""More than any page has places to stop at."""

_LABEL = """() => {
  const element = document.activeElement;
  const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label");
  return (label ?? element.textContent).replace(/\\s+/g, " ").trim();
}"""


class Hands(Protocol):
    """Uses what a page has, by the words that it has on it."""

    def go(self, name: str) -> None:
        """Follow a link of the navigation."""

    def follow(self, name: str) -> None:
        """Follow a link."""

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""

    def choose(self, label: str, value: str) -> None:
        """Choose from a list."""

    def pick_day(self, label: str, day: str) -> None:
        """Give a day, such as 2026-01-31."""

    def press(self, name: str) -> None:
        """Press a button."""


class Pointer:
    """Somebody with a mouse or a finger."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def go(self, name: str) -> None:
        navigation = self._page.get_by_role("navigation", name="Main")
        navigation.get_by_role("link", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self._page.get_by_role("link", name=name, exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self._page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, value: str) -> None:
        self._page.get_by_label(label, exact=True).select_option(value)

    def pick_day(self, label: str, day: str) -> None:
        self.fill(label, day)

    def press(self, name: str) -> None:
        self._page.get_by_role("button", name=name, exact=True).click()


class Keyboard:
    """Somebody without a mouse: moves by Tab, and only what has the focus gets a key."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._keys = page.keyboard

    def go(self, name: str) -> None:
        self.follow(name)

    def follow(self, name: str) -> None:
        self._tab_to(name, "A")
        self._enter()

    def fill(self, label: str, text: str) -> None:
        self._tab_to(label, "INPUT")
        self._keys.press("Control+A")
        self._keys.type(text)

    def choose(self, label: str, value: str) -> None:
        self._tab_to(label, "SELECT")
        self._keys.press("Home")
        for _ in range(_MAX_TABS):
            if self._page.evaluate("document.activeElement.value") == value:
                return
            self._keys.press("ArrowDown")
        raise AssertionError(f"the keyboard does not choose {value!r} of {label!r}")

    def pick_day(self, label: str, day: str) -> None:
        self._tab_to(label, "INPUT")
        year, month, in_month = day.split("-")
        self._keys.type(f"{month}{in_month}{year}")

    def press(self, name: str) -> None:
        self._tab_to(name, "BUTTON")
        self._enter()

    def tab_to(self, name: str) -> None:
        """Move to what is called this, whatever it is."""
        self._tab_to(name, None)

    def _enter(self) -> None:
        with self._page.expect_navigation():
            self._keys.press("Enter")

    def _tab_to(self, name: str, tag: str | None) -> None:
        for _ in range(_MAX_TABS):
            self._keys.press("Tab")
            is_wanted = tag in (None, self._page.evaluate("document.activeElement.tagName"))
            if is_wanted and self._page.evaluate(_LABEL) == name:
                return
        raise AssertionError(f"the keyboard does not reach {name!r}")
