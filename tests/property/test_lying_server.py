"""Whatever a server answers, a command ends with one of its exit codes and one of our errors."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.scripted import Reply, Request, Scripted, scripted

from kaiten_sync.cli.run import run

CATALOG = """\
version: 1
groups: {quotas: {name: Quotas}, extra: {name: Extra}}
entitlements:
  calls: {name: API calls, type: NUMBER, groups: [quotas], resetPeriod: MONTH}
  branding: {name: Branding, type: CONFIG}
licenses:
  growth: {name: Growth, type: PAID, entitlements: {calls: 500, branding: {value: {a: 1}}}}
"""
OBJECTS: dict[str, Any] = {
    "/entitlement-groups": [{"id": "g1", "slug": "quotas", "name": "Quota", "description": None}],
    "/entitlements": [
        {
            "id": "e1",
            "slug": "calls",
            "name": "Calls",
            "type": "NUMBER",
            "description": "ours",
            "aggregationMethod": "SUM",
            "entitlementGroups": [{"id": "g1", "slug": "quotas"}],
            "updatedAt": "2026-01-01T00:00:00.000Z",
            "updatedBy": {"name": "Somebody"},
        },
        {"id": "e2", "slug": "branding", "name": "Branding", "type": "CONFIG"},
    ],
    "/licenses": [
        {
            "id": "l1",
            "slug": "growth",
            "name": "Growth",
            "type": "PAID",
            "description": "",
            "version": "1",
            "familyId": "f1",
            "familySlug": "growth",
            "lifecycleState": "PUBLISHED",
            "isDefault": True,
        }
    ],
    "/licenses/growth/entitlements": [
        {
            "licenseId": "l1",
            "licenseSlug": "growth",
            "entitlementSlug": "calls",
            "value": {"type": "number", "value": 1000},
            "limitCapExceededOveragePercent": 0,
        },
        {
            "licenseId": "l1",
            "entitlementSlug": "branding",
            "value": {"type": "object", "value": {"theme": {"dark": [1, 2.5, None]}}},
        },
    ],
    "/license-families": [],
    "/instances": [
        {"id": "i1", "slug": "acme", "name": "Acme", "licenseSlug": "growth", "customerSlug": "a"}
    ],
    "/instances/acme/entitlements/usage": [
        {"entitlementSlug": "calls", "value": {"type": "number", "value": 7, "event_count": 3}}
    ],
}
VALUES = (
    *("null", "true", "0", "-1", "1.5", "1e308", "1e999", "NaN", "9" * 400, f"-{'9' * 300}"),
    *('""', '"x"', json.dumps("x" * 5000), r'"\ud800"', r'"\u0000\u001b[31m\u202e"', '"../.."'),
    *('"é/ü"', "[]", "{}", "[null]", "[[1]]", '{"a": 1, "a": 2}', '{"type": []}', '[{"slug": 1}]'),
    *('{"type": "number", "value": true}', '{"type": "object", "value": []}', '"2026-99-99"'),
    *("[" * 60 + "]" * 60, "[" * 985 + "]" * 985, '{"a":' * 985 + "1" + "}" * 985),
)
"""JSON texts that stand where something else is expected."""

BODIES = (
    *(b"", b"null", b"[]", b"{}", b"0", b'"x"', b"<html>", b"\xff\xfe", b"\xef\xbb\xbf[]", b"[1]"),
    *(b'{"items": [], "items": []}', b'{"items": null}', b'{"items": {}, "hasMore": false}'),
    *(b'{"items": [1], "hasMore": false}', b'{"items": [], "hasMore": true, "nextCursor": "x"}'),
    *(b'{"hasMore": true}', b"[" * 2_000, '[{"slug": "é"}]'.encode("utf-16"), b"[]]", b"\x00"),
)
STATUSES = (200, 201, 204, 301, 304, 400, 401, 403, 404, 409, 418, 422, 500, 599)
"""None of those after which the same request is sent again."""

COMMANDS = (
    ("plan", "-f", "c.yaml", "--prune", "all", "--max-deletes", "100%"),
    ("plan", "-f", "c.yaml", "--format", "json"),
    ("drift", "-f", "c.yaml", "--format", "json"),
    ("drift", "-f", "c.yaml", "--revert", "--plan", "none"),
    ("export", "-o", "out", "--force"),
    ("adopt", "-f", "c.yaml", "--dry-run"),
    ("apply", "p.json", "--receipt", "r.json"),
    ("apply", "p.json", "--format", "json"),
)
CODES = {0, 1, 2, 3, 4, 5, 6}


@dataclass
class Liar:
    """Answers truthfully, but for the requests that `lie` changes."""

    lie: Callable[[str, str, Reply], Reply] = lambda _method, _path, reply: reply
    there: dict[str, Any] = field(default_factory=dict)

    def reset(self) -> None:
        self.there = copy.deepcopy(OBJECTS)

    def answer(self, request: Request) -> Reply:
        path = urlsplit(request.path).path.removeprefix("/api")
        return self.lie(request.method, path, self._truth(request.method, path, request.body))

    def _truth(self, method: str, path: str, body: Any) -> Reply:
        above, _, slug = path.rpartition("/")
        missing = Reply(status=404, body={"code": "NotFound", "instance": f"/api{path}"})
        if path in self.there:
            if method == "POST":
                key = "entitlementSlug" if "entitlementSlug" in body else "slug"
                self.there[path].append({"id": "new", key: body[key], **body})
                return Reply(status=201, body=body)
            if path.endswith("/usage"):
                return Reply(body=self.there[path])
            return Reply(body={"items": self.there[path], "hasMore": False})
        items = self.there.get(above, [])
        for item in items:
            if slug in (item.get("slug"), item.get("entitlementSlug")):
                if method == "PUT":
                    item.update(body)
                    return Reply(status=204)
                if method == "DELETE":
                    items.remove(item)
                    return Reply(status=204)
                return Reply(body=item)
        return missing


LIAR = Liar()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    with scripted(LIAR.answer) as running:
        yield running


@pytest.fixture(scope="module")
def folder(server: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog, and a plan that was made while the server said the truth."""
    folder = tmp_path_factory.mktemp("lies")
    (folder / "c.yaml").write_text(CATALOG)
    LIAR.reset()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("KAITEN_BASE_URL", server.url)
        words = ("plan", "-f", "c.yaml", "-o", "p.json", "--prune", "all")
        assert run([*words, "--allow", "entitlement/calls"]) == 0
    assert len(json.loads((folder / "p.json").read_text())["changes"]) >= 4
    return folder


