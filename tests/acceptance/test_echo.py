"""A server that sends the token back: it reaches no stream and no file, in no format."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from tests.support.command import kaiten_sync
from tests.support.scripted import Reply, Request, scripted

from kaiten_sync.cli.run import run

TOKEN = "ksh_Zq3-vK_8sT1mX0pLw7RbN4cYdE6gHjU2"
CATALOG = """\
version: 1
groups: {quotas: {name: Quotas, description: Ours}}
licenses: {growth: {name: Growth, type: PAID, description: Ours}}
"""
ECHOES: dict[str, Callable[[str], str]] = {
    "as it is": lambda token: token,
    "header": lambda token: f"Authorization: Bearer {token}",
    "URL": lambda token: f"https://x/{token}/y?z={quote(token)}",
    "base64": lambda token: base64.b64encode(f"user:{token}".encode()).decode(),
    "in escapes of a terminal": lambda token: f"{token[:9]}\x1b[0m{token[9:]}",
}
COMMANDS = (
    ("plan", "-o", "plan.json"),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("plan", "--format", "html"),
    ("drift",),
    ("drift", "--format", "json"),
    ("drift", "--format", "sarif"),
    ("export", "-o", "out"),
    ("apply", "--yes", "--receipt", "receipt.json"),
)


def echoed(request: Request, spell: Callable[[str], str]) -> Reply:
    """A list of one object whose texts, keys and values have what the request was sent with."""
    token = spell(request.headers["authorization"].removeprefix("Bearer "))
    path = urlsplit(request.path).path
    if path == "/api/licenses" and request.method == "GET":
        found = {
            "id": token,
            "slug": "growth",
            "name": token,
            "type": "PAID",
            "description": f"before {token} after",
            "updatedBy": {"name": token},
            "updatedAt": token,
            "versionName": token,
        }
        return Reply(body={"items": [found], "hasMore": False})
    if path == "/api/entitlement-groups" and request.method == "GET":
        group = {"id": "g", "slug": "old", "name": "Old", "description": token}
        return Reply(body={"items": [group], "hasMore": False})
    if path == "/api/entitlements":
        return Reply(body={"items": [], "hasMore": False})
    if request.method == "GET" and path.endswith("/entitlements"):
        return Reply(body={"items": [], "hasMore": False})
    problem = {"code": token, "detail": "x" * 480 + token, "errorId": token, "title": token}
    return Reply(status=422, body=problem, headers={"x-echo": token.replace("\x1b", "")})


@pytest.mark.parametrize("spelling", ECHOES)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_echoed_token_reaches_neither_stream_nor_file(
    tmp_path: Path,
    command: tuple[str, ...],
    spelling: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "c.yaml").write_text(CATALOG, encoding="utf-8")
    spell = ECHOES[spelling]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", TOKEN)
    with scripted(lambda request: echoed(request, spell)) as server:
        monkeypatch.setenv("KAITEN_BASE_URL", server.url)
        run([*command, *(() if command[0] == "export" else ("-f", "c.yaml"))])
    assert server.requests
    shown = capsys.readouterr()
    assert "this is a bug" not in shown.err
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    for text in (shown.out, shown.err, *written):
        assert TOKEN not in text
        assert TOKEN[4:14] not in text or spelling == "in escapes of a terminal"
        assert spell(TOKEN) not in text
        assert base64.b64encode(TOKEN.encode())[8:24].decode() not in text


def test_a_token_where_the_status_line_belongs_is_not_shown(tmp_path: Path) -> None:
    with scripted(lambda _: Reply(headers={"bad header": TOKEN})) as server:
        ended = kaiten_sync(
            "export", "-o", "out", "--base-url", server.url, "--auth-token", TOKEN, cwd=tmp_path
        )
    assert ended.code != 0
    assert TOKEN not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("plan", TOKEN),
        ("plan", f"--auth-tokn={TOKEN}"),
        ("plan", "--base-url", f"https://127.0.0.1/{TOKEN}"),
        ("plan", "--base-url", f"http://127.0.0.1/?token={TOKEN}"),
        ("plan", "-t", TOKEN, "-f", "c.yaml"),
        ("show", f"{TOKEN}.json"),
        ("validate", f"{TOKEN}.yaml"),
        ("drift", TOKEN),
    ],
)
@pytest.mark.parametrize("output_format", ["text", "json"])
def test_a_token_in_the_wrong_place_of_a_command_line_is_not_shown(
    tmp_path: Path, words: tuple[str, ...], output_format: str
) -> None:
    (tmp_path / "c.yaml").write_text(CATALOG, encoding="utf-8")
    ended = kaiten_sync(*words, "--format", output_format, cwd=tmp_path)
    assert ended.code == 3
    assert TOKEN[4:] not in ended.stdout + ended.stderr
    assert any(
        each in ended.stdout + ended.stderr
        for each in ("***", "No such option", "has a token in it")
    )
    if output_format == "json" and "validate" not in words:
        assert json.loads(ended.stdout)["error"]["kind"]
