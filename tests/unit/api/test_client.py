"""The HTTP adapter against a server that answers what the test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count

import pytest
from tests.support.processes import HANG_S
from tests.support.scripted import Reply, Request, Scripted, scripted
from tests.support.values import address

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.client import Client
from kaiten_sync.api.credentials import api_base
from kaiten_sync.api.settings import ConnectionSettings, RetrySettings
from kaiten_sync.errors import (
    CredentialError,
    IncompleteReadingError,
    KaitenSyncError,
    ProblemError,
    ServerError,
    StoppedError,
    UnreachableError,
    UsageError,
)
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.group import GROUP
from kaiten_sync.kinds.license import LICENSE, LicenseMove
from kaiten_sync.kinds.spec import Generation
from kaiten_sync.model.address import ChildList

QUOTAS = {"id": "g1", "slug": "quotas", "name": "Quotas", "description": None}
FAST = RetrySettings(base_s=0.001, max_s=0.002, retry_after_max_s=0.002)


def page(*items: object, cursor: str | None = None) -> Reply:
    body: dict[str, object] = {"items": list(items), "hasMore": cursor is not None}
    return Reply(body=body | ({"nextCursor": cursor} if cursor else {}))


def catalog_at(server: Scripted, **settings: object) -> HttpCatalog:
    return HttpCatalog(
        ConnectionSettings(url=server.url, token="ksh_secret", retry=FAST, **settings)  # type: ignore[arg-type]
    )


def once_at(url: str) -> HttpCatalog:
    """A client that sends nothing again."""
    retry = RetrySettings(attempts=1)
    return HttpCatalog(ConnectionSettings(url=url, token="ksh_secret", retry=retry))


@pytest.fixture
def answered_by() -> Iterator[Callable[..., tuple[Scripted, HttpCatalog]]]:
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(answer: Callable[[Request], Reply], **settings: object):  # type: ignore[no-untyped-def]
            server = stack.enter_context(scripted(answer))
            return server, stack.enter_context(catalog_at(server, **settings))

        yield start


# Lists


def test_follows_cursors_to_the_end(answered_by) -> None:  # type: ignore[no-untyped-def]
    def answer(request: Request) -> Reply:
        if "cursor=two" in request.path:
            return page({**QUOTAS, "slug": "b2"})
        return page(QUOTAS, cursor="two")

    server, catalog = answered_by(answer)
    assert [g.address.slug for g in catalog.list_kind(GROUP.kind)] == ["quotas", "b2"]
    assert server.requests[0].path == "/api/entitlement-groups?limit=200"
    assert server.requests[0].headers["authorization"] == "Bearer ksh_secret"


@pytest.mark.parametrize("body", [[QUOTAS], {"items": [QUOTAS], "total": 1}])
def test_understands_the_older_lists(answered_by, body: object) -> None:  # type: ignore[no-untyped-def]
    _, catalog = answered_by(lambda _: Reply(body=body))
    assert [g.address.slug for g in catalog.list_kind(GROUP.kind)] == ["quotas"]


@pytest.mark.parametrize(
    "pages",
    [
        ({"nextCursor": "c", "hasMore": True}, {"hasMore": False}),
        ({"nextCursor": "c"}, {}),
        ({"nextCursor": "c", "hasMore": None}, {"nextCursor": None, "hasMore": None}),
        ({"nextCursor": "c", "hasMore": True, "total": 2}, {"hasMore": False, "total": 2}),
        ({"nextCursor": "c", "hasMore": True, "total": 5}, {"hasMore": False, "total": 2}),
    ],
    ids=["Kaiten's", "only a cursor", "null", "with totals", "a total that falls"],
)
def test_reads_every_page_however_the_next_one_is_named(  # type: ignore[no-untyped-def]
    answered_by, pages: tuple[dict[str, object], dict[str, object]]
) -> None:
    def answer(request: Request) -> Reply:
        first = "cursor" not in request.path
        item = {**QUOTAS, "id": "g1" if first else "g2", "slug": "first" if first else "second"}
        return Reply(body={"items": [item], **pages[0 if first else 1]})

    _, catalog = answered_by(answer)
    assert [g.address.slug for g in catalog.list_kind(GROUP.kind)] == ["first", "second"]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (page(cursor="again"), "sends an empty page and has more"),
        (Reply(body={"items": [QUOTAS], "hasMore": True}), "does not say how to get it"),
        (page(QUOTAS, cursor="c" * 100_000), "does not say how to get it"),
        (Reply(body={"items": [QUOTAS], "total": 2}), "1 of 2"),
        (page(QUOTAS, QUOTAS), "twice"),
        (Reply(body={"hello": "world"}), "is not a list"),
        (Reply(body=3), "is not a list"),
    ],
)
def test_refuses_a_list_that_does_not_add_up(answered_by, reply: Reply, says: str) -> None:  # type: ignore[no-untyped-def]
    _, catalog = answered_by(lambda _: reply)
    with pytest.raises(IncompleteReadingError, match=says):
        catalog.list_kind(GROUP.kind)


@pytest.mark.parametrize(
    "said",
    [
        {"hasMore": False, "nextCursor": "c"},
        {"hasMore": False, "nextCursor": 7},
        {"hasMore": "false"},
        {"hasMore": 0, "nextCursor": "c"},
        {"hasMore": [], "nextCursor": None},
    ],
    ids=str,
)
def test_refuses_a_page_that_is_the_last_and_is_not(  # type: ignore[no-untyped-def]
    answered_by, said: dict[str, object]
) -> None:
    """It counted as the end, so that half of a catalog was taken for all of it."""
    _, catalog = answered_by(lambda _: Reply(body={"items": [QUOTAS], **said}))
    with pytest.raises(IncompleteReadingError, match="contradicts itself"):
        catalog.list_kind(GROUP.kind)


@pytest.mark.parametrize(
    "item",
    [
        {**QUOTAS, "slug": "../../etc/passwd"},
        {**QUOTAS, "slug": "a\x1b[31m"},
        {**QUOTAS, "slug": None},
        {**QUOTAS, "name": 3},
        "group",
    ],
)
def test_refuses_an_object_that_cannot_be_one(answered_by, item: object) -> None:  # type: ignore[no-untyped-def]
    _, catalog = answered_by(lambda _: page(item))
    with pytest.raises(ServerError):
        catalog.list_kind(GROUP.kind)


@pytest.mark.parametrize("named", [{"licenseSlug": "growth"}, {}], ids=["named", "nameless"])
@pytest.mark.parametrize("wire", ["licenseId", "licenseID"])
def test_refuses_grants_of_several_licenses_in_one_list(  # type: ignore[no-untyped-def]
    answered_by, named: dict[str, str], wire: str
) -> None:
    grants = [
        {"entitlementSlug": slug, "value": {"type": "number", "value": 1}, wire: of, **named}
        for slug, of in (("calls", "l1"), ("seats", "l2"))
    ]
    _, catalog = answered_by(lambda _: page(*grants))
    with pytest.raises(ServerError, match="the grants are of several objects"):
        catalog.list_children(ChildList(address("license/growth"), GRANT.kind))


def test_refuses_an_answer_about_something_else(answered_by) -> None:  # type: ignore[no-untyped-def]
    _, catalog = answered_by(lambda _: Reply(body={**QUOTAS, "slug": "other"}))
    with pytest.raises(ServerError, match="answered with group/other"):
        catalog.get(address("group/quotas"))


# Refusals and retries


def test_a_problem_document_becomes_an_error_with_all_it_says(answered_by) -> None:  # type: ignore[no-untyped-def]
    problem = {
        "code": "UpdateEntitlement.ImmutableType",
        "detail": "no",
        "errorId": "e-7",
        "errors": [{"location": "body.type", "message": "is fixed"}],
    }
    _, catalog = answered_by(lambda _: Reply(status=400, body=problem))
    with pytest.raises(ProblemError) as caught:
        catalog.list_kind(GROUP.kind)
    assert caught.value.code == "UpdateEntitlement.ImmutableType"
    assert caught.value.error_id == "e-7"
    assert "no (body.type: is fixed)" in caught.value.message


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_told_apart_and_never_shown(answered_by, status: int) -> None:  # type: ignore[no-untyped-def]
    _, catalog = answered_by(lambda _: Reply(status=status, body={"code": "Auth.X"}))
    with pytest.raises(CredentialError) as caught:
        catalog.list_kind(GROUP.kind)
    assert "ksh_secret" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_reads_are_tried_again(answered_by, status: int) -> None:  # type: ignore[no-untyped-def]
    asked = count()
    _, catalog = answered_by(
        lambda _: Reply(status=status, headers={"retry-after": "0"}) if next(asked) < 2 else page()
    )
    assert list(catalog.list_kind(GROUP.kind)) == []
    assert catalog.requests_sent == 3


def test_reads_survive_a_lost_connection(answered_by) -> None:  # type: ignore[no-untyped-def]
    asked = count()
    _, catalog = answered_by(lambda _: Reply(hang_up=True) if next(asked) < 2 else page())
    assert list(catalog.list_kind(GROUP.kind)) == []


def test_a_refusal_is_not_tried_again(answered_by) -> None:  # type: ignore[no-untyped-def]
    server, catalog = answered_by(lambda _: Reply(status=500))
    with pytest.raises(ProblemError, match="500"):
        catalog.list_kind(GROUP.kind)
    assert len(server.requests) == 1


def test_gives_up_in_the_end(answered_by) -> None:  # type: ignore[no-untyped-def]
    server, catalog = answered_by(lambda _: Reply(hang_up=True))
    with pytest.raises(UnreachableError, match="no answer from"):
        catalog.list_kind(GROUP.kind)
    assert len(server.requests) >= FAST.attempts


def test_a_redirect_is_not_followed(answered_by) -> None:  # type: ignore[no-untyped-def]
    server, catalog = answered_by(lambda _: Reply(status=302, headers={"location": "/elsewhere"}))
    with pytest.raises(ServerError, match="redirects"):
        catalog.list_kind(GROUP.kind)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [202, 204, 205, 206, 226, 304])
def test_a_part_of_a_list_is_not_taken_for_the_list(answered_by, status: int) -> None:  # type: ignore[no-untyped-def]
    """No part was asked for, and nothing that is known already. Source: RFC 9110, section 15."""
    raw = b"" if status in (204, 205, 304) else None
    _, catalog = answered_by(lambda _: Reply(status=status, body=page(QUOTAS).body, raw=raw))
    with pytest.raises(ServerError, match=f"GET /entitlement-groups: the answer is {status}") as e:
        catalog.list_kind(GROUP.kind)
    assert "cache" in str(e.value.hint)


@pytest.mark.parametrize(
    "location", ["//elsewhere.invalid/", "http://[", "http://xn--/", "javascript:1", "\xe9"]
)
def test_where_a_redirect_leads_to_is_not_even_read(answered_by, location: str) -> None:  # type: ignore[no-untyped-def]
    server, catalog = answered_by(lambda _: Reply(status=302, headers={"location": location}))
    with pytest.raises(ServerError, match="the server redirects"):
        catalog.list_kind(GROUP.kind)
    assert len(server.requests) == 1


@pytest.mark.parametrize("cookie", ["a=b; Path=/", "a=\xe9; Path=/", f"a={'x' * 60_000}; Path=/"])
def test_no_cookie_is_kept(answered_by, cookie: str) -> None:  # type: ignore[no-untyped-def]
    first = Reply(
        body={"items": [QUOTAS], "nextCursor": "c", "hasMore": True},
        headers={"set-cookie": cookie},
    )
    server, catalog = answered_by(lambda r: page() if "cursor" in r.path else first)
    assert catalog.list_kind(GROUP.kind)
    assert len(server.requests) == 2
    assert not any("cookie" in request.headers for request in server.requests)


@pytest.mark.parametrize(
    "raw",
    [
        b"<html>",
        b"[" * 100_000,
        b'{"items": ',
    ],
)
def test_an_answer_that_is_not_json_is_said_to_be(answered_by, raw: bytes) -> None:  # type: ignore[no-untyped-def]
    _, catalog = answered_by(lambda _: Reply(raw=raw))
    with pytest.raises(ServerError, match="not JSON"):
        catalog.list_kind(GROUP.kind)


@pytest.mark.parametrize(
    ("value", "odd"),
    [
        ("NaN", "a number that is not finite"),
        ("1e999", "a number that is not finite"),
        ("9" * 400, "a number of more than 300 digits"),
        ('1, "slug": "other"', "a key twice in one object"),
        ('"\\uD800"', "half of a character"),
        ("[" * 150 + "]" * 150, "values that are nested more than 100 levels deep"),
    ],
)
def test_json_that_no_catalog_is_made_of_is_named_with_a_way_out(  # type: ignore[no-untyped-def]
    answered_by, value: str, odd: str
) -> None:
    raw = f'[{{"id": "g1", "slug": "quotas", "name": "Quotas", "displayOrder": {value}}}]'
    _, catalog = answered_by(lambda _: Reply(raw=raw.encode()))
    with pytest.raises(ServerError, match=f"the answer has {odd}") as raised:
        catalog.list_kind(GROUP.kind)
    assert "correct it on the server" in str(raised.value.hint)


@pytest.mark.parametrize("before", ["", r"\\", r"a \\\\", r"\n", r"\u0061"])
@pytest.mark.parametrize(
    "spelled", ["ksh_secret", r"ksh\u005fsecret", r"\u006bsh_secret", r"ksh_secre\u0074"]
)
def test_a_token_in_an_answer_is_hidden_however_its_characters_are_escaped(  # type: ignore[no-untyped-def]
    answered_by, before: str, spelled: str
) -> None:
    raw = f'[{{"id": "g1", "slug": "quotas", "name": "{before}{spelled}"}}]'
    _, catalog = answered_by(lambda _: Reply(raw=raw.encode()))
    (found,) = catalog.list_kind(GROUP.kind)
    assert "secret" not in str(found.fields["name"])


# Being told to slow down


@contextmanager
def client_at(server: Scripted, retry: RetrySettings, **settings: object) -> Iterator[Client]:
    with closing(Client(ConnectionSettings(url=server.url, retry=retry, **settings))) as client:  # type: ignore[arg-type]
        yield client


def refuse(retry_after: str = "0") -> Reply:
    return Reply(status=429, headers={"retry-after": retry_after}, body={"code": "Rate.TooMany"})


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another thread; a test that waits for good fails."""
    give_up_at = time.monotonic() + HANG_S
    while not is_so():
        assert time.monotonic() < give_up_at
        threading.Event().wait(0.001)