@st.composite
def lies(draw: st.DrawFn) -> Callable[[str, str, Reply], Reply]:
    """One kind of answer is changed: its status, its type, all of its body, or one value in it."""
    victim = draw(st.sampled_from([*OBJECTS, "/openapi.json", "/licenses/growth", "POST", "PUT"]))
    after = draw(st.integers(0, 2))
    status = draw(st.none() | st.sampled_from(STATUSES))
    kind = draw(st.sampled_from(["application/json", "application/problem+json", "text/html", ""]))
    whole = draw(st.none() | st.sampled_from(BODIES))
    choices = draw(st.lists(st.integers(0, 1000), min_size=8, max_size=8))
    value = draw(st.sampled_from(VALUES))
    seen = 0

    def lie(method: str, path: str, reply: Reply) -> Reply:
        nonlocal seen
        if victim not in (path, method) and not path.startswith(f"{victim}/"):
            return reply
        seen += 1
        if seen <= after:
            return reply
        content = broken(reply.body, choices, value) if whole is None else whole
        headers = {"content-type": kind} if kind else {}
        return Reply(status=status or reply.status, raw=content, headers=headers)

    return lie


def broken(body: Any, choices: list[int], value: str) -> bytes:
    """The JSON with one value, at any depth, in place of another."""
    document = {"": copy.deepcopy(body)}
    holder: Any = document
    key: Any = ""
    for choice in choices:
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or choice % 5 == 0:
            break
        holder, keys = inner, list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = keys[choice % len(keys)]
    holder[key] = "@@"
    return json.dumps(document[""]).replace('"@@"', value).encode()


def test_a_plan_of_the_truth_can_be_applied(
    server: Scripted, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is a lie that an apply below ends with, and not the plan."""
    LIAR.reset()
    LIAR.lie = Liar.lie
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KAITEN_BASE_URL", server.url)
    assert run(["apply", "p.json"]) == 0


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@settings(max_examples=35)
@given(lie=lies())
def test_a_lie_ends_in_an_error_of_ours(
    server: Scripted,
    folder: Path,
    command: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    lie: Callable[[str, str, Reply], Reply],
) -> None:
    LIAR.reset()
    LIAR.lie = lie
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("KAITEN_BASE_URL", server.url)
        patch.setenv("KAITEN_AUTH_TOKEN", "ksh_a-token")
        (folder / "r.json").unlink(missing_ok=True)
        code = run(command)
    shown = capsys.readouterr()
    assert code in CODES
    for word in ("this is a bug", "Traceback", "the system said"):
        assert word not in shown.err, shown.err
    if "error: " in shown.err:
        assert "  help: " in shown.err, shown.err
    if "json" in command:
        json.loads(shown.out)
    if "r.json" in command and (folder / "r.json").exists():
        receipt = json.loads((folder / "r.json").read_text())
        assert receipt["state"] != "running"
        assert (receipt["state"] == "complete") is (code == 0)
