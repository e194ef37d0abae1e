"""A command that fails writes one document in the format that was asked for, which says why."""

from __future__ import annotations

import html
import json
from xml.etree import ElementTree as Xml

import click
import pytest
from tests.acceptance.conftest import Workplace

from kaiten_sync.cli.root import root
from kaiten_sync.report import formats

CATALOG = """version: 1
entitlements:
  seats: {name: Seats, type: NUMBER, aggregationMethod: LATEST}
licenses:
  growth: {name: Growth, type: PAID, protect: true, entitlements: {seats: 10}}
"""
NOT_DOCUMENTS = {"text", "csv"}
"""Text is on standard error, and CSV has no place for an error."""


def _formats_of(command: click.Command) -> list[str]:
    choices = [each.type for each in command.params if each.name == "output_format"]
    return [name for each in choices if isinstance(each, click.Choice) for name in each.choices]


def _commands() -> list[tuple[str, str]]:
    context = click.Context(root)
    commands = {name: root.get_command(context, name) for name in root.list_commands(context)}
    return [
        (name, each)
        for name, command in commands.items()
        if command is not None
        for each in _formats_of(command)
        if each not in NOT_DOCUMENTS
    ]


COMMANDS = _commands()


def _texts_of(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts_of(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts_of(each)]
    return [str(value)]


def said(document: str, output_format: str) -> str:
    """The texts of the one document that this is."""
    match output_format:
        case "json" | "sarif" | "gitlab":
            return " ".join(_texts_of(json.loads(document)))
        case "junit":
            suites = Xml.fromstring(document)
            assert suites.attrib["errors"] == "1"
            return " ".join(
                f"{each.attrib['message']} {each.text}" for each in suites.iter("error")
            )
        case "html":
            assert document.count("<!doctype html>") == document.count("</html>") == 1
        case "github":
            assert document.startswith("::error ")
    return html.unescape(document)


@pytest.mark.parametrize(("command", "output_format"), COMMANDS)
def test_a_wrong_command_line(place: Workplace, command: str, output_format: str) -> None:
    done = place.run(command, "--format", output_format, "--wrong")
    assert done.code == 3
    assert "No such option '--wrong'" in said(done.stdout, output_format)


def test_of_several_formats_the_last_one_counts(place: Workplace) -> None:
    done = place.run("plan", "--format", "text", "--format=json", "--wrong")
    assert "No such option '--wrong'" in said(done.stdout, "json")


@pytest.mark.parametrize(
    ("command", "output_format"),
    [(command, each) for command, each in COMMANDS if command in ("plan", "drift")],
)
def test_a_server_that_cannot_be_read(place: Workplace, command: str, output_format: str) -> None:
    place.write("catalog.yaml", CATALOG)
    words = (command, "-f", "catalog.yaml", "--format", output_format)
    done = place.run(*words, KAITEN_AUTH_TOKEN="ksh_of-somebody-else")
    assert done.code == 6
    text = said(done.stdout, output_format)
    assert "the token is unknown, expired or revoked" in text
    assert "help: " in done.stderr


@pytest.mark.parametrize("output_format", sorted(formats.PROPOSAL.keys() - NOT_DOCUMENTS))
def test_a_plan_that_is_refused(place: Workplace, output_format: str) -> None:
    place.write("catalog.yaml", CATALOG)
    assert place.run("apply", "-f", "catalog.yaml", "--yes").code == 0
    place.write("catalog.yaml", CATALOG.replace("seats: 10", "seats: 5"))
    done = place.run("plan", "-f", "catalog.yaml", "--format", output_format)
    assert done.code == 4
    assert done.stdout.count("is protected and would be tightened") >= 1
    assert "is protected" in said(done.stdout, output_format)
    assert done.stderr.count("error: ") == 1
