"""Reads one target of the project file: a server, and where its credential is. Stage 1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from kaiten_sync.declare.field_reader import FieldReader
from kaiten_sync.declare.findings import did_you_mean
from kaiten_sync.declare.secrets import is_token
from kaiten_sync.model.document import Entry, Node
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.settings import Target

AUTOMATIC = "auto"
"""The generation that asks the server."""

_FIELDS = frozenset({"url", "token", "overlays", "requirePlan", "generation"})
_TOKEN_PLACES = frozenset({"env", "file"})
_TARGET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Target names become parts of file names."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEMPLATES = ("${", "{{", "$(", "<%")
_URL_HINT = "write it as http://127.0.0.1:6060 or https://kaiten.example.com"


def read_target(reader: FieldReader, name: str, entry: Entry) -> Target:
    """A target. What is wrong with it is reported to `reader`."""
    if not _TARGET_NAME.fullmatch(name):
        reader.report(
            "bad-target-name",
            "a target's name is made of letters, digits, '.', '_' and '-'",
            entry.key_ref,
        )
    fields = reader.fields(entry.node, _FIELDS, "a target")
    if isinstance(entry.node.value, Mapping) and "url" not in fields:
        reader.report("missing-field", "the target has no `url`", entry.key_ref, _URL_HINT)
    places = _token_places(reader, fields.get("token"))
    return Target(
        name=name,
        url=_url(reader, fields.get("url")),
        token_env=places.get("env"),
        token_file=places.get("file"),
        overlays=reader.texts(fields.get("overlays"), "`overlays`"),
        require_plan=reader.truth(fields.get("requirePlan"), "`requirePlan`"),
        generation=_generation(reader, fields.get("generation")),
    )


def _url(reader: FieldReader, entry: Entry | None) -> str:
    text = reader.text(entry, "`url`")
    if entry is None or text is None:
        return ""
    node = entry.node
    if is_token(text):
        reader.report_secret(node.ref)
    elif any(opening in text for opening in _TEMPLATES):
        reader.report(
            "template",
            "there are no templates here: `url` is taken as it stands",
            node.ref,
            "write the URL out, or give it with --base-url or KAITEN_BASE_URL",
        )
    else:
        _check_url(reader, text, node)
    return text


def _check_url(reader: FieldReader, text: str, node: Node) -> None:
    parts = _split(text)
    if parts is not None and "@" in parts.netloc:
        reader.report_secret(node.ref)
    elif parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        reader.report("bad-url", "this is not the URL of a server", node.ref, _URL_HINT)
    elif "?" in text or "#" in text:
        reader.report("bad-url", "a server's URL has no `?` and no `#`", node.ref, _URL_HINT)


def _split(text: str) -> SplitResult | None:
    if not text.isascii() or any(character.isspace() for character in text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where the port is no number
    except ValueError:
        return None
    return parts


def _token_places(reader: FieldReader, entry: Entry | None) -> dict[str, str]:
    """Where the token is, as `env` or `file`. Messages never repeat what stands here."""
    if entry is None:
        return {}
    node = entry.node
    if node.value is not None and not isinstance(node.value, Mapping):
        reader.report_secret(node.ref)
        return {}
    places: dict[str, str] = {}
    fields = reader.fields(node, _TOKEN_PLACES, "`token`") if node.value is not None else {}
    for place, found in fields.items():
        text = reader.text(found, f"`token.{place}`")
        if text is None:
            continue
        if is_token(text) or (place == "env" and not _VARIABLE.fullmatch(text)):
            reader.report_secret(found.node.ref)
        places[place] = text
    if len(fields) != 1:
        reader.report(
            "bad-token",
            "a token has one place",
            entry.key_ref,
            "write `token: {env: NAME}` or `token: {file: PATH}`",
        )
    return places


def _generation(reader: FieldReader, entry: Entry | None) -> Generation | None:
    if entry is None or entry.node.value == AUTOMATIC:
        return None
    value = entry.node.value
    known = {str(generation): generation for generation in Generation}
    if isinstance(value, str) and value in known:
        return known[value]
    choices = (AUTOMATIC, *known)
    reader.report(
        "unknown-value",
        "`generation` must be " + " or ".join(f"`{choice}`" for choice in choices),
        entry.node.ref,
        did_you_mean(value, choices) if isinstance(value, str) else None,
    )
    return None
