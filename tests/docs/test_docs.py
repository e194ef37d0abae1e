"""The docs are right: generated pages are current, and everything a user meets is documented."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from kaiten_sync.cli.exit_codes import ExitCode
from tests.docs.reference import commands, pages
from tests.docs.transcript import with_transcript

DOCS = sorted([Path("README.md"), Path("CONTRIBUTING.md"), *Path("docs").rglob("*.md")])


@pytest.mark.parametrize("path", sorted(pages()), ids=str)
def test_generated_pages_are_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run `make docs`"


@pytest.mark.parametrize("page", ["README.md", "docs/reference/exit-codes.md"])
def test_every_exit_code_is_documented(page: str) -> None:
    text = Path(page).read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.M)}
    assert documented == {int(code) for code in ExitCode}


def test_the_readme_says_of_an_exit_code_what_its_page_says() -> None:
    readme, page = (
        dict(re.findall(r"^\| (\d+) \| (.*) \|$", Path(name).read_text(encoding="utf-8"), re.M))
        for name in ("README.md", "docs/reference/exit-codes.md")
    )
    assert [code for code in readme if not page[code].startswith(readme[code])] == []


@pytest.mark.parametrize("page", ["README.md", "docs/reference/exit-codes.md"])
def test_an_exit_code_for_differences_names_every_command_that_has_it(page: str) -> None:
    text = Path(page).read_text(encoding="utf-8")
    for option in ("detailed_exitcode", "check"):
        for name, command in commands():
            if any(each.name == option for each in command.params):
                assert f"`{name} --{option.replace('_', '-')}`" in text


def test_every_option_has_help() -> None:
    for name, command in commands():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"


def test_help_fits_into_80_columns() -> None:
    for name, command in commands():
        help_text = command.get_help(click.Context(command, info_name=name, terminal_width=80))
        assert [line for line in help_text.splitlines() if len(line) > 80] == []


def test_every_command_is_in_the_readme() -> None:
    readme = Path("README.md").read_text(encoding="utf-8")
    for name, _ in commands():
        assert f"`kaiten-sync {name}" in readme, name


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not link.startswith(("http://", "https://", "mailto:")):
            assert (path.parent / link).exists(), link


def anchors(page: str) -> set[str]:
    """The ids that headings get, as forges and the site make them."""
    prose = re.sub(r"^(```|~~~).*?^\1", "", page, flags=re.M | re.S)
    heads = (re.sub(r"\]\([^)]*\)", "", head) for head in re.findall(r"^#+ (.*)$", prose, re.M))
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_links_lead_to_a_heading(path: Path) -> None:
    for link, anchor in re.findall(
        r"\]\(([^)#\s:]*)#([^)\s]+)\)", path.read_text(encoding="utf-8")
    ):
        page = path.parent / link if link else path
        assert anchor in anchors(page.read_text(encoding="utf-8")), f"{link}#{anchor}"


SET_BY_OTHERS = {"HOME", "PATH", "GITHUB_STEP_SUMMARY", "KAITEN_TOKEN"}
"""By the shell, by a forge; and by whoever copies the dashboard's curl lines."""


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_a_command_uses_no_variable_that_the_page_does_not_set(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    environment = Path("docs/reference/environment.md").read_text(encoding="utf-8")
    known = SET_BY_OTHERS | set(re.findall(r"^\| `(\w+)` \|", environment, re.M))
    known |= set(re.findall(r"\b([A-Za-z_]\w*)=", text))
    for line in re.findall(r"^(?: {4,}|\$ )(.*)$", text, re.M):
        used = set(re.findall(r"\$\{?([A-Z_][A-Z0-9_]*)", re.sub(r"'[^']*'", "", line)))
        assert used <= known, line


PROGRAMS = r"(?:make|git|pipx|uv|pip|python3?|curl|export|cd|docker|podman|kaiten-sync)\b"


@pytest.mark.parametrize("path", [*DOCS, *sorted(Path("examples").rglob("*.md"))], ids=str)
def test_a_command_has_no_comment(path: Path) -> None:
    """zsh, the shell of macOS, hands the words of a comment that is pasted to the command."""
    text = path.read_text(encoding="utf-8")
    commands_here = re.findall(rf"^ {{4,}}({PROGRAMS}.*|[A-Z_]+=\S+ .*)$", text, re.M)
    for block in re.findall(r"^```(?:ba|z)?sh\n(.*?)^```", text, re.M | re.S):
        commands_here += block.splitlines()
    for line in commands_here:
        bare = re.sub(r"'[^']*'|\"[^\"]*\"|\$\{[^}]*\}", "", line)
        assert not re.search(r"(^|\s)#", bare), line


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_a_command_does_not_rely_on_words_being_split(path: Path) -> None:
    """zsh, the shell of macOS, hands `${3:+--data "$3"}` to a command as one word."""
    for found in re.findall(r"(?<![\"\w])\$\{\w+:?[-+][^}]*\}", path.read_text(encoding="utf-8")):
        assert not re.search(r"\s", found), found


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_a_command_has_nothing_that_macos_lacks(path: Path) -> None:
    """Its `sed -i` takes a suffix, and its `sha256sum` is called `shasum -a 256`."""
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"^ {4,}sed -i .*$", text, re.M)
    assert "`shasum -a 256`" in text or not re.search(r"^ {4,}sha256sum ", text, re.M)


