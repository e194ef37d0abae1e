"""Stands in for `gh api`: comments and issues in a file, and a record of every call."""

from __future__ import annotations

import base64
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jq  # type: ignore[import-not-found]  # a compiled module without types

BOT = "github-actions[bot]"


def main() -> None:
    options = _options()
    assert os.environ["GH_TOKEN"] == "the-jobs-token"
    assert not [name for name in os.environ if name.startswith("KAITEN")]
    path = Path(os.environ["FORGE_STATE"])
    state = json.loads(path.read_text(encoding="utf-8"))
    state["calls"].append(f"{options.method} {options.path}")
    answer = _answer(options, state)
    path.write_text(json.dumps(state), encoding="utf-8")
    if options.jq and not options.silent:
        for line in jq.compile(options.jq).input_value(answer).all():
            print(line)


def _options() -> Namespace:
    parser = ArgumentParser()
    parser.add_argument("command", choices=["api"])
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--method", default="GET")
    parser.add_argument("path")
    parser.add_argument("--jq")
    parser.add_argument("--field", action="append", default=[])
    parser.add_argument("--raw-field", action="append", default=[])
    parser.add_argument("--input", choices=["-"])
    return parser.parse_args()


def _answer(options: Namespace, state: dict[str, Any]) -> Any:
    _, _, _, kind, *rest = urlsplit(options.path).path.split("/")
    if kind == "contents":
        return _contents("/".join(rest), options, state)
    assert kind == "issues"
    listed = "comments" if "comments" in rest else "issues"
    if options.method == "GET":
        is_open = "state=open" in options.path
        return [e for e in state[listed] if not is_open or e.get("state") == "open"]
    if options.method == "POST":
        entry = {"id": len(state[listed]) + 1, "user": {"login": BOT}, "state": "open"}
        entry["number"] = entry["id"]
        state[listed].append(entry)
    else:
        (entry,) = (each for each in state[listed] if str(each["id"]) == rest[-1])
    entry |= _fields(options)
    return entry


def _contents(path: str, options: Namespace, state: dict[str, Any]) -> Any:
    """Source: GitHub REST API, "Create or update file contents"."""
    if options.method == "GET":
        (ref,) = (each.removeprefix("ref=") for each in options.raw_field)
        known = [c for c in state["commits"] if (c["branch"], c["path"]) == (ref, path)]
        if not known:
            sys.exit("gh: Not Found (HTTP 404)")
        return {"sha": known[-1]["sha"]}
    asked = json.load(sys.stdin)
    content = base64.b64decode(asked["content"], validate=True).decode()
    state["commits"].append(
        {
            "branch": asked["branch"],
            "path": path,
            "content": content,
            "message": asked["message"],
            "sha": f"{len(state['commits'])}",
        }
    )
    return {}


def _fields(options: Namespace) -> dict[str, str]:
    fields = dict(each.split("=", 1) for each in options.raw_field)
    for each in options.field:
        name, value = each.split("=", 1)
        assert value.startswith("@"), "gh gives other values a type"
        fields[name] = Path(value[1:]).read_text(encoding="utf-8")
    return fields


if __name__ == "__main__":
    main()
