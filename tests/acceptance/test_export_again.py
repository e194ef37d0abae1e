"""Exporting into a folder again: planning it reads what is live, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.test_export import files, selling

from kaiten_sync.jobs.written import RECORD

__all__ = ["selling"]

MINE = "version: 1\nlicenses:\n  mine:\n    name: Mine\n    type: PAID\n    entitlements: {}\n"


def export(place: Workplace, *args: str) -> str:
    done = place.run("export", "-o", "catalog", "--force", *args)
    assert done.code == 0, done.stderr
    return done.stdout


def delete_starter(api: httpx.Client) -> None:
    for path in ("/licenses/starter/entitlements/api-calls", "/licenses/starter"):
        assert api.delete(path).status_code == 204


def is_clean(place: Workplace) -> bool:
    for prune in ("owned", "all"):
        planned = place.run("plan", "-f", "catalog", "--prune", prune, "--detailed-exitcode")
        if planned.code != 0:
            print(planned.stdout, planned.stderr)
            return False
    return True


@pytest.mark.parametrize("first", ["license", "kind", "none"])
@pytest.mark.parametrize("second", ["license", "none"])
def test_a_forced_export_leaves_nothing_of_an_earlier_one(
    selling: Workplace, api: httpx.Client, first: str, second: str
) -> None:
    export(selling, "--split", first)
    delete_starter(api)
    said = export(selling, "--split", second)
    assert is_clean(selling)
    names = files(selling.folder)
    assert ("catalog/catalog.yaml" in names) == (second == "none")
    assert "catalog/licenses/starter.yaml" not in names
    if first == second == "license":
        assert "removed catalog/licenses/starter.yaml" in said


@pytest.mark.parametrize("count", range(6))
def test_an_export_that_was_killed_is_finished_without_force(
    selling: Workplace, count: int
) -> None:
    """Its files come into place one after another, and the record of them is the last one."""
    to_catalog = ("export", "-o", "catalog", "--with-project")
    assert selling.run(*to_catalog).code == 0
    contents = {name: (selling.folder / name).read_bytes() for name in files(selling.folder)}
    there = [*contents][:count]
    for name in contents.keys() - there:
        (selling.folder / name).unlink()
    (selling.folder / "catalog" / RECORD).unlink()
    leftover = selling.write("catalog/licenses/.growth.yaml.4194399.abcdefgh", "half")
    for name in there:
        path = selling.write(name, contents[name].decode() + "# mine\n")
        refused = selling.run(*to_catalog)
        assert (refused.code, f"{name} is there already" in refused.stderr) == (3, True)
        assert path.read_text().endswith("# mine\n")
        path.write_bytes(contents[name])
    assert selling.run(*to_catalog).code == 0
    assert {name: (selling.folder / name).read_bytes() for name in contents} == contents
    assert not leftover.exists()
    assert is_clean(selling)
    assert selling.run(*to_catalog).code == 3


@pytest.mark.parametrize("name", ["mine.yaml", "licenses/mine.YML", "licenses/growth.yml"])
def test_a_file_of_a_person_is_named_and_stays(selling: Workplace, name: str) -> None:
    export(selling)
    before = files(selling.folder)
    path = selling.write(f"catalog/{name}", MINE)
    for args in (("--force",), ("--force", "--split", "none"), ()):
        refused = selling.run("export", "-o", "catalog", *args)
        assert refused.code == 3
        assert "nothing was written" in refused.stderr
        if args:
            assert f"catalog/{name}" in refused.stderr
        assert path.read_text() == MINE
        assert set(before) <= set(files(selling.folder))


def test_an_exported_file_that_was_edited_is_not_deleted(
    selling: Workplace, api: httpx.Client
) -> None:
    export(selling)
    path = selling.folder / "catalog/licenses/starter.yaml"
    path.write_text(path.read_text() + "# mine\n")
    delete_starter(api)
    refused = selling.run("export", "-o", "catalog", "--force")
    assert (refused.code, "catalog/licenses/starter.yaml" in refused.stderr) == (3, True)
    assert path.read_text().endswith("# mine\n")
    path.unlink()
    export(selling)
    assert is_clean(selling)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mine.yaml", MINE),
        ("licenses/below/mine.yaml", MINE),
        ("licenses/mine.yml", MINE),
        ("licenses/mine.yaml", f"# as agreed\n{MINE}"),
        ("licenses/mine.yaml", MINE.replace("Mine", "Mine   # until May")),
        ("licenses/mine.yaml", MINE.replace("{}", "{ }")),
        ("licenses/mine.yaml", MINE.replace("Mine", '&name "Mine"')),
        ("licenses/mine.yaml", "version: [\n"),
        ("licenses/mine.yaml", "\ufeff" + MINE),
    ],
)
def test_a_record_that_somebody_forged_deletes_nothing_of_a_person(
    selling: Workplace, name: str, text: str
) -> None:
    export(selling)
    path = selling.write(f"catalog/{name}", text)
    record = selling.folder / "catalog/.kaiten-sync-export.sha256"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record.write_text(f"{record.read_text()}{digest}  {name}\n")
    refused = selling.run("export", "-o", "catalog", "--force")
    assert (refused.code, f"catalog/{name}" in refused.stderr) == (3, True)
    assert path.read_text(encoding="utf-8") == text


def test_files_of_an_export_without_a_record_are_somebodys(
    selling: Workplace, api: httpx.Client
) -> None:
    export(selling)
    (record,) = Path(selling.folder, "catalog").glob(".*")
    record.unlink()
    export(selling)  # the same files: nothing is left over
    record.unlink()
    delete_starter(api)
    assert selling.run("export", "-o", "catalog", "--force").code == 3


def test_an_export_keeps_line_breaks_and_mode(selling: Workplace) -> None:
    export(selling)
    path = selling.folder / "catalog/groups.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o600)
    before = path.read_bytes()
    export(selling)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600
    export(selling, "--split", "none")
    assert not path.exists()


def test_a_project_file_is_not_written_among_the_files_of_its_catalog(selling: Workplace) -> None:
    refused = selling.run("export", "-o", ".", "--with-project")
    assert (refused.code, "-o catalog/" in refused.stderr) == (3, True)
    assert files(selling.folder) == []
    done = selling.run("export", "-o", ".")
    assert done.code == 0, done.stderr
    assert selling.run("export", "-o", ".", "--force", "--split", "none").code == 0
    assert files(selling.folder) == ["catalog.yaml"]
    assert selling.run("plan", "-f", ".", "--detailed-exitcode").code == 0


def test_a_project_file_that_somebody_changed_is_never_replaced(selling: Workplace) -> None:
    words = ("export", "-o", "catalog/", "--with-project")
    path = selling.folder / "kaiten-sync.yaml"
    assert selling.run(*words).code == 0
    written = path.read_bytes()
    for same in (written, written.replace(b"\n", b"\r\n")):
        path.write_bytes(same)
        assert selling.run(*words, "--force").code == 0
        assert path.read_bytes() == same
    path.write_bytes(written + b"policy: {prune: never}\n")
    before = [*files(selling.folder), path.read_bytes()]
    refused = selling.run(*words, "--force", "--split", "none")
    assert refused.code == 3
    assert "leave out --with-project" in refused.stderr
    assert [*files(selling.folder), path.read_bytes()] == before
    assert selling.run(*words[:3], "--force").code == 0


def test_an_export_says_that_overlays_would_be_merged_over_it(selling: Workplace) -> None:
    selling.write("over.yaml", "version: 1\nlicenses: {growth: {name: Other}}\n")
    selling.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [c/]\ntargets:\n"
        f"  eu: {{url: {selling.url}, overlays: [over.yaml]}}\n",
    )
    done = selling.run("export", "-t", "eu", "-o", "new")
    assert done.code == 0, done.stderr
    assert "the target's overlays (over.yaml) are merged over these files" in done.stderr
    assert "plan -t eu -f new" in done.stdout


def test_force_is_advised_only_where_it_helps(selling: Workplace) -> None:
    export(selling)
    taken = selling.run("export", "-o", "catalog")
    assert (taken.code, "or pass --force" in taken.stderr) == (3, True)
    selling.write("catalog/mine.yaml", MINE)
    for force in ((), ("--force",)):
        mixed = selling.run("export", "-o", "catalog", *force)
        assert (mixed.code, "pass --force" in mixed.stderr) == (3, False)
        assert "nothing was written" in mixed.stderr
