"""Which server, which token: flag, environment, project file (ADR 5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaiten_sync.bootstrap import Flags, connect
from kaiten_sync.errors import CredentialError, KaitenSyncError, UsageError
from kaiten_sync.model.settings import Project, Target
from kaiten_sync.redaction import Redaction

PROJECT = Project(
    root=".",
    catalog=("catalog/",),
    targets={
        "local": Target(name="local", url="http://127.0.0.1:1"),
        "prod": Target(name="prod", url="https://prod.example.com/api", token_env="PROD_TOKEN"),
    },
)
ONE = Project(root=".", catalog=(), targets={"local": PROJECT.targets["local"]})
ENVIRONMENT = {
    "KAITEN_BASE_URL": "https://env.example.com",
    "KAITEN_AUTH_TOKEN": "ksh_env",
    "PROD_TOKEN": "ksh_prod",
}


@pytest.mark.parametrize(
    ("flags", "environment", "project", "expected"),
    [
        (Flags(), ENVIRONMENT, None, ("default", "https://env.example.com", "ksh_env")),
        (Flags(), ENVIRONMENT, ONE, ("default", "https://env.example.com", "ksh_env")),
        (Flags(), {}, ONE, ("local", "http://127.0.0.1:1", None)),
        (
            Flags(target="prod"),
            ENVIRONMENT,
            PROJECT,
            ("prod", "https://prod.example.com", "ksh_prod"),
        ),
        (Flags(target="local"), ENVIRONMENT, PROJECT, ("local", "http://127.0.0.1:1", "ksh_env")),
        (
            Flags(base_url="http://localhost:2/"),
            ENVIRONMENT,
            PROJECT,
            ("default", "http://localhost:2", "ksh_env"),
        ),
        (
            Flags(target="prod", auth_token="ksh_flag"),
            ENVIRONMENT,
            PROJECT,
            ("prod", "https://prod.example.com", "ksh_flag"),
        ),
    ],
)
def test_precedence(
    flags: Flags,
    environment: dict[str, str],
    project: Project | None,
    expected: tuple[str, str, str | None],
) -> None:
    found = connect(flags, environment, project)
    assert (found.target.name, found.target.url, found.settings.token) == expected
    assert "ksh_" not in repr(found)


def test_a_token_exported_for_one_server_is_not_sent_to_another() -> None:
    environment = {"KAITEN_AUTH_TOKEN": "ksh_staging"}
    with pytest.raises(CredentialError, match="PROD_TOKEN, which is not set"):
        connect(Flags(target="prod"), environment, PROJECT)
    with pytest.raises(CredentialError, match="PROD_TOKEN, which is empty"):
        connect(Flags(target="prod"), {**environment, "PROD_TOKEN": ""}, PROJECT)


@pytest.mark.parametrize("name", ["prd", "PROD", "prod "])
def test_a_mistyped_target_is_answered_with_the_one_that_was_meant(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        connect(Flags(target=name), ENVIRONMENT, PROJECT)
    assert refused.value.hint == "did you mean 'prod'?"


@pytest.mark.parametrize(
    ("flags", "project", "says"),
    [
        (Flags(), None, "no server is named"),
        (Flags(), PROJECT, "which target"),
        (Flags(target="nowhere"), PROJECT, "no target 'nowhere'"),
        (Flags(target="nowhere"), None, "no target 'nowhere'"),
    ],
)
def test_says_when_no_server_is_named(flags: Flags, project: Project | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        connect(flags, {}, project)


@pytest.mark.parametrize("content", [b"ksh_file", b"ksh_file\n", b"\xef\xbb\xbfksh_file\r\n"])
def test_a_token_can_stand_in_a_file_of_its_own(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    target = Target(name="t", url="http://127.0.0.1:1", token_file="token")
    project = Project(root=str(tmp_path), catalog=(), targets={"t": target})
    assert connect(Flags(), {}, project).settings.token == "ksh_file"


@pytest.mark.parametrize("content", [None, b"", "\ufeffksh_file".encode("utf-16-le"), b"x" * 5000])
def test_a_token_file_without_a_token_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    target = Target(name="t", url="http://127.0.0.1:1", token_file="token")
    project = Project(root=str(tmp_path), catalog=(), targets={"t": target})
    with pytest.raises(CredentialError) as refused:
        connect(Flags(), {}, project)
    assert str(refused.value.hint).startswith("write the token into that file")


@pytest.mark.parametrize("path", ["~nobody-has-this-name/token", "~nobody-has-this-name"])
@pytest.mark.parametrize("kind", ["token", "ca"])
def test_a_home_that_nobody_has_is_an_error_of_ours(path: str, kind: str) -> None:
    target = Target(
        name="t",
        url="https://127.0.0.1:1",
        token_file=path if kind == "token" else None,
        ca=path if kind == "ca" else None,
    )
    project = Project(root="/", catalog=(), targets={"t": target})
    with pytest.raises(KaitenSyncError, match="nobody-has-this-name"):
        connect(Flags(), {}, project).settings.network.tls()


@pytest.mark.parametrize(
    ("flag", "variable", "rate"),
    [(None, None, None), (None, "", None), (None, "600", 600), (60, "600", 60), (60, None, 60)],
)
def test_the_rate_comes_from_the_flag_or_the_environment(
    flag: int | None, variable: str | None, rate: int | None
) -> None:
    environment = {} if variable is None else {"KAITEN_SYNC_MAX_REQUESTS_PER_MINUTE": variable}
    found = connect(Flags(max_requests_per_minute=flag), environment, ONE)
    assert found.settings.max_requests_per_minute == rate


@pytest.mark.parametrize(
    ("flag", "variable", "connections"),
    [(None, None, 8), (None, "", 8), (None, "16", 16), (1, "16", 1), (64, None, 64)],
)
def test_the_connections_come_from_the_flag_or_the_environment(
    flag: int | None, variable: str | None, connections: int
) -> None:
    environment = {} if variable is None else {"KAITEN_SYNC_CONNECTIONS": variable}
    connection = connect(Flags(connections=flag), environment, ONE)
    with connection.open() as catalog:
        assert catalog.connections == connections


@pytest.mark.parametrize("variable", ["0", "65", "many", "1.5", "9" * 5000, "²"])
def test_a_number_of_connections_that_is_none_is_refused(variable: str) -> None:
    with pytest.raises(UsageError, match=r"KAITEN_SYNC_CONNECTIONS takes .* from 1 to 64"):
        connect(Flags(), {"KAITEN_SYNC_CONNECTIONS": variable}, ONE)


@pytest.mark.parametrize("variable", ["0", "-1", "ten", "1.5", "9" * 5000, "²"])
def test_a_rate_that_is_none_is_refused(variable: str) -> None:
    with pytest.raises(UsageError, match="KAITEN_SYNC_MAX_REQUESTS_PER_MINUTE"):
        connect(Flags(), {"KAITEN_SYNC_MAX_REQUESTS_PER_MINUTE": variable}, ONE)


@pytest.mark.parametrize(
    "token", ["AKIAIOSFODNN7EXAMPLE", "ghp_0123456789", "ksh_", "Bearer ksh_x", "KSH_x", "ksm_x"]
)
@pytest.mark.parametrize("place", ["flag", "variable", "file"])
def test_a_token_of_something_else_is_refused_and_not_shown(
    tmp_path: Path, token: str, place: str
) -> None:
    (tmp_path / "token").write_text(token + "\n")
    project = Project(
        root=str(tmp_path),
        catalog=(),
        targets={
            "flag": Target(name="flag", url="http://127.0.0.1:1"),
            "variable": Target(name="variable", url="http://127.0.0.1:1", token_env="AWS_KEY"),
            "file": Target(name="file", url="http://127.0.0.1:1", token_file="token"),
        },
    )
    flags = Flags(target=place, auth_token=token if place == "flag" else None)
    with pytest.raises(CredentialError) as refused:
        connect(flags, {"AWS_KEY": token}, project)
    assert token == "ksh_" or token not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("place", ["variable", "file"])
@pytest.mark.parametrize(
    "other",
    [
        "https://other.example.com",
        "https://prod.example.com:8443",
        "http://127.0.0.1:1",
        "https://prod.example.com/other",
    ],
)
def test_a_targets_token_is_not_sent_to_another_server(
    tmp_path: Path, place: str, other: str
) -> None:
    (tmp_path / "token").write_text("ksh_prod")
    target = Target(
        name="prod",
        url="https://prod.example.com/api",
        token_env="PROD_TOKEN" if place == "variable" else None,
        token_file="token" if place == "file" else None,
    )
    project = Project(root=str(tmp_path), catalog=(), targets={"prod": target})
    flags = Flags(target="prod", base_url=other)
    with pytest.raises(UsageError, match="the token of target prod is for https://prod"):
        connect(flags, ENVIRONMENT, project)
    found = connect(flags.changed(auth_token="ksh_other"), ENVIRONMENT, project)
    assert found.settings.token == "ksh_other"


@pytest.mark.parametrize("same", ["https://prod.example.com", "https://prod.example.com/api/"])
def test_the_same_server_in_another_spelling_gets_the_targets_token(same: str) -> None:
    found = connect(Flags(target="prod", base_url=same), ENVIRONMENT, PROJECT)
    assert found.settings.token == "ksh_prod"


def test_every_token_in_use_is_handed_to_the_redaction() -> None:
    redaction = Redaction()
    connect(Flags(target="prod"), {"PROD_TOKEN": "ksh_only-here"}, PROJECT, redaction)
    assert redaction("x ksh_only-here y") == "x *** y"


def test_a_url_with_the_token_in_its_path_is_refused_and_not_shown() -> None:
    flags = Flags(base_url="https://x.example.com/ksh_of-mine", auth_token="ksh_of-mine")
    with pytest.raises(UsageError, match="has a token in it") as refused:
        connect(flags, {}, None)
    assert "ksh_of-mine" not in f"{refused.value} {refused.value.hint}"