class Crowded:
    """Answers two requests at once and turns others away. The first eight arrive together.

    `together` is how many they were, and `later` how many were inside with each request that
    came once all of them had left.
    """

    def __init__(self) -> None:
        self.together = 0
        self.later: list[int] = []
        self._count = self._arrived = self._left = 0
        self._lock = threading.Lock()
        self._first = threading.Barrier(8)

    def __call__(self, _: Request) -> Reply:
        with self._lock:
            self._count += 1
            self._arrived += 1
            inside, is_first = self._count, self._arrived <= 8
            self.together = max(self.together, inside)
            if self._left == 8:
                self.later.append(inside)
        if is_first:
            self._first.wait(HANG_S)
        with self._lock:
            self._count -= 1
            self._left += is_first
        return Reply(body=[]) if inside <= 2 else Reply(status=429)


def test_eight_threads_share_a_server_that_takes_two_at_once() -> None:
    crowded = Crowded()
    with scripted(crowded) as server, client_at(server, FAST) as client:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(client.get, [f"/licenses/{n}" for n in range(60)]))
        assert [answer.status for answer in answers] == [200] * 60
        assert len({request.path for request in server.requests}) == 60
        assert crowded.together == 8
        assert max(crowded.later[:4]) <= 4
        assert client.slowdowns >= 1
        assert client.requests_sent == len(server.requests)


