"""Without names, nothing that a command says names an instance or a customer, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.migrating import CATALOG, PLAN, Shop, opened
from tests.support.scripted import Reply, Request, Scripted, scripted

NAMES = ("zebra", "quagga", "okapi")
"""In the slugs and names of instances and their customers, in any case."""

FORMATS = ("text", "json", "markdown", "html")
LOWERED = CATALOG.replace("{seats: 10, calls: 1000, sso: true}", "{seats: 5, calls: 900}")
RULES = """\
version: 1
catalog: [catalog.yaml]
targets: {{default: {{url: "{url}"}}}}
policy:
  rules:
    - {{name: near, warn: impact.near > 0, message: near}}
    - {{name: moves, {moves}: change.action == "move", message: it moves}}
"""


@pytest.fixture
def shop(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with opened(place, capsys) as made:
        made.place.write("kaiten-sync.yaml", RULES.format(url=place.url, moves="warn"))
        made.place.write("lowered.yaml", LOWERED)
        for name, seats in zip(NAMES, (2, 5, 9), strict=True):
            made.sell(name, seats)
        yield made


def check(shop: Shop, *args: str, code: int, url: str | None = None, says: str = "") -> str:
    """Run a command without names; it says something, and none of the names."""
    ended = shop.run(*args, "--no-names", KAITEN_BASE_URL=url or shop.place.url)
    said = ended.stdout + ended.stderr
    assert ended.code == code, said
    assert says in said, said
    nobody(said)
    return said


def nobody(text: str) -> None:
    for name in NAMES:
        assert name not in text.lower(), text


def receipt(shop: Shop) -> str:
    return (shop.place.folder / "receipt.json").read_text()


def test_plans_of_a_catalog(shop: Shop) -> None:
    shop.place.write("gone.yaml", CATALOG.split("licenses:")[0])
    shop.place.write("daily.yaml", CATALOG.replace("NUMBER}", "NUMBER, resetPeriod: DAY}", 1))
    for shown in FORMATS:
        form = ("--format", shown)
        plan = ("plan", "--previous", "catalog.plan.json", *form, "-f")
        out = ("-o", "new.plan.json", "--impact-out", "impact.json")
        check(shop, *plan, "lowered.yaml", *out, code=0)
        check(shop, *plan, "lowered.yaml", "--fail-on", "over", code=4)
        check(shop, *plan, "gone.yaml", code=4, says="3 instances")
        check(shop, *plan, "daily.yaml", code=4, says="3 instances")
        check(shop, "impact", "new.plan.json", *form, code=0)
    check(shop, "impact", "new.plan.json", "--format", "csv", code=0)
    for name in ("new.plan.json", "impact.json"):
        nobody((shop.place.folder / name).read_text())


def test_migrations(shop: Shop) -> None:
    for shown in FORMATS:
        migrate = ("migrate", "growth", "-o", PLAN, "--format", shown)
        check(shop, *migrate, "--where", "customer != 'okapi'", code=0, says="holder-3")
        hidden = check(shop, *migrate, "--where", "customer != 'okapi'", code=0, says="not shown")
        assert "'(not shown" not in hidden  # it is no expression
        check(shop, *migrate, "--where", "instance.license < 5", code=3)
        check(shop, *migrate, "--where", "usage.exports > 1", code=0)
        check(shop, *migrate, "--skip", "instance/zebr", code=3, says="there is no such instance")
        check(shop, *migrate, "--max-moves", "1", code=4)
        check(shop, *migrate, "--allow", "instance/okapi", code=0)
    check(shop, "migrate", "growth", "-o", PLAN, code=0)
    assert shop.moved() == ["zebra", "quagga"]
    shop.use("quagga", 9)
    for shown, code in {"text": 5, "json": 4, "markdown": 4}.items():
        apply = ("apply", PLAN, "--receipt", "receipt.json", "--format", shown)
        check(shop, *apply, code=code, says="instance/holder-2")
        nobody(receipt(shop))
    assert shop.held()["zebra"] == "growth-v2"


def test_refusals_of_rules_and_of_plans_that_are_too_old(shop: Shop) -> None:
    check(shop, "migrate", "growth", "-o", PLAN, code=0)
    document = shop.plan()
    shop.place.write("kaiten-sync.yaml", RULES.format(url=shop.place.url, moves="deny"))
    check(shop, "migrate", "growth", code=4, says="instance/holder-1")
    check(shop, "apply", PLAN, "--receipt", "receipt.json", code=4)
    nobody(receipt(shop))
    document["changes"][0]["effect"] = "loosens"
    shop.place.write(PLAN, json.dumps(document))
    check(shop, "apply", PLAN, code=4)


def fails(request: Request) -> Reply | None:
    if not request.path.startswith("/api/instances/"):
        return None
    return Reply(422, {"code": "GetUsage.Odd", "detail": "Zebra Ltd. has none", "errorId": "e-1"})


def bills(request: Request) -> Reply | None:
    if request.method != "PUT":
        return None
    return Reply(409, {"code": "UpdateInstance.BillingActive", "detail": "Quagga pays"})


def is_unavailable(request: Request) -> Reply | None:
    return Reply(503) if request.path.startswith("/api/instances/") else None


def lists_one_twice(request: Request) -> Reply | None:
    if not request.path.startswith("/api/instances"):
        return None
    item = {"id": "i-1", "slug": "zebra", "name": "Zebra", "customerSlug": "quagga"}
    return Reply(200, {"items": [item, item], "nextCursor": None})


def between(
    shop: Shop, twist: Callable[[Request], Reply | None]
) -> AbstractContextManager[Scripted]:
    """A server that answers otherwise than the real one behind it."""

    def answer(request: Request) -> Reply:
        twisted = twist(request)
        if twisted is not None:
            return twisted
        path = request.path.removeprefix("/api")
        got = shop.api.request(request.method, path, json=request.body)
        return Reply(got.status_code, raw=got.content)

    return scripted(answer)


def test_what_a_server_says_of_instances(shop: Shop) -> None:
    for twist in (fails, is_unavailable, lists_one_twice):
        # What is said of another attempt is the same in every format, and each waits in between.
        formats = ("text",) if twist is is_unavailable else ("text", "json", "markdown")
        with between(shop, twist) as server:
            for shown in formats:
                form, to = ("--format", shown), server.url
                check(shop, "plan", "-f", "lowered.yaml", *form, code=1, url=to)
                check(shop, "migrate", "growth", *form, code=1, url=to)


def test_whom_a_server_bills(shop: Shop) -> None:
    (shop.place.folder / "kaiten-sync.yaml").unlink()
    with between(shop, bills) as server:
        check(shop, "migrate", "growth", "-o", PLAN, code=0, url=server.url)
        for shown in ("text", "json", "markdown"):
            apply = ("apply", PLAN, "--receipt", "receipt.json", "--format", shown)
            said = check(shop, *apply, code=4, url=server.url)
            nobody(receipt(shop))
            assert ("pass them to --skip" in said) == (shown != "json")
