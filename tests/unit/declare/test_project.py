"""The project file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.declare.conftest import Write

from kaiten_sync.api.credentials import api_base
from kaiten_sync.declare import find_project
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.settings import Limit, OnTighten, Policy, Project, Prune, Scope, Target
from kaiten_sync.pipeline import read_project
from kaiten_sync.report.diagnostics_json import render_json
from kaiten_sync.report.diagnostics_text import render_text

GOOD = Path(__file__).parents[2] / "fixtures" / "good" / "kaiten-sync.yaml"
HEAD_ONLY = "catalog: [catalog/]\n"
HEAD = f"version: 1\n{HEAD_ONLY}"


def test_every_setting_is_read() -> None:
    project, findings = read_project(GOOD)
    assert findings == ()
    assert project == Project(
        root=str(GOOD.parent),
        catalog=("everything.yaml",),
        targets={
            "local": Target(name="local", url="http://127.0.0.1:6060"),
            "staging": Target(
                name="staging",
                url="https://kaiten.staging.example.com",
                token_env="KAITEN_STAGING_TOKEN",
                overlays=("overlays/staging/",),
                generation=Generation.CURRENT,
            ),
            "prod": Target(
                name="prod",
                url="https://kaiten.example.com/api",
                token_file="/run/secrets/kaiten",
                require_plan=True,
            ),
        },
        scope=Scope({"license": ("*", "!legacy-*")}),
        policy=Policy(
            prune=Prune.NEVER,
            max_deletes=Limit(percent=20),
            max_updates=Limit(count=5),
            on_tighten=OnTighten.IN_PLACE,
        ),
    )


def test_defaults_are_the_careful_ones(write: Write) -> None:
    project, findings = read_project(write("kaiten-sync.yaml", "version: 1\ncatalog: catalog/\n"))
    assert findings == ()
    assert project is not None
    assert project.catalog == ("catalog/",)
    assert project.policy == Policy()
    assert project.targets == {}


@pytest.mark.parametrize(
    ("scope", "owned"),
    [
        ("{}", {"license/growth", "license/legacy", "group/quotas"}),
        ("{licenses: []}", {"group/quotas"}),
        ("{licenses: [], groups: []}", set()),
        ("{licenses: growth}", {"license/growth", "group/quotas"}),
        ('{licenses: ["!legacy"]}', {"license/growth", "group/quotas"}),
        ('{licenses: ["*", "!*"]}', {"group/quotas"}),
    ],
)
def test_of_a_kind_with_an_empty_list_nothing_is_owned(
    write: Write, scope: str, owned: set[str]
) -> None:
    """So no `prune: all` deletes what others have, because a list of ours became empty."""
    project, findings = read_project(write("kaiten-sync.yaml", f"{HEAD}scope: {scope}\n"))
    assert project, findings
    objects = ("license/growth", "license/legacy", "group/quotas")
    assert {each for each in objects if project.scope.covers(parse_address(each))} == owned


def test_the_project_is_found_upwards(write: Write, tmp_path: Path) -> None:
    path = write("kaiten-sync.yaml", HEAD)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_project(tmp_path / "a" / "b") == path
    assert find_project(tmp_path) == path
    assert find_project(Path("/nonexistent-folder")) is None


def test_a_missing_project_file_is_a_finding(tmp_path: Path) -> None:
    project, findings = read_project(tmp_path / "kaiten-sync.yaml")
    assert project is None
    assert [f.rule for f in findings] == ["no-such-file"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("catalog: []\n", ["missing-field"]),
        ("catalog: [1]\n", ["wrong-type"]),
        (HEAD_ONLY + "targets: {a: {url: https://a.example, token: }}\n", ["bad-token"]),
        (HEAD_ONLY + "targets: {a: {url: https://a.example, token: {env: }}}\n", ["wrong-type"]),
        (HEAD_ONLY + "targets: {a: }\n", ["wrong-type"]),
        (
            HEAD_ONLY + "targets: {a: {url: https://a.example, token: 'ksh_0123456789abcdef'}}\n",
            ["secret-in-file"],
        ),
    ],
)
def test_half_written_settings_are_one_finding_each(
    write: Write, body: str, expected: list[str]
) -> None:
    project, findings = read_project(write("kaiten-sync.yaml", f"version: 1\n{body}"))
    assert project is None
    assert [f.rule for f in findings] == expected


@pytest.mark.parametrize("shell", ["{}", "'${}'", "'${{{}}}'"])
@pytest.mark.parametrize("place", ["{}", "{{env: {}}}"])
def test_the_name_of_a_variable_is_no_credential_to_revoke(
    write: Write, place: str, shell: str
) -> None:
    token = place.format(shell.format("KAITEN_TOKEN"))
    body = f"targets: {{a: {{url: https://a.example, token: {token}}}}}\n"
    path = write("kaiten-sync.yaml", f"version: 1\n{HEAD_ONLY}{body}")
    message = "this is not the place of a token"
    hint = "write `token: {env: NAME}`; if it is a credential, revoke it"
    is_right = token == "{env: KAITEN_TOKEN}"
    found = [(f.message, f.hint) for f in read_project(path)[1]]
    assert found == ([] if is_right else [(message, f"if it is the name of a variable, {hint}")])


SECRET = "s3cr3t-hunter2"


@pytest.mark.parametrize(
    "target",
    [
        f"{{url: https://a.example, token: {SECRET}}}",
        f"{{url: https://a.example, token: '{SECRET}', oops: 1}}",
        f"{{url: https://a.example, oops: 1, token: [{SECRET}]}}",
        f'{{url: https://a.example, "token": "{SECRET}"}}',
        f'{{url: https://a.example, token: "{SECRET}}}',
        f"{{url: https://a.example, token: {{env: '{SECRET} x', oops: 1}}}}",
        f"{{url: 'https://me:{SECRET}@a.example', oops: 1}}",
        f"{{url: 'https://{SECRET}@a.example:bad', oops: 1}}",
        f"{{url: https://a.example, apiKey: {SECRET}}}",
        f"{{url: https://a.example, token: &a {SECRET}, overlays: *a, oops: *b}}",
        f"\n    token: |\n      {SECRET}\n    oops: 1\n    url: https://a.example",
        f'\n    token: "one\n      {SECRET}"\n    url: x\n    oops: 1',
        f"\n    token:\n      {SECRET}\n    url: x\n    oops: 1",
        f"\n    token: !x {SECRET}\n    url: x",
        f"{{url: https://a.example, token: {{value: ksh_{SECRET}0123456789}}}}",
        f"{{url: https://a.example, token: {{value: {SECRET}}}}}",
        f"{{url: https://a.example, token: {{value: [{SECRET}], env: TOKEN}}}}",
        f"{{url: https://a.example, token: {{value: {{of: {SECRET}}}}}}}",
        f"\n    url: https://a.example\n    token:\n      value: {SECRET}",
        f"{{url: https://a.example, secrets: {{token-of-prod: {{is: {SECRET}}}}}}}",
        f"{{url: 'https://a.example/?token={SECRET}'}}",
        f"{{url: 'https://a.example/#{SECRET}'}}",
        f'{{url: "https://a.example/\\x3f{SECRET}"}}',
        f"\n    url: >\n      https://a.example/?\n      {SECRET}",
        f"{{url: [https://a.example/?{SECRET}]}}",
        f"{{urls: https://a.example/?{SECRET}, url: 5}}",
    ],
)
def test_a_credential_is_refused_and_never_shown(write: Write, target: str) -> None:
    path = write("kaiten-sync.yaml", f"{HEAD}targets:\n  prod: {target}\n")
    project, findings = read_project(path)
    assert project is None
    assert findings
    for shown in (render_text(findings, color=True), render_json(findings), repr(findings)):
        assert SECRET not in shown


@pytest.mark.parametrize(
    "url",
    [
        "https://kaiten.example.com",
        "https://kaiten.example.com:8443/base/api/",
        "http://[::1]:6060",
        "http://localhost",
    ],
)
def test_server_urls_are_accepted(write: Write, url: str) -> None:
    path = write("kaiten-sync.yaml", f"{HEAD}targets: {{a: {{url: '{url}'}}}}\n")
    assert read_project(path)[1] == ()


HOSTS = st.text("a.-_:[]%0129@*;", min_size=1, max_size=8) | st.from_regex(
    r"(\[[0-9a-f:.]{1,9}\]|[a-z0-9.-]{1,70}|([0-9]{1,3}\.){3}[0-9]{1,3})(:[0-9]{0,5})?",
    fullmatch=True,
)


@settings(max_examples=200)
@given(host=HOSTS)
def test_a_server_that_a_project_may_name_can_be_asked(write: Write, host: str) -> None:
    url = f"https://{host}/base"
    path = write("kaiten-sync.yaml", f"{HEAD}targets: {{a: {{url: '{url}'}}}}\n")
    if read_project(path)[0] is not None:
        assert api_base(url, allow_http=False) == f"{url}/api"


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://", "bad-url"),
        ("https:///path", "bad-url"),
        ("file:///etc/passwd", "bad-url"),
        ("https://a.example/#x", "bad-url"),
        ("https://a.example?", "bad-url"),
        ("https://a example", "bad-url"),
        ("https://[::1", "bad-url"),
        ("https://a.example:99999", "bad-url"),
        ("https://a.example:0", "bad-url"),
        ("https://a..example", "bad-url"),
        ("https://.", "bad-url"),
        ("https://[::1]x", "bad-url"),
        ("https://[v1.x]", "bad-url"),
        ("https://256.1.1.1", "bad-url"),
        ("https://a%20b", "bad-url"),
        (f"https://{'a' * 64}.example", "bad-url"),
        ("https://@a.example", "secret-in-file"),
        ("https://$(hostname)", "template"),
        ("https://{{ host }}", "template"),
        ("${URL}", "template"),
    ],
)
def test_other_urls_are_refused(write: Write, url: str, rule: str) -> None:
    path = write("kaiten-sync.yaml", f"{HEAD}targets: {{a: {{url: '{url}'}}}}\n")
    assert [f.rule for f in read_project(path)[1]] == [rule]


@settings(max_examples=200)
@given(data=st.data())
def test_a_mutated_project_file_never_raises(data: st.DataObject, write: Write) -> None:
    text = GOOD.read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    junk = data.draw(st.text(st.sampled_from("{}[]:,-\n \"'#&*!|>~1ab\x00"), max_size=6))
    read_project(write("kaiten-sync.yaml", text[:start] + junk + text[end:]))
