"""What holds for all pages of the dashboard: valid, escaped, no dead ends, what they declare."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from xml.etree.ElementTree import Element

import httpx
import pytest
import yaml
from tests.support.command import kaiten_sync
from tests.support.curl import needs_curl
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import HOSTILE, Names, furnish, is_page, paths_of_pages
from tests.support.html import Html
from tests.support.metering import done
from tests.support.statements import counted_statements

from kaiten_sync.server.dashboard.catalog import FORMS, PAGES
from kaiten_sync.server.dashboard.pages import Form
from kaiten_sync.server.domain.scopes import ALL_SCOPES, allows

_SCOPES = [
    *ALL_SCOPES,
    *(
        f"{action}:{module}"
        for module in ("entitlements", "licenses", "customers", "instances", "webhooks", "tokens")
        for action in ("read", "write")
    ),
]
_SCRIPT = re.compile(r"/static/(dashboard|charts|chart\.umd\.min)-[0-9a-f]{12}\.js")


@pytest.fixture
def names(api: httpx.Client) -> Names:
    """What is in the organization, where every text is hostile."""
    return furnish(api, HOSTILE)


def test_every_page_is_valid_and_shows_scripts_as_text(dash: Dash, names: Names) -> None:
    for path in paths_of_pages(names):
        page = Html(dash.see(path))
        scripts = [each.get("src") or "inline" for each in page.all("script")]
        assert all(_SCRIPT.fullmatch(each) for each in scripts), path
        assert not [each for each in page.all("img") if each.get("src") == "x"], path
        assert not _inline(page), path
        assert _ids(page) == sorted(set(_ids(page))), path


def test_every_page_has_a_title_of_its_own(dash: Dash, api: httpx.Client) -> None:
    titles = Counter(
        Html(dash.see(path)).all("title")[0].text
        for path in paths_of_pages(furnish(api))
        if "?" not in path
    )
    assert [title for title, times in titles.items() if times > 1] == []


def test_hostile_texts_are_on_the_pages_and_not_left_out(dash: Dash, names: Names) -> None:
    for path in ("/entitlements", "/customers/my-restaurant", "/licenses/growth"):
        assert HOSTILE in Html(dash.see(path)).text


def test_what_html_cannot_hold_is_shown_as_a_mark(dash: Dash, api: httpx.Client) -> None:
    name = "a\x01b\x85c\ufffed"
    api.post("/entitlements", json={"name": name, "slug": "marked", "type": "NUMBER"})
    assert "a\ufffdb\ufffdc\ufffdd" in Html(dash.see("/entitlements/marked")).text


def test_every_link_leads_to_a_page(dash: Dash, names: Names) -> None:
    seen = {path for path, _ in _crawl(dash)}
    unlinked = [each.path for each in PAGES if is_page(each) and not _was_seen(each.path, seen)]
    assert unlinked == []


def test_every_form_is_one_of_the_forms_that_are_answered(dash: Dash, names: Names) -> None:
    known = [_pattern(form.path) for form in FORMS]
    for path in paths_of_pages(names):
        for form in Html(dash.see(path)).all("form"):
            target = str(form.get("action"))
            if form.get("method") == "post" and target != "/sign-out":
                assert any(pattern.fullmatch(target) for pattern in known), target


def test_every_page_says_its_title_its_language_and_its_landmarks(dash: Dash, names: Names) -> None:
    for path in paths_of_pages(names):
        page = Html(dash.see(path))
        assert page.root.get("lang") == "en"
        assert len(page.all("h1")) == 1, path
        assert len(page.all("main")) == 1, path
        assert all(each.get("scope") for each in page.all("th")), path
        assert page.all("title")[0].text not in (None, "")
        if path.partition("?")[0] not in ("/search", "/plan"):
            (main,) = (each for each in page.all("nav") if each.get("aria-label") == "Main")
            assert [each.get("aria-current") for each in main.iter("a")].count("page") == 1, path


def test_a_path_of_a_form_in_the_address_bar_leads_to_its_page(dash: Dash, names: Names) -> None:
    paths = {page.path for page in PAGES}
    leading = [form for form in FORMS if form.path not in paths]
    assert leading
    for form in leading:
        answer = dash.client.get(form.path.format(**names))
        assert answer.status_code == 303
        assert answer.headers["Location"] == form.page.path.format(**names)


def test_the_title_of_a_refused_form_says_that_something_is_wrong(dash: Dash, names: Names) -> None:
    """It is the first thing that a screen reader says."""
    for form in FORMS:
        refused = dash.send(form.path.format(**names), {"form_token": "forged"})
        assert refused.status_code >= 400, form.path
        ordinary = Html(dash.see(form.page.path.format(**names))).all("title")[0].text
        assert Html(refused.text).all("title")[0].text == f"Error: {ordinary}", form.path


def test_a_slash_too_many_leads_to_the_page(dash: Dash, names: Names) -> None:
    for page in PAGES:
        path = page.path.format(**names)
        if path != "/":
            answer = dash.client.get(f"{path}/?q=M%C3%BCller&sort=name")
            assert answer.status_code == 303, path
            assert answer.headers["Location"] == f"{path}?q=M%C3%BCller&sort=name"
    for elsewhere in ("//evil.example/", "///", "/nothing/", "/licenses//"):
        assert dash.client.get(f"{dash.client.base_url}{elsewhere}").status_code == 404, elsewhere


def test_every_page_has_its_curl_line(dash: Dash, names: Names) -> None:
    for path in paths_of_pages(names):
        assert "curl " in Html(dash.see(path)).text, path


def test_every_page_of_the_catalog_has_its_declaration(dash: Dash, names: Names) -> None:
    about_catalog = re.compile(
        "/(entitlements|licenses|new/(entitlement|license)|compare-licenses.)"
    )
    for path in paths_of_pages(names):
        page = Html(dash.see(path))
        declared = [str(each.text) for each in page.all("pre") if each.get("id") == "declaration"]
        if path in ("/entitlements", "/licenses"):
            link = page.link("Show the declaration of these (YAML)")
            assert _declaration(dash, link).startswith("version: 1\n")
        elif about_catalog.match(path) and "nothing-has-this-name" not in path:
            assert declared[0].startswith("version: 1\n"), path
        else:
            assert declared == [], path
            says_why = "Git declares groups, entitlements and licenses" in page.text
            assert says_why or "With the command line" in page.text, path


def test_the_lists_declare_what_they_show(dash: Dash, api: httpx.Client) -> None:
    furnish(api)
    entitlements = yaml.safe_load(_declaration(dash, "/entitlements?declared=on"))["entitlements"]
    assert set(entitlements) == {"api-calls", "exports", "sso", "branding"}
    assert entitlements["api-calls"]["groups"] == ["quotas"]
    licenses = yaml.safe_load(_declaration(dash, "/licenses?declared=on"))["licenses"]
    assert set(licenses) == {"growth", "growth-v2", "trial"}
    assert licenses["growth-v2"]["familySlug"] == "growth"
    assert licenses["growth-v2"]["entitlements"] == {"api-calls": 2000}
    both = _declaration(dash, "/compare-licenses?left=growth&right=trial")
    assert set(yaml.safe_load(both)["licenses"]) == {"growth", "trial"}


@needs_curl
def test_curl_lines_do_what_they_say(server: EmbeddedServer, api: httpx.Client, dash: Dash) -> None:
    for body in ({"name": "It's $HOME", "type": "NUMBER", "description": "`a` \"b\" 'c' \\"},):
        api.post("/entitlements", json=body)
    page = Html(dash.see("/entitlements/its-home/edit"))
    line = next(str(each.text) for each in page.all("pre") if each.get("id") == "call-1")
    token = api.headers["Authorization"].removeprefix("Bearer ")
    before = api.get("/entitlements/its-home").json()
    command = ["bash", "-c", line.replace("curl ", "curl -sS --fail ", 1)]
    subprocess.run(command, check=True, env={"KAITEN_TOKEN": token, "PATH": "/usr/bin:/bin"})
    after = api.get("/entitlements/its-home").json()
    assert after.pop("updatedAt") > before.pop("updatedAt")
    assert after == before
    assert shlex.split(line)[0] == "curl"


@pytest.mark.parametrize("text", ["", HOSTILE, "no: 1 # \u2028 \U0001f600 'x' - *a"])
def test_what_is_declared_like_the_pages_show_it_has_no_difference_to_the_server(
    server: EmbeddedServer, api: httpx.Client, dash: Dash, tmp_path: Path, text: str
) -> None:
    furnish(api, text)
    for path in ("entitlements", "licenses"):
        file = tmp_path / f"{path.replace('/', '-')}.yaml"
        file.write_text(_declaration(dash, f"/{path}?declared=on"), encoding="utf-8")
    group = {"name": f"Quotas {text}".strip(), "description": text}
    groups = {"version": 1, "groups": {"quotas": group}}
    (tmp_path / "groups.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    files = sorted(file.name for file in tmp_path.iterdir())
    target = {"url": server.url, "token": {"env": "KAITEN_TOKEN"}}
    project = {"version": 1, "catalog": files, "targets": {"local": target}}
    (tmp_path / "kaiten-sync.yaml").write_text(json.dumps(project), encoding="utf-8")
    token = api.headers["Authorization"].removeprefix("Bearer ")
    ended = kaiten_sync(
        "plan", "--detailed-exitcode", cwd=tmp_path, environment={"KAITEN_TOKEN": token}
    )
    assert ended.code == 0, ended.stdout + ended.stderr


def test_pages_are_only_for_those_with_all_their_scopes(
    server: EmbeddedServer, names: Names, api: httpx.Client
) -> None:
    for scope in ("read:entitlements", "read:webhooks"):
        made = api.post(
            "/service-accounts/ci/tokens", json={"name": f"only {scope}", "scopes": [scope]}
        )
        with at_dashboard(server.url, made.json()["token"]) as reader:
            for page in PAGES:
                allowed = all(needed == scope for needed in page.scopes)
                reader.see(page.path.format(**names), status=200 if allowed else 403)


@pytest.mark.parametrize("scope", _SCOPES)
def test_nothing_is_offered_that_would_be_refused(
    server: EmbeddedServer, api: httpx.Client, scope: str
) -> None:
    furnish(api)
    token = {"name": f"only {scope}", "scopes": [scope]}
    made = api.post("/service-accounts/ci/tokens", json=token).json()["token"]
    with at_dashboard(server.url, made) as visitor:
        scopes = [scope]
        # What a page offers does not depend on the order or the page of its list.
        for path, page in _crawl(visitor, _as_asked):
            for form in page.all("form"):
                action = _action_of(str(form.get("action")))
                allowed = action is None or allows(scopes, action.operation.scope)
                assert form.get("method") != "post" or allowed, (path, form.get("action"))


def _as_asked(link: str) -> str:
    """A link without the values of its query, which has the same forms with others."""
    path, _, query = link.partition("?")
    return f"{path}?{sorted({each.partition('=')[0] for each in query.split('&')})}"


def _crawl(dash: Dash, alike: Callable[[str], str] = str) -> Iterator[tuple[str, Html]]:
    """All pages that links and forms that ask lead to, each of which has to be one to see.

    Of those that are `alike`, one is seen.
    """
    seen, left = set[str](), {"/"}
    while left:
        path = left.pop()
        if alike(path) in seen:
            continue
        seen.add(alike(path))
        answer = dash.client.get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html") and path != "/api/docs":
            page = Html(answer.text)
            links = {str(each.get("href")) for each in page.all("a")}
            asking = (each for each in page.all("form") if each.get("method") == "get")
            links |= {str(each.get("action")) for each in asking}
            left |= {link for link in links if link.startswith("/") and alike(link) not in seen}
            yield path, page


def _action_of(target: str) -> Form | None:
    return next((each for each in FORMS if _pattern(each.path).fullmatch(target)), None)


def _declaration(dash: Dash, path: str) -> str:
    page = Html(dash.see(path))
    return next(str(each.text) for each in page.all("pre") if each.get("id") == "declaration")


def _inline(page: Html) -> list[Element]:
    """Elements with what the content security policy would not let run."""
    return [
        each
        for each in page.root.iter()
        if each.get("style") is not None or any(name.startswith("on") for name in each.attrib)
    ]


def _ids(page: Html) -> list[str]:
    return sorted(str(each.get("id")) for each in page.root.iter() if each.get("id"))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))


def _was_seen(path: str, seen: set[str]) -> bool:
    pattern = _pattern(path)
    return any(pattern.fullmatch(each.split("?")[0]) for each in seen)


def test_vendored_files_say_the_version_that_they_are_said_to_have() -> None:
    folder = files("kaiten_sync.server.dashboard") / "static" / "vendor" / "chart.js"
    version = (folder / "README.md").read_text().splitlines()[0].removeprefix("# Chart.js ")
    banner = (folder / "chart.umd.min.js").read_text(encoding="utf-8")[:200]
    assert f"Chart.js v{version}\n" in banner
    assert "MIT" in (folder / "LICENSE.md").read_text()


@pytest.mark.parametrize("path", ["/entitlements", "/licenses", "/customers", "/instances", "/"])
def test_longer_lists_take_no_more_statements(
    dash: Dash, api: httpx.Client, names: Names, path: str
) -> None:
    def statements() -> int:
        counts = []
        for _ in range(5):
            with counted_statements() as counted:
                dash.see(path)
            # Deliveries go on beside, in the same process, in transactions of their own.
            mine = [each for each in counted if "webhook" not in each and "BEGIN" not in each]
            counts.append(len(mine))
        return min(counts)

    before = statements()
    customer = api.get("/customers/my-restaurant").json()["id"]
    licensed = api.get("/licenses/growth").json()["id"]
    for number in range(20):
        name = {"name": f"More {number}"}
        dates = {
            "startLicenseDate": "2026-01-01T00:00:00Z",
            "endLicenseDate": "2046-01-01T00:00:00Z",
        }
        ids = {"customerId": customer, "licenseId": licensed, "description": ""}
        for kind, body in (
            ("entitlements", {"type": "NUMBER"}),
            ("licenses", {"type": "PAID"}),
            ("customers", {}),
            ("instances", {**dates, **ids}),
        ):
            done(api.post(f"/{kind}", json={**name, **body}))
    assert statements() <= before
