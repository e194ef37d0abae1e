"""An option that would do nothing is refused or said, or its help says when it is not needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kaiten_sync.cli.exit_codes import ExitCode
from kaiten_sync.cli.root import root
from kaiten_sync.cli.run import run

REFUSED = (
    ("adopt --into x.yaml --into-overlay", "--into"),
    ("adopt -f c.yaml --into-overlay", "--file"),
    ("apply --catalog c.yaml", "--catalog"),
    ("apply --moved", "--moved"),
    ("apply p.json --allow license/a", "--allow"),
    ("apply p.json --max-deletes 1", "--max-deletes"),
    ("apply p.json --max-updates 1", "--max-updates"),
    ("apply p.json --previous none", "--previous"),
    ("apply p.json --prune all", "--prune"),
    ("apply p.json -f c.yaml", "--file"),
    ("drift --allow license/a", "--allow"),
    ("drift --max-updates 1", "--max-updates"),
    ("drift --all --base-url http://127.0.0.1:1", "--base-url"),
    ("drift --all --plan p.json", "--plan"),
    ("drift --all -t local", "--target"),
    ("drift --names", "--names"),
    ("drift --out r.json", "--out"),
    ("drift --revert --all", "--all"),
    ("drift --revert --detailed-exitcode", "--detailed-exitcode"),
    ("drift --revert --unmanaged", "--unmanaged"),
    ("export --overlay-of a --extends", "--extends"),
    ("export --overlay-of a --families", "--families"),
    ("export --overlay-of a --split license", "--split"),
    ("export --overlay-of a --units", "--units"),
    ("export --overlay-of a --with-project", "--with-project"),
    ("export --overlay-of a -t b", "--target"),
    ("init --pipeline p.yml", "--pipeline"),
    ("init --write-plans", "--write-plans"),
    ("plan --base main", "--base"),
    ("plan --check --base main --previous none -o p.json", "--base"),
    ("plan --check --detailed-exitcode -o p.json", "--detailed-exitcode"),
    ("plan --check", "--check"),
    ("plan --fresh p.json", "--fresh"),
    ("plan --moved", "--moved"),
    ("plan --moved --previous none", "--moved"),
    ("schema plan --project kaiten-sync.yaml", "--project"),
    ("serve --target local --port 0", "--target"),
    ("show p.json --project kaiten-sync.yaml", "--project"),
    ("table --allow-http", "--allow-http"),
    ("table --auth-token ksh_0123456789abcdef", "--auth-token"),
    ("table --connections 8", "--connections"),
    ("table --generation auto", "--generation"),
    ("table --impact", "--impact"),
    ("table --impact-budget 500", "--impact-budget"),
    ("table --max-requests-per-minute 60", "--max-requests-per-minute"),
    ("table -f c.yaml -t local", "--target"),
    ("table p.json --base-url http://127.0.0.1:1", "--base-url"),
    ("table p.json --connections 8", "--connections"),
    ("table p.json --project kaiten-sync.yaml", "--project"),
    ("table p.json -f c.yaml", "--file"),
)
"""Command lines with an option that would do nothing, and that option."""

SAID = {
    "adopt --into": "tests/acceptance/test_adopt.py",
    "apply --after-receipt": "tests/acceptance/test_promotion.py",
    "apply --allow": "tests/acceptance/test_main_job.py",
    "drift --allow": "tests/acceptance/test_revert_exceptions.py",
    "migrate --allow": "tests/acceptance/test_migrate_who.py",
    "migrate --skip": "tests/acceptance/test_migrate_who.py",
    "plan --allow": "tests/acceptance/test_main_job.py",
    "plan --base": "tests/acceptance/test_forged_plans.py",
}
"""Options of which only the run finds out that they do nothing, and where that is tested."""

HARMLESS = {
    "apply --yes": "never asked about",
    "export --force": "earlier export",
}
"""Options that change nothing in some case, and the words of their help that say so."""

BOUNDS = frozenset(
    {
        "--allow-http",
        "--connections",
        "--impact-budget",
        "--max-deletes",
        "--max-moves",
        "--max-requests-per-minute",
        "--max-updates",
        "--moved",
        "--names",
        "--wave",
    }
)
"""A bound that is not reached, or a permission that is not needed, is no mistake."""

ALWAYS = frozenset(
    f"{command} {option}"
    for command, options in {
        "adopt": "--auth-token --base-url --dry-run --file --generation --into-overlay --plan"
        " --project --target",
        "apply": "--auth-token --base-url --format --generation --project --receipt --target",
        "compare": "--all --detailed-exitcode --format --project",
        "demo": "--keep",
        "doctor": "--auth-token --base-url --format --generation --project --target",
        "drift": "--auth-token --file --format --generation --project --prune --revert",
        "export": "--auth-token --base-url --generation --out --overlay-of --project",
        "freeze": "--dry-run --file --project",
        "impact": "--auth-token --base-url --format --generation --project --target",
        "init": "--ci --install-from --name",
        "migrate": "--auth-token --base-url --format --generation --out --project --target --to"
        " --where",
        "plan": "--auth-token --base-url --fail-on --file --format --generation --impact-out --out"
        " --previous --project --prune --target",
        "rules test": "--project",
        "serve": "--allow-private-webhooks --bootstrap-token --database --host --keep-reports"
        " --new-token --port --project --trust-proxy --workers",
        "show": "--approval --format",
        "table": "--format",
        "validate": "--format --project",
    }.items()
    for option in options.split()
)
"""Options that do something in every command line that is accepted."""


def options() -> Iterator[tuple[str, click.Option]]:
    """Every option, by its command and its long name."""
    context = click.Context(root)
    commands = [(name, root.get_command(context, name)) for name in root.list_commands(context)]
    while commands:
        name, command = commands.pop()
        assert command is not None
        if isinstance(command, click.Group):
            commands += [(f"{name} {e}", each) for e, each in command.commands.items()]
        for each in command.params:
            if isinstance(each, click.Option) and not each.is_eager:
                yield f"{name} {_long(each)}", each


def _long(option: click.Option) -> str:
    return next(each for each in option.opts if each.startswith("--"))


@pytest.mark.parametrize(("line", "option"), REFUSED, ids=[line for line, _ in REFUSED])
def test_an_option_that_would_do_nothing_is_refused(
    line: str,
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(line.split()) == ExitCode.WRONG_INPUT
    said = capsys.readouterr()
    assert said.out == ""
    names = {name for key, each in options() if key.endswith(option) for name in each.opts}
    assert any(name in said.err for name in names), said.err
    assert "\n  help: " in said.err, said.err


def test_it_is_known_of_every_option_when_it_does_nothing() -> None:
    refused = {f"{line.split()[0]} {option}" for line, option in REFUSED}
    decided = refused | set(SAID) | set(HARMLESS) | ALWAYS
    undecided = {key for key, _ in options() if key.split()[-1] not in BOUNDS} - decided
    assert not undecided, "refuse it where it does nothing, or say there why it may be given"
    assert not decided - {key for key, _ in options()}


def test_what_is_harmless_is_in_the_help() -> None:
    helps = {key: each.help or "" for key, each in options()}
    for key, words in HARMLESS.items():
        assert words in helps[key]


def test_what_is_said_has_a_test() -> None:
    for place in SAID.values():
        assert (Path(__file__).parents[3] / place).is_file()


def test_a_base_of_the_environment_is_for_whoever_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitLab sets it for every job of a merge request."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "0" * 40)
    assert run(["plan", "--base-url", "http://127.0.0.1:1"]) == ExitCode.WRONG_INPUT
    assert "no catalog is named" in capsys.readouterr().err
