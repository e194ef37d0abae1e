"""Somebody at the dashboard without a browser: keeps cookies, fills in forms, follows redirects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

_FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')

Fields = Mapping[str, str | Sequence[str]]


class Dash:
    """One person at the dashboard, with the cookies of one browser.

    `root` is where the dashboard is, for a client whose paths begin elsewhere.
    """

    def __init__(self, client: httpx.Client, root: str = "") -> None:
        self.client = client
        self._root = root

    def sign_in(self, token: str, following: str = "/") -> httpx.Response:
        """Send the form that signs in."""
        return self.client.post(f"{self._root}/sign-in", data={"token": token, "next": following})

    def see(self, path: str, status: int = 200) -> str:
        """The HTML of a page that answers with this status."""
        answer = self.client.get(self._root + path)
        assert answer.status_code == status, answer.text
        return answer.text

    def form_token(self) -> str:
        """What forms of this session carry."""
        found = _FORM_TOKEN.search(self.see("/"))
        assert found is not None
        return found[1]

    def send(self, path: str, fields: Fields | None = None) -> httpx.Response:
        """Send a form of this session; the answer is that to the form, before any redirect."""
        data = {"form_token": self.form_token(), **(fields or {})}
        return self.client.post(self._root + path, data=data)

    def do(self, path: str, fields: Fields | None = None) -> str:
        """Send a form that is accepted. Gives the path that it leads to."""
        answer = self.send(path, fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]


@contextmanager
def at_dashboard(url: str, token: str | None = None) -> Iterator[Dash]:
    """Somebody at the dashboard, signed in where there is a token."""
    with httpx.Client(base_url=url) as client:
        dash = Dash(client)
        if token is not None:
            assert dash.sign_in(token).status_code == 303
        yield dash
