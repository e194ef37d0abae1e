"""`init`, `schema`, `export --with-project`: what editors, git and forges need beside a project."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for
from tests.acceptance.conftest import Workplace
from tests.support.command import kaiten_sync
from tests.support.linters import lint
from tests.support.processes import HANG_S
from tests.support.published import gitlab_ci_schema, workflow_schema

from kaiten_sync import __version__
from kaiten_sync.jobs.workflows import Forge, workflow_paths

PROJECT = """\
version: 1
catalog: [catalog/]
targets:
  staging: {url: https://staging.example.com, token: {env: STAGING_TOKEN}, overlays: [overlays/]}
  prod: {url: https://prod.example.com, token: {env: PROD_TOKEN}, after: [staging]}
  prod.eu: {url: https://eu.example.com, after: [staging, prod]}
"""
ALONE = PROJECT.replace(", after: [staging]", "").replace(", after: [staging, prod]", "")
BY_EFFECT = "policy: {automatic: [create, loosens, neutral]}\n"
SETTINGS = ".vscode/settings.json"
ODD_GLOBS = ("[{}]", '{"a": [1]}', "[[1]]", "[null]", "1", "true", '["a.yaml", {}]', "1e400")


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder, check=True, capture_output=True, text=True, timeout=HANG_S
    )
    return done.stdout


def settings(folder: Path) -> Any:
    return json.loads((folder / SETTINGS).read_text(encoding="utf-8"))


@pytest.mark.parametrize("started_in", [".", "licensing"])
def test_workflows_are_where_the_forge_looks(tmp_path: Path, started_in: str) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "licensing").mkdir()
    folder = "licensing" if started_in == "." else "."
    done = kaiten_sync("init", folder, cwd=tmp_path / started_in)
    assert done.code == 0, done.stderr
    workflow = tmp_path / ".github/workflows/kaiten-sync.yml"
    loaded = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert loaded["defaults"]["run"]["working-directory"] == "licensing"
    assert (tmp_path / "licensing/kaiten-sync.yaml").is_file()
    assert not (tmp_path / "licensing/.github").exists()
    assert "at the root of the repository" in done.stdout
    assert kaiten_sync("validate", cwd=tmp_path / "licensing").code == 0
    (catalog,) = (tmp_path / "licensing").rglob("licenses.yaml")
    families = yaml.safe_load(catalog.read_text(encoding="utf-8"))["families"]
    assert [len(family["entitlements"]) for family in families.values()] == [2]


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ("{}", {}),
        ('{"editor.tabSize": 2}', {"editor.tabSize": 2}),
        ('{\n    "a": [1,\n 2]\n}\n', {"a": [1, 2]}),
        ('{"yaml.schemas": {"./mine.json": "mine.yaml"}}', {}),
        ('{"yaml.schemas": {"./schemas/catalog.schema.json": "prices.yaml"}}', {}),
    ],
)
def test_settings_that_are_there_are_kept(tmp_path: Path, before: str, kept: Any) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / SETTINGS).write_text(before, encoding="utf-8")
    assert kaiten_sync("init", ".", cwd=tmp_path).code == 0
    merged = settings(tmp_path)
    schemas = merged.pop("yaml.schemas")
    assert merged == kept
    assert "catalog/**/*.yaml" in schemas["./schemas/catalog.schema.json"]
    for name, globs in json.loads(before).get("yaml.schemas", {}).items():
        assert globs == schemas[name] or globs in schemas[name]
    once = (tmp_path / SETTINGS).read_text(encoding="utf-8")
    assert kaiten_sync("schema", cwd=tmp_path).code == 0
    assert settings(tmp_path)["yaml.schemas"].keys() == schemas.keys()
    assert kaiten_sync("schema", cwd=tmp_path).code == 0
    assert json.loads(once).keys() == settings(tmp_path).keys()


@pytest.mark.parametrize(
    "before",
    [
        *(
            f'{{"yaml.schemas": {{"./schemas/catalog.schema.json": {globs}}}}}'
            for globs in ODD_GLOBS
        ),
        *('{"yaml.schemas": []}', '{"yaml.schemas": 1}', '{"yaml.schemas": "x"}', "[]", "1"),
        f'{{"a": {"[" * 100_000}{"]" * 100_000}, "yaml.schemas": {{}}}}',
    ],
    ids=range(len(ODD_GLOBS) + 6),
)
def test_settings_that_no_editor_takes_stay_as_they_are(tmp_path: Path, before: str) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / SETTINGS).write_text(before, encoding="utf-8")
    done = kaiten_sync("init", ".", cwd=tmp_path)
    assert (done.code, "cannot be extended" in done.stderr) == (0, True), done.stderr
    assert (tmp_path / SETTINGS).read_text(encoding="utf-8") == before


@pytest.mark.parametrize("has_settings", ["no schemas", "schemas", "comments"])
def test_files_with_windows_line_breaks_keep_them(tmp_path: Path, has_settings: str) -> None:
    url = f"https://example.com/kaiten_sync-{__version__}-py3-none-any.whl#sha256={'0' * 64}"
    files = {
        SETTINGS: {
            "no schemas": '{\n  "a": 1\n}\n',
            "schemas": '{\n  "yaml.schemas": {}\n}\n',
            "comments": '{\n  "a": 1, // one\n}\n',
        }[has_settings],
        ".gitattributes": "*.png binary\n",
        "kaiten-sync.yaml": "version: 1\ncatalog: [catalog/]\n"
        "targets: {prod: {url: https://kaiten.example.com, token: {env: T}}}\n\n",
    }
    (tmp_path / ".vscode").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.replace("\n", "\r\n").encode())
    done = kaiten_sync("init", ".", "--ci", "github", "--install-from", url, cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert kaiten_sync("schema", cwd=tmp_path).code == 0
    for name, text in files.items():
        written = (tmp_path / name).read_bytes()
        assert len(written) > len(text) + text.count("\n"), name
        assert written.count(b"\n") == written.count(b"\r\n"), name
    assert kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("before", "is_merged"),
    [
        ('{\n  // two columns\n  "editor.tabSize": 2,\n}\n', True),
        ("// {\n{\n  /* nothing */\n}\n", True),
        ('{\n  // ours\n  "yaml.schemas": {},\n}\n', False),
        ("[]", False),
        ('{"a": 1, "a": 2}', True),
        ('{"a": 1, "a": 2, "yaml.schemas": {}}', False),
        ('{"a": NaN, "yaml.schemas": {}}', False),
        ('{"a": "\\ud800", "yaml.schemas": {}}', False),
        ('\ufeff{"a": 1}', False),
        ("[" * 100_000, False),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, True),
    ],
    ids=lambda value: str(value)[:40],
)
def test_comments_in_settings_are_kept(tmp_path: Path, before: str, is_merged: bool) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / SETTINGS).write_text(before, encoding="utf-8")
    done = kaiten_sync("init", ".", cwd=tmp_path)
    assert done.code == 0, done.stderr
    after = (tmp_path / SETTINGS).read_text(encoding="utf-8")
    assert all(line.lstrip("{") in after for line in before.splitlines())
    assert ("schemas/catalog.schema.json" in after) is is_merged
    assert ("add " in done.stderr) is not is_merged


def test_files_that_git_leaves_out_are_named(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(".vscode\nplans/\n*.lock\n", encoding="utf-8")
    done = kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path)
    assert ".gitignore leaves out plans/local.plan.json, plans/prod.plan.json:" in done.stderr
    assert ".vscode" not in done.stderr
    (tmp_path / ".gitignore").write_text(".vscode\n*.plan\n", encoding="utf-8")
    assert "leaves out" not in kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path).stderr


PLANS_AS_TEXT = "*.png binary\n*.plan.json text eol=crlf merge\n"


@pytest.mark.parametrize("before", [None, "*.png binary\n", "*.png binary", PLANS_AS_TEXT])
def test_git_leaves_the_bytes_of_plans_alone(tmp_path: Path, before: str | None) -> None:
    git(tmp_path, "init", "--quiet")
    if before is not None:
        (tmp_path / ".gitattributes").write_text(before, encoding="utf-8")
    assert kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path).code == 0
    asked = ("check-attr", "text", "merge", "diff", "--", "plans/prod.plan.json", "a.png")
    found = git(tmp_path, *asked)
    assert "plans/prod.plan.json: text: unset\nplans/prod.plan.json: merge: unset" in found
    assert ("a.png: text: unset" in found) is (before is not None)
    text = (tmp_path / ".gitattributes").read_text(encoding="utf-8")
    assert kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path).code == 0
    assert (tmp_path / ".gitattributes").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("forge", list(Forge))
@pytest.mark.parametrize("folder", [".", "my licensing"])
@pytest.mark.parametrize("name", ["", "billing"])
@pytest.mark.parametrize(
    "project",
    [PROJECT, ALONE, PROJECT + BY_EFFECT, ALONE + BY_EFFECT],
    ids=["ordered", "alone", "ordered, by effect", "alone, by effect"],
)
def test_every_workflow_is_clean(
    tmp_path: Path, forge: Forge, folder: str, name: str, project: str
) -> None:
    git(tmp_path, "init", "--quiet")
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    (place / "kaiten-sync.yaml").write_text(project, encoding="utf-8")
    if folder != ".":
        (tmp_path / ".gitmodules").write_text(f"[submodule]\n\tpath = {folder}/catalog\n")
    options = ("--write-plans", "--name", name) if name else ()
    done = kaiten_sync("init", folder, "--ci", forge.value, *options, cwd=tmp_path)
    assert done.code == 0, done.stderr
    schema = workflow_schema() if forge is Forge.GITHUB else gitlab_ci_schema()
    validator = validator_for(schema)(schema)
    for path in workflow_paths(forge, name):
        text = (tmp_path / path).read_text(encoding="utf-8")
        assert "@@" not in text
        loaded = yaml.safe_load(text.replace("\non:", "\n'on':"))
        assert [error.message for error in validator.iter_errors(loaded)] == [], path
    if forge is Forge.GITHUB:
        lint(tmp_path, "actionlint", "-no-color")
        lint(tmp_path, "zizmor", "--offline", "--no-progress", "--quiet", ".github/workflows")


@pytest.mark.parametrize("forge", list(Forge))
def test_a_catalog_in_a_submodule_is_checked_out_and_its_changes_are_seen(
    tmp_path: Path, forge: Forge
) -> None:
    (tmp_path / ".gitmodules").write_text(
        '[submodule "terms"]\n\tpath = terms\n\turl = ../terms.git\n'
        '[submodule "site"]\n\tpath = site\n\turl = ../site.git\n'
    )
    (tmp_path / ".git").mkdir()
    project = ALONE.replace("[catalog/]", "[terms/catalog/, more/]")
    (tmp_path / "kaiten-sync.yaml").write_text(project, encoding="utf-8")
    assert kaiten_sync("init", ".", "--ci", forge.value, cwd=tmp_path).code == 0
    plan = workflow_paths(forge)[1 if forge is Forge.GITHUB else 0]
    text = (tmp_path / plan).read_text(encoding="utf-8")
    asked = ["kaiten-sync.yaml", "more/**/*", "overlays/**/*", "plans/**/*", "terms"]
    assert f": {json.dumps(asked)}" in text
    missing = kaiten_sync("validate", cwd=tmp_path)
    assert "submodule terms is not checked out: git submodule update --init" in missing.stdout
    if forge is Forge.GITLAB:
        assert "  variables: {GIT_SUBMODULE_STRATEGY: recursive}" in text
        return
    texts = [(tmp_path / name).read_text(encoding="utf-8") for name in workflow_paths(forge)]
    assert [text.count("submodules: true") for text in texts] == [1, 1, 1, 1]


def test_what_a_job_may_do_is_named_where_it_commits_plans(tmp_path: Path) -> None:
    (tmp_path / "kaiten-sync.yaml").write_text(ALONE, encoding="utf-8")
    assert kaiten_sync("init", ".", "--ci", "github", "--write-plans", cwd=tmp_path).code == 0
    text = (tmp_path / ".github/workflows/kaiten-sync-plan.yml").read_text(encoding="utf-8")
    head = text[: text.index("name: plan")]
    assert "contents: write" in head
    permissions = yaml.safe_load(text)["jobs"]["plan"]["permissions"]
    assert permissions == {"contents": "write", "pull-requests": "write"}
    assert kaiten_sync("init", "--write-plans", cwd=tmp_path).code == 3


def test_an_exported_project_is_ready_for_editors(place: Workplace) -> None:
    place.write("c.yaml", "version: 1\ngroups:\n  quotas: {name: Quotas}\n")
    assert place.run("apply", "-f", "c.yaml", "--yes").code == 0
    done = place.run("export", "-o", "live/catalog", "--with-project")
    assert done.code == 0, done.stderr
    exported = place.folder / "live/catalog/groups.yaml"
    for path in (exported, place.folder / "kaiten-sync.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        schema = path.parent / first.removeprefix("# yaml-language-server: $schema=")
        assert json.loads(schema.read_text(encoding="utf-8"))["$schema"]
    assert settings(place.folder)["yaml.schemas"]["./schemas/catalog.schema.json"] == [
        "live/catalog/**/*.yaml"
    ]
    assert "*.plan.json" in (place.folder / ".gitattributes").read_text(encoding="utf-8")
    assert place.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("name", ["catalog", "project", "plan", "receipt", "apply", "drift"])
def test_a_schema_is_printed(tmp_path: Path, name: str) -> None:
    done = kaiten_sync("schema", name, cwd=tmp_path)
    assert done.code == 0
    assert json.loads(done.stdout)["title"]
    assert list(tmp_path.iterdir()) == []


def test_a_schema_of_an_unknown_name_names_the_known_ones(tmp_path: Path) -> None:
    done = kaiten_sync("schema", "katalog", cwd=tmp_path)
    assert (done.code, "catalog" in done.stderr) == (3, True)


def test_all_schemas_are_written_beside_the_project(tmp_path: Path) -> None:
    (tmp_path / "kaiten-sync.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "catalog").mkdir()
    done = kaiten_sync("schema", cwd=tmp_path / "catalog")
    assert done.code == 0, done.stderr
    written = {path.name for path in (tmp_path / "schemas").iterdir()}
    assert {"catalog.schema.json", "project.schema.json", "plan.schema.json"} <= written
    schemas = settings(tmp_path)["yaml.schemas"]
    assert schemas["./schemas/catalog.schema.json"] == ["catalog/**/*.yaml", "overlays/**/*.yaml"]


def test_bytes_that_are_not_utf_8_stay_as_they_are(tmp_path: Path) -> None:
    """In a file of others that is extended, such as a comment in Latin-1."""
    theirs = b"# Pr\xe9sent\n*.bin binary\n"
    (tmp_path / ".gitattributes").write_bytes(theirs)
    (tmp_path / ".vscode").mkdir()
    (tmp_path / SETTINGS).write_bytes(b'{\n  // \xe9\n  "a": 1\n}\n')
    done = kaiten_sync("init", ".", cwd=tmp_path)
    assert done.code == 0, done.stderr
    extended = (tmp_path / ".gitattributes").read_bytes()
    assert extended.startswith(theirs)
    assert b"*.plan.json" in extended
    assert (tmp_path / SETTINGS).read_bytes() == b'{\n  // \xe9\n  "a": 1\n}\n'
    assert f"{SETTINGS} cannot be extended and was left as it is; add" in done.stderr


def test_a_dash_is_not_a_folder(tmp_path: Path) -> None:
    done = kaiten_sync("init", "-", cwd=tmp_path)
    assert (done.code, list(tmp_path.iterdir())) == (3, [])
    assert "name a folder" in done.stderr