def test_all_threads_wait_when_one_is_told_to() -> None:
    pause_s = 0.2
    arrivals: list[float] = []
    told_at: list[float] = []
    lock, first = threading.Lock(), threading.Barrier(8)

    def answer(_: Request) -> Reply:
        with lock:
            arrivals.append(time.monotonic())
            number = len(arrivals)
        if number <= 8:
            first.wait(HANG_S)
            if number == 1:
                told_at.append(time.monotonic())
                return refuse("3600")
            until(lambda: client.slowdowns == 1)
        return Reply(body=[])

    retry = RetrySettings(base_s=0.001, max_s=0.002, retry_after_max_s=pause_s)
    with scripted(answer) as server, client_at(server, retry) as client:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(client.get, ["/licenses"] * 24))
        assert len(arrivals) == 25
        assert min(arrivals[8:]) >= told_at[0] + pause_s


@pytest.mark.parametrize("header", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_storm_uses_up_no_attempts(answered_by, status: int, header: str) -> None:  # type: ignore[no-untyped-def]
    asked = {"GET": count(1), "PUT": count(1)}

    def answer(request: Request) -> Reply:
        if next(asked[request.method]) % (FAST.attempts + 1):
            return Reply(status=status, headers={"retry-after": header})
        return Reply(body=QUOTAS)

    server, catalog = answered_by(answer)
    catalog.update(address("group/quotas"), {"name": "New"}, lambda _: True)
    sent = [request.method for request in server.requests]
    assert sent.count("PUT") > FAST.attempts
    assert server.requests[-1].method == "PUT"


def test_a_slow_pace_leaves_no_gap_between_a_look_and_its_write() -> None:
    """At one request per hour, a gate between the two would let an hour's edits be overwritten."""
    with scripted(lambda _: Reply(body=QUOTAS)) as server, ThreadPoolExecutor(1) as pool:
        catalog = catalog_at(server, max_requests_per_minute=1 / 60)
        update = pool.submit(catalog.update, address("group/quotas"), {"name": "N"}, lambda _: True)
        try:
            assert update.result(timeout=HANG_S)
        finally:
            catalog.__exit__(None, None, None)
    assert [request.method for request in server.requests] == ["GET", "PUT"]


@pytest.mark.parametrize("first", [429, 503])
def test_a_write_that_has_to_wait_looks_again(answered_by, first: int) -> None:  # type: ignore[no-untyped-def]
    statuses = iter([first])

    def answer(request: Request) -> Reply:
        status = next(statuses, 200) if request.method == "PUT" else 200
        return Reply(status=status, body=QUOTAS, headers={"retry-after": "0"})

    server, catalog = answered_by(answer)
    catalog.update(address("group/quotas"), {"name": "New"}, lambda _: True)
    assert [request.method for request in server.requests] == ["GET", "PUT", "GET", "PUT"]


def test_a_look_that_is_lost_is_repeated_before_the_write(answered_by) -> None:  # type: ignore[no-untyped-def]
    losses = iter([True, True])

    def answer(request: Request) -> Reply:
        return Reply(body=QUOTAS, hang_up=request.method == "GET" and next(losses, False))

    server, catalog = answered_by(answer)
    assert catalog.update(address("group/quotas"), {"name": "New"}, lambda _: True)
    assert [request.method for request in server.requests] == ["GET", "GET", "GET", "PUT"]


def test_a_storm_without_an_end_ends_the_run_with_a_clear_error() -> None:
    retry = RetrySettings(base_s=0.001, max_s=0.002, patience_s=0.05)
    with scripted(lambda _: refuse()) as server, client_at(server, retry) as client:
        with pytest.raises(UnreachableError, match=r"no request through, .* for 0.05 s") as caught:
            client.get("/licenses")
        assert str(caught.value.hint).startswith("run it again later; --max-requests-per-minute")
        sent = len(server.requests)
        with pytest.raises(UnreachableError):
            client.get("/groups")
        assert len(server.requests) == sent + 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"code": "Upkeep.Now", "detail": "back at noon"}, " Upkeep.Now: back at noon"),
        ({"title": "Down for maintenance"}, ": Down for maintenance"),
        ({"detail": "ksh_secret-token-of-a-user", "errorId": "e1"}, ": *** (errorId e1)"),
        ({"detail": "long " * 1000}, ": " + "long " * 100),
        (None, ""),
    ],
    ids=["detail", "title", "secret", "long", "nothing"],
)
def test_the_end_of_a_storm_repeats_what_the_server_said(
    status: int, body: object, said: str
) -> None:
    retry = RetrySettings(base_s=0.001, max_s=0.002, patience_s=0.01)
    reply = Reply(status=status, body=body, headers={"retry-after": "60"})
    token = "ksh_secret-token-of-a-user"
    with scripted(lambda _: reply) as server, client_at(server, retry, token=token) as client:
        for path in ("/licenses", "/groups"):
            with pytest.raises(UnreachableError) as caught:
                client.get(path)
            assert str(caught.value).endswith(f"at most ({status}{said})")


