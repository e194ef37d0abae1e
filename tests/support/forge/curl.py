"""Stands in for `curl` where a job calls GitLab's API: notes in a file, and every call."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ME = {"id": 77}


def main() -> None:
    options = _options()
    token = sys.stdin.read()
    is_commit = options.data is not None
    kind = "write" if is_commit else "comment"
    assert token == f'header = "PRIVATE-TOKEN: {kind}-token"\n'
    path = Path(os.environ["FORGE_STATE"])
    state = json.loads(path.read_text(encoding="utf-8"))
    state["calls"].append(f"{options.request} {urlsplit(options.url).path}")
    answer = _commit(options, state) if is_commit else _answer(options, state["comments"])
    path.write_text(json.dumps(state), encoding="utf-8")
    if options.output is None:
        print(json.dumps(answer))


def _options() -> Namespace:
    parser = ArgumentParser()
    parser.add_argument("--silent", action="store_true", required=True)
    parser.add_argument("--show-error", action="store_true", required=True)
    parser.add_argument("--fail", action="store_true", required=True)
    parser.add_argument("--config", choices=["-"], required=True)
    parser.add_argument("--output")
    parser.add_argument("--request", default="GET")
    parser.add_argument("url")
    parser.add_argument("--data-urlencode")
    parser.add_argument("--data")
    parser.add_argument("--header", choices=["Content-Type: application/json"])
    return parser.parse_args()


def _commit(options: Namespace, state: dict[str, Any]) -> Any:
    """Source: GitLab API, "Create a commit with multiple files and actions"."""
    assert urlsplit(options.url).path == "/api/v4/projects/1/repository/commits"
    asked = json.loads(Path(options.data.removeprefix("@")).read_text(encoding="utf-8"))
    (action,) = asked["actions"]
    assert action["action"] in ("create", "update")
    commit = {"branch": asked["branch"], "path": action["file_path"], "content": action["content"]}
    state["commits"].append({**commit, "message": asked["commit_message"]})
    return {}


def _answer(options: Namespace, notes: list[dict[str, Any]]) -> Any:
    path = urlsplit(options.url).path
    if path == "/api/v4/user":
        return ME
    before, _, number = path.partition("/notes")
    assert before == "/api/v4/projects/1/merge_requests/5"
    if options.request == "GET":
        return notes
    if options.request == "POST":
        note: dict[str, Any] = {"id": len(notes) + 1, "author": ME}
        notes.append(note)
    else:
        (note,) = (each for each in notes if f"/{each['id']}" == number)
    name, _, file = options.data_urlencode.partition("@")
    assert name == "body"
    note["body"] = Path(file).read_text(encoding="utf-8")
    return note


if __name__ == "__main__":
    main()
