"""Reports that wait are counted in one transaction, each as if it were alone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.engine.default import DefaultDialect
from tests.support.embedded import EmbeddedServer
from tests.support.metering import Meter, client, metered, opened, path
from tests.support.processes import HANG_S

from kaiten_sync.licensing.windows import Reading
from kaiten_sync.server.db.tables import (
    entitlement,
    event,
    instance,
    usage,
    usage_day,
    usage_report,
)
from kaiten_sync.server.db.usage import GrantedUsage
from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.service import report_ledger, usage_reports
from kaiten_sync.server.service.usage_reports import Counted, ReportFields, UsageReport, report_many
from kaiten_sync.server.service.work import Caller, Work
from kaiten_sync.server.shapes.usage import usage_json
from kaiten_sync.server.web.together import MOST_TOGETHER, Together

WAITING = 12


def test_what_waits_is_one_group_in_its_order() -> None:
    seen: list[list[int]] = []
    may_go = threading.Event()

    def answer(group: Sequence[int]) -> list[int | Exception]:
        assert may_go.wait(HANG_S)
        seen.append(list(group))
        return [ValueError(str(n)) if n == 5 else n * 10 for n in group]

    async def ask() -> list[int | BaseException]:
        together = Together(answer)
        asked = [asyncio.ensure_future(together.ask(n)) for n in range(MOST_TOGETHER + 10)]
        await asyncio.sleep(0)
        asked[7].cancel()
        may_go.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(ask())
    assert seen == [list(range(MOST_TOGETHER)), list(range(MOST_TOGETHER, MOST_TOGETHER + 10))]
    assert isinstance(answers[5], ValueError)
    assert isinstance(answers[7], asyncio.CancelledError)
    assert [a for n, a in enumerate(answers) if n not in (5, 7)] == [
        n * 10 for n in range(MOST_TOGETHER + 10) if n not in (5, 7)
    ]


def test_a_group_that_fails_fails_for_each_and_the_next_goes_on() -> None:
    def answer(group: Sequence[int]) -> list[int | Exception]:
        if 0 in group:
            raise RuntimeError("all of them")
        return list(group)

    async def ask() -> list[int | BaseException]:
        together = Together(answer)
        first = await asyncio.gather(*map(together.ask, range(2)), return_exceptions=True)
        return [*first, await together.ask(3)]

    failed, also_failed, good = asyncio.run(ask())
    assert isinstance(failed, RuntimeError)
    assert isinstance(also_failed, RuntimeError)
    assert good == 3


class _Held:
    """Holds up the first group, until so many more reports wait behind it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.began = threading.Event()
        self.may_go = threading.Event()
        self._opened = report_ledger.ReportLedger.opened
        monkeypatch.setattr(report_ledger.ReportLedger, "opened", self._hold)
        self._ask = Together.ask
        self.waiting = threading.Semaphore(0)
        held = self

        async def ask(together: Together[object, object], question: object) -> object:
            held.waiting.release()
            return await held._ask(together, question)

        monkeypatch.setattr(Together, "ask", ask)

    def others(
        self, pool: ThreadPoolExecutor, report: Callable[[int], httpx.Response]
    ) -> list[Future[httpx.Response]]:
        """Reports that all wait behind the first group."""
        assert self.began.wait(HANG_S)
        others = [pool.submit(report, number) for number in range(WAITING)]
        for _ in range(WAITING + 1):
            assert self.waiting.acquire(timeout=HANG_S)
        return others

    def _hold(self, asked: list[report_ledger.Asked]) -> report_ledger.ReportLedger:
        self.sizes.append(len(asked))
        self.began.set()
        assert self.may_go.wait(HANG_S)
        return self._opened(asked)