def test_nobody_waits_for_a_pause_that_patience_does_not_outlast() -> None:
    retry = RetrySettings(patience_s=30)
    with scripted(lambda _: refuse("60")) as server, client_at(server, retry) as client:
        for _ in range(2):
            with pytest.raises(UnreachableError, match="no request through"):
                client.get("/licenses")
        assert len(server.requests) == 1


def test_a_server_that_asks_to_wait_for_hours_is_quoted() -> None:
    retry = RetrySettings(patience_s=30)
    with scripted(lambda _: refuse("7200")) as server, client_at(server, retry) as client:
        with pytest.raises(UnreachableError) as caught:
            client.get("/licenses")
        assert str(caught.value.hint).startswith("it asks to wait 7,200 s: run it again later")
        assert len(server.requests) == 1


def test_a_request_that_is_refused_while_others_pass_ends_alone() -> None:
    retry = RetrySettings(base_s=0.001, max_s=0.002, patience_s=0.05)

    def answer(request: Request) -> Reply:
        return refuse() if request.method == "PUT" else Reply(body=QUOTAS)

    with scripted(answer) as server:
        settings = ConnectionSettings(url=server.url, retry=retry)
        with HttpCatalog(settings) as catalog, pytest.raises(ProblemError) as caught:
            catalog.update(address("group/quotas"), {"name": "New"}, lambda _: True)
    assert caught.value.status == 429
    assert "--max-requests-per-minute" in str(caught.value.hint)


