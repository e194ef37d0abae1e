"""The documentation is a site: built without any network, every page in it, every link leads on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tests.support.processes import HANG_S

DOCS = Path("docs")
NOWHERE = "http://127.0.0.1:9"
"""A proxy that is not there: whatever asks the network fails."""


class Links(HTMLParser):
    """What a page refers to, and the places in it that can be referred to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.places |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        if tag in ("script", "img") and "src" in found:
            self.loaded.add(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preconnect"):
            self.loaded.add(found["href"])


def read(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Links]:
    folder = tmp_path_factory.mktemp("site")
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    # Not --quiet, which drops warnings before --strict counts them.
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        env={**os.environ, **proxies},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {page: read(page) for page in folder.rglob("*.html")}


def test_every_page_is_in_the_site(site: dict[Path, Links]) -> None:
    built = {page.name for page in site}
    names = {path.with_suffix(".html").name for path in DOCS.rglob("*.md")}
    assert names - {"README.html"} <= built


def test_every_link_leads_to_a_page_and_a_place_in_it(site: dict[Path, Links]) -> None:
    broken = [
        f"{page.name}: {link}"
        for page, links in site.items()
        if page.name != "404.html"  # its links are as from the root of a server
        for link in links.links
        if not leads_somewhere(page, link, site)
    ]
    assert broken == []


def leads_somewhere(page: Path, link: str, site: dict[Path, Links]) -> bool:
    """Whether a link of a page is to another host, a file, or a page that has the place."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    target = target / "index.html" if target.is_dir() else target
    if target not in site:
        return target.is_file()
    return not parts.fragment or unquote(parts.fragment) in site[target].places


def test_a_page_asks_no_other_host(site: dict[Path, Links]) -> None:
    loaded = {link for links in site.values() for link in links.loaded}
    assert [link for link in loaded if re.match(r"(?:https?:)?//", link)] == []