def test_reports_over_http_share_a_transaction(
    server: EmbeddedServer, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = metered(api, server.database_url)
    meter.grant(WAITING)
    token = api.headers["Authorization"].removeprefix("Bearer ")
    held = _Held(monkeypatch)

    def report(number: int) -> httpx.Response:
        with client(server.url, token if number != 3 else "ksh_" + "x" * 40) as mine:
            value: object = "many" if number == 5 else 1
            return mine.post(path(), json={"value": value, "transactionId": f"k{number // 2}"})

    with ThreadPoolExecutor(WAITING + 1) as pool:
        first = pool.submit(meter.report, 1)
        others = held.others(pool, report)
        held.may_go.set()
        assert first.result().status_code == 200
        statuses = [each.result().status_code for each in others]
    assert statuses == [401 if n == 3 else 422 if n == 5 else 200 for n in range(WAITING)]
    assert held.sizes[0] == 1
    assert sum(held.sizes) == WAITING - 1
    assert max(held.sizes) > 1
    # Two reports of each key, of which one counts; the other keys' partners were refused.
    assert meter.read()["value"]["value"] == 1 + WAITING // 2
    assert len(meter.reports()) == WAITING // 2


def test_one_that_cannot_be_answered_spoils_no_other(
    server: EmbeddedServer, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = metered(api, server.database_url)
    meter.grant(-1)

    def shown(granted: GrantedUsage, reading: Reading | None) -> dict[str, object]:
        body = usage_json(granted, reading)
        return {"value": float("nan")} if body["value"]["value"] % 2 else body

    def report(number: int) -> int:
        # A connection of its own, because a server that failed closes it.
        token = api.headers["Authorization"].removeprefix("Bearer ")
        with client(server.url, token) as mine:
            return mine.post(path(), json={"value": 1 + number % 2}).status_code

    monkeypatch.setattr(usage_reports, "usage_json", shown)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(report, range(40)))
    assert set(answers) == {200, 500}
    monkeypatch.undo()
    assert meter.read()["value"]["value"] == 2 * answers.count(200)
    assert meter.read()["value"]["event_count"] == answers.count(200)


@pytest.mark.parametrize("key", [None, "k"])
def test_what_may_be_stored_is_not_done_again(
    server: EmbeddedServer, api: httpx.Client, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    meter = metered(api, server.database_url)
    meter.grant(-1)
    token = api.headers["Authorization"].removeprefix("Bearer ")
    meter.report(1)  # the token is known after it, and all that follow are one group
    held = _Held(monkeypatch)
    commit: Any = DefaultDialect.do_commit

    def report(number: int) -> httpx.Response:
        keyed = {} if key is None else {"transactionId": f"{key}{number}"}
        with client(server.url, token) as mine:
            return mine.post(path(), json={"value": 1, **keyed})

    def commit_without_an_answer(dialect: DefaultDialect, connection: Any) -> None:
        commit(dialect, connection)
        if len(held.sizes) == 2:
            raise _lost(dialect)

    with ThreadPoolExecutor(WAITING + 1) as pool:
        first = pool.submit(meter.report, 1)
        others = held.others(pool, report)
        monkeypatch.setattr(DefaultDialect, "do_commit", commit_without_an_answer)
        held.may_go.set()
        assert first.result().status_code == 200
        answers = [each.result() for each in others]
    monkeypatch.setattr(DefaultDialect, "do_commit", commit)
    assert held.sizes == [1, WAITING]
    assert {each.status_code for each in answers} == {503}
    assert "before it confirmed the request" in answers[0].json()["detail"]
    assert meter.read()["value"]["value"] == 2 + WAITING
    # Who has named the reports repeats them, and they count once.
    if key is not None:
        assert {report(number).status_code for number in range(WAITING)} == {200}
        assert meter.read()["value"]["value"] == 2 + WAITING


def _lost(dialect: DefaultDialect) -> Exception:
    """What the driver raises if the database goes away."""
    driver: Any = dialect.dbapi
    error = driver.OperationalError("the connection was lost")
    if dialect.name == "sqlite":
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    return cast(Exception, error)


_reports = st.lists(
    st.tuples(
        st.sampled_from(["aa", "bb", "nothing"]),
        st.sampled_from([1, 2.5, -1, 3, 1e308]),
        st.sampled_from(["append", "set"]),
        st.sampled_from([None, "k1", "k2", "no key"]),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def twins(server: EmbeddedServer) -> Iterator[tuple[Meter, Meter]]:
    """Two organizations that are alike."""
    with (
        client(server.url, server.new_organization()) as left,
        client(server.url, server.new_organization()) as right,
    ):
        meters = metered(left, server.database_url), metered(right, server.database_url)
        for meter in meters:
            meter.grant(5, "aa", overage=20, warningThresholdPercent=50)
            meter.grant(4, "bb", aggregationMethod="MAX", resetPeriod="DAY")
        yield meters


@given(reports=_reports, cut=st.integers(0, 14))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_a_group_leaves_what_the_same_reports_leave_one_by_one(
    twins: tuple[Meter, Meter], reports: list[tuple[str, float, str, str | None]], cut: int
) -> None:
    together, alone = twins
    groups = [reports[:cut], reports[cut:]]
    for meter in twins:
        _forget(meter)
    first = [outcome for group in groups for outcome in _report(together, group)]
    second = [outcome for report in reports for outcome in _report(alone, [report])]
    assert first == second
    assert _left(together) == _left(alone)


def _report(meter: Meter, reports: list[tuple[str, float, str, str | None]]) -> list[object]:
    caller = Caller(
        account_id="", account_name="", organization_id=_organization(meter), scopes=frozenset()
    )
    with opened(meter.database_url) as database, database.writing() as connection:
        asked = [
            UsageReport(
                work=Work(
                    connection=connection, caller=caller, now_ms=10**12, random_hex=lambda: ""
                ),
                instance_slug="main",
                entitlement_slug=slug,
                fields=ReportFields(
                    value={"type": "number", "value": value}, behavior=behavior, transaction_id=key
                ),
            )
            for slug, value, behavior, key in reports
        ]
        outcomes = report_many(asked, lambda counted: counted)
    return [_comparable(each) for each in outcomes]


def _organization(meter: Meter) -> str:
    with opened(meter.database_url) as database, database.reading() as connection:
        mine = select(instance.c.organization_id).where(instance.c.id == meter.instance_id)
        found: str = connection.execute(mine).scalar_one()
        return found


def _comparable(outcome: Counted | Exception) -> object:
    if isinstance(outcome, RefusalError):
        return type(outcome), outcome.code, outcome.detail, outcome.problems
    assert isinstance(outcome, Counted)
    answer = {name: value for name, value in outcome.answer.items() if not name.endswith("Id")}
    return answer, outcome.is_replay


def _forget(meter: Meter) -> None:
    """Start again: no counter, no day, no key, no event of the instance."""
    with opened(meter.database_url) as database, database.writing() as connection:
        for table in (usage, usage_day, usage_report, event):
            connection.execute(delete(table).where(table.c.instance_id == meter.instance_id))


def _left(meter: Meter) -> list[object]:
    """All that reports left behind, without ids."""
    left: list[object] = []
    with opened(meter.database_url) as database, database.reading() as connection:
        named = connection.execute(select(entitlement.c.id, entitlement.c.slug))
        slugs = {row.id: row.slug for row in named}
        for table in (usage, usage_day, usage_report, event):
            mine = select(table).where(table.c.instance_id == meter.instance_id)
            rows = connection.execute(mine).mappings().all()
            if table is event:
                rows = sorted(rows, key=lambda row: row["seq"])
            shown = [
                {
                    name: slugs.get(str(value), value)
                    for name, value in row.items()
                    if name not in ("seq", "id", "instance_id", "license_id", "organisation_id")
                    and name not in ("answer", "payload")
                }
                | {"names": row.get("payload", {}).get("entitlement_slug")}
                for row in rows
            ]
            left += shown if table is event else sorted(shown, key=str)
    return left