@pytest.mark.parametrize("reply", [refuse(), Reply(status=503), Reply(hang_up=True)])
def test_one_attempt_is_one_attempt(reply: Reply) -> None:
    retry = RetrySettings(attempts=1)
    with scripted(lambda _: reply) as server, client_at(server, retry) as client:
        with pytest.raises((ProblemError, UnreachableError)):
            client.get("/licenses")
        assert len(server.requests) == 1


def test_closing_wakes_up_whoever_waits() -> None:
    for_good_s = 10 * HANG_S
    retry = RetrySettings(retry_after_max_s=for_good_s, patience_s=2 * for_good_s)
    with (
        scripted(lambda _: refuse(str(for_good_s))) as server,
        client_at(server, retry) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        futures = [pool.submit(client.get, "/licenses")]
        until(lambda: client.slowdowns == 1)
        futures.append(pool.submit(client.get, "/licenses"))
        client.close()
        for future in futures:
            with pytest.raises(StoppedError, match="stopped"):
                future.result(timeout=HANG_S)
        assert len(server.requests) == 1


def test_the_rate_is_bounded_over_real_sockets() -> None:
    with (
        scripted(lambda _: Reply(body=[])) as server,
        client_at(server, FAST, max_requests_per_minute=1200) as client,
    ):
        begin = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(client.get, ["/licenses"] * 5))
        assert time.monotonic() - begin >= 4 * 60 / 1200
        assert len(server.requests) == 5


