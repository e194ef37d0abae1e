"""A server whose certificate an authority of one's own has signed."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from tests.support.command import Ended, kaiten_sync
from tests.support.scripted import Reply, Scripted, scripted

PROJECT = """\
version: 1
catalog: [c.yaml]
targets:
  usual: {url: %(url)s}
  own: {url: %(url)s, ca: certificates/ca.pem}
  other: {url: %(url)s, ca: certificates/other.pem}
  nowhere: {url: %(url)s, ca: certificates/nowhere.pem}
  empty: {url: %(url)s, ca: certificates/empty.pem}
  pipe: {url: %(url)s, ca: certificates/pipe}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Scripted]:
    authority, other = trustme.CA(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    folder = tmp_path / "project/certificates"
    folder.mkdir(parents=True)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    other.cert_pem.write_to_path(str(folder / "other.pem"))
    (folder / "empty.pem").touch()
    os.mkfifo(folder / "pipe")
    (tmp_path / "elsewhere").mkdir()
    with scripted(lambda _: Reply(body={"items": [], "hasMore": False}), tls) as running:
        (tmp_path / "project/kaiten-sync.yaml").write_text(PROJECT % {"url": running.url})
        (tmp_path / "project/c.yaml").write_text("version: 1\ngroups: {quotas: {name: Q}}\n")
        yield running


def plan(tmp_path: Path, target: str, **environment: str) -> Ended:
    project = str(tmp_path / "project/kaiten-sync.yaml")
    words = ("plan", "-t", target, "--project", project)
    chosen = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": "", **environment}
    return kaiten_sync(*words, cwd=tmp_path / "elsewhere", environment=chosen)


def test_the_authority_of_a_target_is_trusted(server: Scripted, tmp_path: Path) -> None:
    done = plan(tmp_path, "own")
    assert (done.code, bool(server.requests)) == (0, True), done.stderr


def test_it_wins_over_the_environments(server: Scripted, tmp_path: Path) -> None:
    other = str(tmp_path / "project/certificates/other.pem")
    assert plan(tmp_path, "own", SSL_CERT_FILE=other).code == 0


def test_the_environments_authority_is_trusted(server: Scripted, tmp_path: Path) -> None:
    file = str(tmp_path / "project/certificates/ca.pem")
    assert plan(tmp_path, "usual", SSL_CERT_FILE=file).code == 0


@pytest.mark.parametrize(
    ("days", "hint"),
    [(-1, "renew the server's certificate"), (1, "check the clock of this machine")],
)
def test_a_certificate_of_another_time_is_recognized(tmp_path: Path, days: int, hint: str) -> None:
    authority, now = trustme.CA(), datetime.now(UTC)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    begin, end = now + timedelta(days), now + timedelta(days, hours=1)
    issued = authority.issue_cert("127.0.0.1", not_before=begin, not_after=end)
    issued.configure_cert(tls)
    file = tmp_path / "theirs.pem"
    authority.cert_pem.write_to_path(str(file))
    with scripted(lambda _: Reply(body={}), tls) as running:
        chosen = {"SSL_CERT_FILE": str(file), "KAITEN_BASE_URL": running.url}
        done = kaiten_sync("doctor", cwd=tmp_path, environment=chosen)
    assert (done.code, hint in done.stdout) == (6, True), done.stdout


@pytest.mark.parametrize("name", ["kaiten.example.com", "10.0.0.1"])
def test_a_certificate_for_another_name_is_recognized(tmp_path: Path, name: str) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with scripted(lambda _: Reply(body={}), tls) as running:
        chosen = {"SSL_CERT_FILE": str(file), "KAITEN_BASE_URL": running.url}
        for url in (running.url, running.url.replace("127.0.0.1", "localhost")):
            asked = {**chosen, "KAITEN_BASE_URL": url}
            done = kaiten_sync("doctor", cwd=tmp_path, environment=asked)
            assert (done.code, "is for another name" in done.stdout) == (6, True), done.stdout


@pytest.mark.parametrize("target", ["usual", "other"])
def test_an_unknown_authority_is_refused_with_both_ways_out(
    server: Scripted, tmp_path: Path, target: str
) -> None:
    refused = plan(tmp_path, target)
    assert (refused.code, server.requests) == (6, [])
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr
    assert "trying again" not in refused.stderr
    assert "`ca` of the target in the project file, or SSL_CERT_FILE" in refused.stderr


@pytest.mark.parametrize("target", ["nowhere", "empty", "pipe"])
def test_a_file_without_certificates_is_named(
    server: Scripted, tmp_path: Path, target: str
) -> None:
    refused = plan(tmp_path, target)
    assert (refused.code, server.requests) == (3, [])
    assert f"`ca` of target {target} is " in refused.stderr
    assert "cannot be read as certificates" in refused.stderr


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("name", ["nowhere.pem", "empty.pem", "pipe"])
def test_a_variable_without_certificates_is_named(
    server: Scripted, tmp_path: Path, variable: str, name: str
) -> None:
    path = str(tmp_path / "project/certificates" / name)
    refused = plan(tmp_path, "usual", **{variable: path})
    assert (refused.code, server.requests) == (3, [])
    assert f"{variable} is {path!r}" in refused.stderr
