"""Finds credentials where none belong, and keeps them out of messages. Stage 1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from kaiten_sync.declare.diagnostics import file_diagnostic
from kaiten_sync.documents.project import VARIABLE
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Node
from kaiten_sync.model.source import SourceRef

MASK = "***"
SECRET_RULE = "secret-in-file"  # noqa: S105  (a rule's name, not a secret)

_TOKEN = re.compile(r"(?:ksh_|ksm_|whsec_)[A-Za-z0-9_+/=-]{12,}")
"""A Kaiten credential. They are longer, but half of one is too much too."""

_USER_INFO = re.compile(r"(?<=://)[^/\s'\"@,}]+@")
_IN_TOKENS, _IN_USER_INFO = "_", "@"
"""Every match contains it, and few lines do. Searching for it takes a twentieth of the time."""

_BEHIND_PATH = re.compile(r"://[^?#]*+(?:(\?|#(?!sha256=))|#|\Z)")
"""A query or a fragment, where tokens are put, is its group. A wheel's URL has its hash there, and
no other URL of a project file anything. Every beginning is a match, so none is looked at twice."""

_PLACES = ("env", "file")
"""Keys of `token` that say where it is."""

_VARIABLE = re.compile(r"\$?\{?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\}?")
"""The usual name of a variable, also as a shell reads it: `KAITEN_TOKEN`, `${KAITEN_TOKEN}`."""

_SECRET_WORDS = ("token", "secret", "passw", "apikey", "api_key", "api-key", "bearer", "credential")
_ASSIGNED = re.compile(
    rf"(?i)((?:{'|'.join(_SECRET_WORDS)})[\w.-]{{0,40}}[\"']?\s{{0,9}}:\s{{1,9}})(?![{{\s#]).*"
)
"""A key that promises a secret, with a value of its own beside it. `token: {env: X}` is fine."""


def is_token(text: str) -> bool:
    """Whether a text holds something that looks like a Kaiten credential."""
    return _TOKEN.search(text) is not None


def names_secret(key: str) -> bool:
    """Whether a key's name promises a secret."""
    lowered = key.lower()
    return any(word in lowered for word in _SECRET_WORDS)


def find_tokens(path: str, lines: tuple[str, ...]) -> Iterator[Diagnostic]:
    """A diagnostic for each line that holds a credential."""
    for number, line in enumerate(lines, start=1):
        if _IN_TOKENS in line and (match := _TOKEN.search(line)):
            yield secret_diagnostic(SourceRef(path, number, match.start() + 1))


def project_secrets(root: Node) -> list[SourceRef]:
    """The places of credentials in a project file, which only names where they are."""
    found = [*_secret_values(root)]
    targets = root.entries.get("targets")
    for target in targets.node.entries.values() if targets else ():
        # A credential instead of the place of one.
        url, token = target.node.entries.get("url"), target.node.entries.get("token")
        if url is not None and isinstance(url.node.value, str) and has_user_info(url.node.value):
            found.append(url.node.ref)
        env = token.node.entries.get("env") if token else None
        name = env.node.value if env is not None else None
        is_text = isinstance(name, str) and name.strip() != ""
        if env is not None and is_text and not re.fullmatch(VARIABLE, str(name)):
            found.append(env.node.ref)
    return sorted(set(found))


def bare_variables(root: Node) -> frozenset[SourceRef]:
    """The places of tokens that look like the name of a variable instead of a credential."""
    targets = root.entries.get("targets")
    declared = targets.node.entries.values() if targets else ()
    tokens = [each.node.entries.get("token") for each in declared]
    named = [each.node.entries.get("env") for each in tokens if each is not None]
    values = [each.node for each in (*tokens, *named) if each is not None]
    is_name = _VARIABLE.fullmatch
    return frozenset(v.ref for v in values if isinstance(v.value, str) and is_name(v.value))


def _secret_values(node: Node) -> Iterator[SourceRef]:
    """Values that look like a credential, or whose key promises one."""
    for key, entry in node.entries.items():
        value = entry.node.value
        is_named = names_secret(key) and not isinstance(value, Mapping | None)
        if is_named or (isinstance(value, str) and is_token(value)):
            yield entry.node.ref
        if is_token(key):
            yield entry.key_ref
        yield from _secret_values(entry.node)


def unshown_values(root: Node) -> list[SourceRef]:
    """The places of values that may be credentials, and that no message shows.

    They are wrong for another reason: what is unknown below a key that promises a secret, and what
    a URL has behind its path.
    """
    return sorted(set(_unshown(root, is_named=False)))


def _unshown(node: Node, *, is_named: bool) -> Iterator[SourceRef]:
    value = node.value
    if isinstance(value, tuple):
        for item in value:
            yield from _unshown(item, is_named=is_named)
    is_said = is_named and value is not None and not isinstance(value, tuple | dict)
    if is_said or (isinstance(value, str) and _has_more_than_path(value)):
        yield node.ref
    for key, entry in node.entries.items():
        is_place = is_named and key in _PLACES
        yield from _unshown(entry.node, is_named=not is_place and (is_named or names_secret(key)))


def _has_more_than_path(url: str) -> bool:
    return any(found[1] for found in _BEHIND_PATH.finditer(url))


def has_user_info(url: str) -> bool:
    """Whether a URL has a user or a password before its host."""
    try:
        return "@" in urlsplit(url).netloc
    except ValueError:
        return "@" in url


def secret_diagnostic(ref: SourceRef, *, is_variable: bool = False) -> Diagnostic:
    """There is a credential, or a variable's name, at this place. No message repeats it."""
    place = "`token: {env: NAME}`"
    message, hint = (
        "a credential is written into this file",
        f"revoke it and take it out; kaiten-sync.yaml names its place: {place}",
    )
    if is_variable:
        message, hint = (
            "this is not the place of a token",
            f"if it is the name of a variable, write {place}; if it is a credential, revoke it",
        )
    diagnostic = file_diagnostic(ref.file, SECRET_RULE, message, hint)
    return diagnostic.changed(ref=ref)


def mask_catalog_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines fit for messages: without anything that looks like a Kaiten credential."""
    return tuple(map(_without_credentials, lines))


def _without_credentials(line: str) -> str:
    if _IN_TOKENS in line:
        line = _TOKEN.sub(MASK, line)
    return _USER_INFO.sub(MASK + "@", line) if _IN_USER_INFO in line else line


def mask_project_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """As `mask_catalog_lines`, and without whatever follows a key such as `token:`."""
    return tuple(_ASSIGNED.sub(rf"\1{MASK}", line) for line in mask_catalog_lines(lines))


def mask_from(lines: tuple[str, ...], refs: list[SourceRef]) -> tuple[str, ...]:
    """Lines with the rest of the line hidden behind each place.

    A value can go on for several lines, so the lines behind the first place, up to the next
    one that holds a key, are hidden too.
    """
    masked = list(lines)
    hidden = 0  # lines that are hidden, up to one that holds a key
    for ref in refs:
        index = ref.line - 1
        masked[index] = masked[index][: ref.column - 1] + MASK
        for later in range(max(index + 1, hidden), len(masked)):
            hidden = later
            if re.match(r"\s*[\w.-]+:(?:\s|$)", masked[later]):
                break
            masked[later] = MASK if masked[later].strip() else masked[later]
    return tuple(masked)