# Posts are settled by reading


def test_a_post_whose_answer_was_lost_is_not_sent_again_when_it_worked(answered_by) -> None:  # type: ignore[no-untyped-def]
    made = []

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            made.append(request.body)
            return Reply(hang_up=True)
        return Reply(body=QUOTAS) if made else Reply(status=404)

    server, catalog = answered_by(answer)
    catalog.create(address("group/quotas"), {"name": "Quotas"})
    assert [r.method for r in server.requests] == ["POST", "GET"]
    assert made == [{"description": None, "slug": "quotas", "name": "Quotas"}]


def test_a_post_that_never_worked_is_sent_again(answered_by) -> None:  # type: ignore[no-untyped-def]
    posts = count()

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return Reply(status=503) if next(posts) == 0 else Reply(status=201, body=QUOTAS)
        return Reply(status=404)

    server, catalog = answered_by(answer)
    catalog.create(address("group/quotas"), {"name": "Quotas"})
    assert [r.method for r in server.requests] == ["POST", "GET", "POST"]


def test_a_conflict_on_something_that_is_there_is_left_to_the_check(answered_by) -> None:  # type: ignore[no-untyped-def]
    def answer(request: Request) -> Reply:
        return Reply(status=409) if request.method == "POST" else Reply(body=QUOTAS)

    _, catalog = answered_by(answer)
    catalog.create(address("group/quotas"), {"name": "Quotas"})


