"""Commands in a message deep inside are completed by the command line that is running."""

from __future__ import annotations

import shlex

import click
import pytest

from kaiten_sync.cli.next_command import make_pasteable, pasteable
from kaiten_sync.cli.root import root
from kaiten_sync.errors import RefusedError
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.redaction import Redaction

URL = "-f c -f d --base-url u --allow-http"


def run_of(line: str) -> click.Context:
    """The run of a command line, after its command has ended."""
    name, *words = shlex.split(line)
    run = click.Context(root, info_name="kaiten-sync", obj=Redaction())
    command = root.get_command(run, name)
    assert command is not None
    with command.make_context(name, words, parent=run):
        return run


@pytest.mark.parametrize(
    ("line", "text", "completed"),
    [
        ("plan", "`kaiten-sync adopt family/x` takes it", "`kaiten-sync adopt family/x` takes it"),
        (
            "plan --project 'a b/k.yaml' -t prod -o p.json",
            "`kaiten-sync adopt family/x` takes it",
            "`kaiten-sync adopt -t prod --project 'a b/k.yaml' family/x` takes it",
        ),
        (
            "plan " + URL,
            "`kaiten-sync plan -o F`, or `kaiten-sync drift`",
            "`kaiten-sync plan " + URL + " -o F`, or `kaiten-sync drift " + URL + "`",
        ),
        (
            "drift -t prod --project k.yaml",
            "`kaiten-sync plan --project k.yaml -t prod -o p`",
            "`kaiten-sync plan --project k.yaml -t prod -o p`",
        ),
        ("validate a b", "`kaiten-sync freeze x`", "`kaiten-sync freeze -f a -f b x`"),
        (
            "apply p -t prod",
            "`kaiten-sync init` and `git add p`",
            "`kaiten-sync init` and `git add p`",
        ),
        ("drift -t prod", "`kaiten-sync` is a word", "`kaiten-sync` is a word"),
        ("drift -t prod", "`kaiten-sync nonsense`", "`kaiten-sync nonsense`"),
    ],
)
def test_the_place_is_added_once_where_a_command_takes_it(
    line: str, text: str, completed: str
) -> None:
    said = pasteable(text, run_of(line))
    assert sorted(said.split()) == sorted(completed.split())
    assert pasteable(said, run_of(line)) == said
    assert pasteable(text) == text


def test_the_hints_of_an_error_and_of_its_reasons_are_completed() -> None:
    reason = Diagnostic(rule="r", message="m", ref=None, hint="`kaiten-sync freeze x`")
    error = RefusedError("refused", (reason,), hint="`kaiten-sync drift`")
    make_pasteable(error, run_of("plan --project k.yaml"))
    assert error.hint == "`kaiten-sync drift --project k.yaml`"
    assert [each.hint for each in error.diagnostics] == ["`kaiten-sync freeze --project k.yaml x`"]