def test_an_image_is_built_in_a_format_that_has_its_health_check() -> None:
    assert "\nHEALTHCHECK " in Path("Containerfile").read_text(encoding="utf-8")
    builds = [
        line
        for path in DOCS
        for line in re.findall(r"podman build .*", path.read_text(encoding="utf-8"))
    ]
    # The format of OCI, podman's default, has none. Source: podman-build(1), `--format`.
    assert builds
    assert all("--format docker" in line for line in builds)


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_commands_in_the_docs_exist(path: Path) -> None:
    known = dict(commands())
    for line in re.findall(r"^\s*\$? ?kaiten-sync (.+)$", path.read_text(encoding="utf-8"), re.M):
        words = line.split(" #")[0].split()
        if not words or words[0].startswith(("-", "(", "[")) or words[0] not in known:
            assert not words or words[0].startswith("-") or words[0] in known, line
            continue
        options = {opt for p in known[words[0]].params for opt in [*p.opts, *p.secondary_opts]} | {
            "--help",
            "-h",
        }
        used = {word.split("=")[0] for word in words[1:] if re.match(r"^-{1,2}[a-z]", word)}
        assert used <= options, f"{path}: {line}"


@pytest.mark.parametrize("name", ["docs/explanation/guarantees.md", "SECURITY.md"])
def test_every_guarantee_names_a_test_that_exists(name: str) -> None:
    page = Path(name).read_text(encoding="utf-8")
    rows = [row for row in page.splitlines() if row.startswith("| ") and "promise |" not in row]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)`", row)
        assert named, row
        assert all(Path(each).is_file() for each in named), row


def test_no_committed_text_names_a_package_index() -> None:
    hosts = re.compile(r"(pypi|npmjs|debian)\.(org|com)/(simple|debian)|files\.pythonhosted", re.I)
    built = ("constraints.txt", "Makefile", "Containerfile", "compose.yaml")
    locks = Path("src/kaiten_sync/jobs/templates/locks").iterdir()
    scripts = (path for path in Path(".ci").rglob("*") if path.is_file())
    for path in [*DOCS, *map(Path, built), *locks, *scripts, *Path(".github").rglob("*.yml")]:
        assert not hosts.search(path.read_text(encoding="utf-8")), path


def test_nothing_is_installed_by_its_name_alone() -> None:
    by_name = re.compile(r"(?:pip|pipx|uv tool) install (?:-\S+ )*['\"]?kaiten-sync(?![.-])")
    folders = (Path("src"), Path("docs"), Path("examples"), Path(".ci"), Path(".github"))
    paths = [path for each in folders for path in each.rglob("*") if path.suffix != ".pyc"]
    for path in [*DOCS, *(path for path in paths if path.is_file())]:
        assert not by_name.search(path.read_text(encoding="utf-8", errors="replace")), path


def test_the_transcript_in_the_readme_is_what_the_terminal_shows() -> None:
    readme = Path("README.md").read_text(encoding="utf-8")
    assert with_transcript(readme) == readme, "run `make docs`"


VARIABLE = (
    r'"(KAITEN_[A-Z_]+|NO_COLOR|HTTPS_PROXY|ALL_PROXY|NO_PROXY|SSL_CERT_[A-Z]+|SSLKEYLOGFILE'
    r'|(?:CI|GITHUB)_[A-Z_]+)"'
)


def test_every_environment_variable_is_documented() -> None:
    read = set()
    for path in Path("src").rglob("*.py"):
        read |= set(re.findall(VARIABLE, path.read_text(encoding="utf-8")))
    page = Path("docs/reference/environment.md").read_text(encoding="utf-8")
    assert read == set(re.findall(r"^\| `(\w+)` \|", page, re.M))


def test_everything_that_the_code_map_names_is_there() -> None:
    page = Path("docs/explanation/architecture.md").read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:[a-z_]+/)+[a-z_]+\.py)`(?:\s*\(((?:`\w+`(?:,\s)?)+)\)|:\s`(\w+)`)?", page
    )
    assert len(named) > 25
    for path, several, one in named:
        text = (Path("src/kaiten_sync") / path).read_text(encoding="utf-8")
        for name in [*re.findall(r"\w+", several), *([one] if one else [])]:
            assert re.search(rf"^(?:async )?(?:def|class) {name}\b", text, re.M), f"{path} {name}"


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ("lower-a-limit", "tighten/local.plan.txt"),
        ("sell-a-new-version", "families/local.plan.txt"),
        ("move-customers", "migrate/growth.migrate.txt"),
    ],
)
def test_a_how_to_shows_what_its_example_prints(page: str, printed: str) -> None:
    text = Path("docs/how-to", f"{page}.md").read_text(encoding="utf-8")
    first = re.search(r"```text\n(.*?)```", text, re.S)
    assert first is not None
    assert first[1] in Path("examples/plans", printed).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_a_finding_is_shown_as_it_is_printed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for line in re.findall(r"^\S+:\d+:\d+: .*", text, re.M):
        assert re.search(r": (?:error|warning)\[[a-z-]+\] ", line), line