def test_a_quota_conflict_is_an_error(answered_by) -> None:  # type: ignore[no-untyped-def]
    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return Reply(status=409, body={"code": "CreateLicense.EntitlementLimitReached"})
        return Reply(status=404)

    _, catalog = answered_by(answer)
    with pytest.raises(ProblemError, match="EntitlementLimitReached"):
        catalog.create(address("license/l"), {"name": "L"})


def test_a_lost_publish_is_settled_by_the_state(answered_by) -> None:  # type: ignore[no-untyped-def]
    license_body = {"id": "l", "slug": "l1", "name": "L", "lifecycleState": "PUBLISHED"}

    def answer(request: Request) -> Reply:
        return Reply(hang_up=True) if request.method == "POST" else Reply(body=license_body)

    server, catalog = answered_by(answer)
    catalog.move(address("license/l1"), LicenseMove.PUBLISH, lambda _: True)
    assert [r.method for r in server.requests] == ["POST", "GET"]


def test_deleting_what_is_gone_is_fine(answered_by) -> None:  # type: ignore[no-untyped-def]
    _, catalog = answered_by(lambda _: Reply(status=404))
    catalog.delete(address("group/quotas"), lambda _: True)


# A write that failed says whether it may have been carried out

WRITES: dict[str, Callable[[HttpCatalog], object]] = {
    "POST": lambda it: it.create(address("group/quotas"), {"name": "Quotas"}),
    "PUT": lambda it: it.update(address("group/quotas"), {"name": "New"}, lambda _: True),
    "DELETE": lambda it: it.delete(address("group/quotas"), lambda _: True),
}
ENDS = [
    (Reply(hang_up=True), True),
    (Reply(status=500), True),
    (Reply(status=503), True),
    (Reply(status=503, headers={"retry-after": "0"}), False),
    (Reply(status=429), False),
    (Reply(status=422), False),
    (Reply(status=401), False),
]


@pytest.mark.parametrize(("reply", "may_be_done"), ENDS)
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_that_failed_says_whether_it_may_be_done(
    write: Callable[[HttpCatalog], object], reply: Reply, may_be_done: bool
) -> None:
    def answer(request: Request) -> Reply:
        return Reply(body=QUOTAS) if request.method == "GET" else reply

    with scripted(answer) as server, once_at(server.url) as catalog:
        with pytest.raises(KaitenSyncError) as caught:
            write(catalog)
        assert caught.value.may_be_done is may_be_done


def test_a_look_that_is_lost_leaves_nothing_done() -> None:
    with scripted(lambda _: Reply(hang_up=True)) as server, once_at(server.url) as catalog:
        with pytest.raises(UnreachableError) as caught:
            catalog.update(address("group/quotas"), {"name": "New"}, lambda _: True)
        assert not caught.value.may_be_done


def test_a_write_to_a_server_that_is_gone_is_not_done() -> None:
    with scripted(lambda _: Reply(body=QUOTAS)) as server:
        url = server.url
    with once_at(url) as catalog, pytest.raises(UnreachableError) as caught:
        catalog.create(address("group/quotas"), {"name": "Quotas"})
    assert not caught.value.may_be_done


