"""`doctor`: is each target reached, what may its token do, which generation is it?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for
from tests.acceptance.conftest import Workplace
from tests.acceptance.tokens import token_with
from tests.support.command import Ended
from tests.support.fault_proxy import FaultProxy

READ = ["read:entitlements", "read:licenses"]
WRITE = ["write:entitlements", "write:licenses"]
IMPLIED = sorted([*READ, *WRITE])
EVERYTHING = sorted([*IMPLIED, "read:instances", "write:instances"])


def examined(ended: Ended) -> list[Any]:
    schema = json.loads(Path("schemas/doctor.schema.json").read_text(encoding="utf-8"))
    errors = validator_for(schema)(schema).iter_errors(ended.json)
    assert [error.message for error in errors] == []
    assert ended.json["requests"] == sum(each["requests"] for each in ended.json["targets"])
    return list(ended.json["targets"])


@pytest.mark.parametrize(
    ("scopes", "granted", "may", "code"),
    [
        (["write:*"], EVERYTHING, (True, True, True), 0),
        (["read:*"], [*READ[:1], "read:instances", *READ[1:]], (True, False, True), 0),
        (READ, READ, (True, False, False), 0),
        (WRITE, IMPLIED, (True, True, False), 0),
        ([*READ, WRITE[0]], sorted([*READ, WRITE[0]]), (True, False, False), 0),
        (["read:instances"], ["read:instances"], (False, False, True), 6),
        (["read:licenses"], ["read:licenses"], (False, False, False), 6),
        (["read:customers"], [], (False, False, False), 6),
    ],
)
def test_what_a_token_may_do_is_found_out(
    place: Workplace,
    scopes: list[str],
    granted: list[str],
    may: tuple[bool, bool, bool],
    code: int,
) -> None:
    token = token_with(place, *scopes)
    ended = place.run("doctor", "--format", "json", KAITEN_AUTH_TOKEN=token)
    assert ended.code == code, ended.stderr
    (found,) = examined(ended)
    assert found["scopes"] == granted
    assert (found["mayPlan"], found["mayApply"], found["seesHolders"]) == may
    assert found["requests"] <= 9
    assert token not in ended.stdout + ended.stderr
    text = place.run("doctor", KAITEN_AUTH_TOKEN=token)
    assert text.code == code
    assert all(scope in text.stdout for scope in granted)
    assert ("it takes write:entitlements" in text.stdout) is not may[1]


def test_nothing_is_changed(place: Workplace) -> None:
    place.write("c.yaml", "version: 1\ngroups:\n  quotas: {name: Quotas}\n")
    assert place.run("apply", "-f", "c.yaml", "--yes").code == 0
    with FaultProxy(place.url) as proxy:
        ended = place.run("doctor", "--format", "json", KAITEN_BASE_URL=proxy.url)
    assert ended.code == 0, ended.stderr
    requests = proxy.seen
    assert len(requests) == ended.json["requests"]
    sent = {f"{request.method} {request.path.split('?')[0]}" for request in requests}
    writes = {each for each in sent if not each.startswith("GET ")}
    kinds = ("entitlements", "instances", "licenses")
    assert writes == {f"DELETE /api/{kind}/~" for kind in kinds}
    assert place.run("plan", "-f", "c.yaml", "--detailed-exitcode").code == 0


PROJECT = """\
version: 1
catalog: [catalog/]
targets:
  good: {{url: {url}, token: {{env: GOOD_TOKEN}}}}
  old: {{url: {url}, token: {{env: GOOD_TOKEN}}, generation: getting-started}}
  wrong: {{url: {url}, token: {{env: WRONG_TOKEN}}}}
  empty: {{url: {url}, token: {{env: NO_TOKEN}}}}
  plain: {{url: http://kaiten.example.com, token: {{env: GOOD_TOKEN}}}}
"""


def test_every_target_is_asked_whatever_becomes_of_the_others(place: Workplace) -> None:
    place.write("kaiten-sync.yaml", PROJECT.format(url=place.url))
    tokens = {"GOOD_TOKEN": place.token, "WRONG_TOKEN": "ksh_nobody-has-this"}
    ended = place.run("doctor", "--format", "json", **tokens)
    assert ended.code == 6, ended.stderr
    found = {each["target"]["name"]: each for each in examined(ended)}
    fine = {name: each["isFine"] for name, each in found.items()}
    assert fine == {"good": True, "old": True, "wrong": False, "empty": False, "plain": False}
    assert found["good"]["generation"] == "current"
    assert found["old"]["generation"] == "getting-started"
    said = {name: each["error"]["message"] for name, each in found.items() if "error" in each}
    assert "401" in said["wrong"]
    assert "NO_TOKEN, which is not set" in said["empty"]
    assert "in clear" in said["plain"]
    text = place.run("doctor", **tokens)
    assert text.code == 6
    reached = re.findall(r"reached +(.+)", text.stdout)
    assert reached == ["yes", "yes", "yes", "not asked", "not asked"]
    assert "Doctor: 2 of 5 targets can be planned." in text.stdout
    assert not any(token in text.stdout + text.stderr for token in tokens.values())
    one = place.run("doctor", "-t", "good", **tokens)
    assert (one.code, "wrong at" in one.stdout) == (0, False)
    missing = place.run("doctor", "-t", "nowhere", **tokens)
    assert (missing.code, "there is no target 'nowhere'" in missing.stderr) == (3, True)


def test_a_server_that_is_not_there_is_not_reached(place: Workplace) -> None:
    with FaultProxy(place.url) as proxy:
        gone = proxy.url
    ended = place.run("doctor", "--format", "json", KAITEN_BASE_URL=gone)
    (found,) = examined(ended)
    assert (ended.code, found["isFine"], found["scopes"]) == (6, False, None)
    assert found["error"]["kind"] == "UnreachableError"
    assert "reached     no\n" in place.run("doctor", KAITEN_BASE_URL=gone).stdout


def test_a_server_without_tls_is_recognized(place: Workplace) -> None:
    url = place.url.replace("http:", "https:")
    ended = place.run("doctor", KAITEN_BASE_URL=url)
    assert (ended.code, "does not speak TLS there" in ended.stdout) == (6, True), ended.stdout


def test_without_a_server_the_command_line_is_wrong(place: Workplace) -> None:
    ended = place.run("doctor", KAITEN_BASE_URL="", KAITEN_AUTH_TOKEN="")
    assert (ended.code, "no server is named" in ended.stderr) == (3, True)


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_a_server_that_takes_the_place_of_the_targets_is_told(
    place: Workplace, output_format: str
) -> None:
    place.write("c.yaml", "version: 1\n")
    place.write(
        "kaiten-sync.yaml",
        f"version: 1\ncatalog: [c.yaml]\ntargets: {{prod: {{url: {place.url}}}}}\n",
    )
    says, words = "KAITEN_BASE_URL is set", ("doctor", "--format", output_format)
    other = "http://somebody:secret@127.0.0.1:9"
    told = place.run(*words, KAITEN_BASE_URL=other)
    assert (told.code, says in told.stderr, "secret" in told.stderr) == (0, True, False)
    assert says not in place.run(*words, KAITEN_BASE_URL="").stderr
    assert says not in place.run(*words, "-t", "prod", KAITEN_BASE_URL=other).stderr


@pytest.mark.parametrize(
    ("option", "found"),
    [
        ((), "getting-started"),
        (("--generation", "getting-started"), "getting-started"),
        (("--generation", "current"), "current"),
        (("--generation", "auto"), "current"),
    ],
)
def test_an_option_says_the_generation_before_the_project_file(
    place: Workplace, option: tuple[str, ...], found: str
) -> None:
    target = {"url": place.url, "generation": "getting-started"}
    project = {"version": 1, "catalog": ["catalog.yaml"], "targets": {"local": target}}
    place.write("kaiten-sync.yaml", json.dumps(project))
    ended = place.run("doctor", "-t", "local", *option, "--format", "json")
    assert [each["generation"] for each in examined(ended)] == [found]