def test_a_write_that_was_lost_before_may_be_done_whatever_comes_later(answered_by) -> None:  # type: ignore[no-untyped-def]
    puts = count()

    def answer(request: Request) -> Reply:
        if request.method == "PUT":
            next(puts)
            return Reply(hang_up=True)
        return Reply(status=403 if next(puts) > 1 else 200, body=QUOTAS)

    _, catalog = answered_by(answer)
    with pytest.raises(CredentialError) as caught:
        catalog.update(address("group/quotas"), {"name": "New"}, lambda _: True)
    assert caught.value.may_be_done


# Capabilities


def _openapi(*properties: str) -> dict[str, object]:
    schema = {"$ref": "#/components/schemas/Any"}
    content = {"application/json": {"schema": schema}}
    post = {"post": {"requestBody": {"content": content}}}
    paths = (
        "/api/entitlement-groups",
        "/api/entitlements",
        "/api/licenses",
        "/api/licenses/{slug}/entitlements",
    )
    return {
        "paths": dict.fromkeys(paths, post),
        "components": {"schemas": {"Any": {"properties": {name: {} for name in properties}}}},
    }


def test_reads_what_the_server_knows_from_its_document(answered_by) -> None:  # type: ignore[no-untyped-def]
    server, catalog = answered_by(lambda _: Reply(body=_openapi("name", "isActive")))
    known = catalog.capabilities()
    assert known.knows(LICENSE.kind, "isActive")
    assert not known.knows(LICENSE.kind, "lifecycleState")
    catalog.capabilities()
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "has_drafts"), [(404, False), (200, True)])
def test_probes_where_there_is_no_document(answered_by, status: int, has_drafts: bool) -> None:  # type: ignore[no-untyped-def]
    def answer(request: Request) -> Reply:
        if "license-families" in request.path:
            return Reply(status=status, body={"items": [], "hasMore": False})
        return Reply(body=[]) if "entitlements" in request.path else Reply(status=404)

    server, catalog = answered_by(answer)
    assert catalog.capabilities().knows(LICENSE.kind, "lifecycleState") is has_drafts
    assert len(server.requests) <= 3


def test_a_server_that_has_nothing_is_not_taken_for_an_old_one(answered_by) -> None:  # type: ignore[no-untyped-def]
    _, catalog = answered_by(lambda _: Reply(status=404, raw=b"Not Found"))
    with pytest.raises(ProblemError, match="GET /entitlements was refused: 404") as raised:
        catalog.capabilities()
    assert "is this a Kaiten server" in str(raised.value.hint)


def test_a_setting_overrides_the_server(answered_by) -> None:  # type: ignore[no-untyped-def]
    server, catalog = answered_by(lambda _: Reply(), generation=Generation.GETTING_STARTED)
    assert catalog.capabilities().knows(ENTITLEMENT.kind, "meterType")
    assert server.requests == []


# The URL and the token


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:6060", "http://127.0.0.1:6060/api"),
        ("http://localhost:6000/api/", "http://localhost:6000/api"),
        ("https://kaiten.example.com/x/", "https://kaiten.example.com/x/api"),
    ],
)
def test_api_is_appended_where_it_is_missing(url: str, base: str) -> None:
    assert api_base(url, allow_http=False) == base


@pytest.mark.parametrize(
    "url",
    [
        "kaiten.example.com",
        "ftp://kaiten.example.com",
        "http://kaiten.example.com",
        "https://me:secret@kaiten.example.com",
        "https://kaiten.example.com?token=secret",
        "http://[::1",
        "https://xn--",
        "https://xn--a",
        "http://127.0.0.1:port",
        "",
    ],
)
def test_refuses_a_url_that_is_wrong_or_in_clear(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        api_base(url, allow_http=False)
    assert "me:secret" not in str(caught.value)


def test_plain_http_can_be_allowed() -> None:
    assert api_base("http://kaiten.lan", allow_http=True) == "http://kaiten.lan/api"


@pytest.mark.parametrize("token", ["", "ksh_a\nb", "ksh_ä", "ksm_platform", "whsec_hook"])
def test_refuses_a_token_that_is_none(token: str) -> None:
    with pytest.raises(CredentialError) as caught:
        HttpCatalog(ConnectionSettings(url="http://127.0.0.1:1", token=token))
    assert not token or token not in str(caught.value)
