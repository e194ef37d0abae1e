"""Finds credentials where none belong, and keeps them out of messages. Stage 1."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kaiten_sync.declare.findings import file_finding
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.source import SourceRef

MASK = "***"
SECRET_RULE = "secret-in-file"  # noqa: S105  (a rule's name, not a secret)

_TOKEN = re.compile(r"(?:ksh_|ksm_|whsec_)[A-Za-z0-9_+/=-]{12,}")
"""A Kaiten credential. They are longer, but half of one is too much too."""

_USER_INFO = re.compile(r"(?<=://)[^/\s'\"@,}]+@")
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
    """A finding for each line that holds a credential."""
    for number, line in enumerate(lines, start=1):
        if match := _TOKEN.search(line):
            yield secret_finding(SourceRef(path, number, match.start() + 1))


def secret_finding(ref: SourceRef) -> Diagnostic:
    """A credential stands at this place. The message does not repeat it."""
    finding = file_finding(
        ref.file,
        SECRET_RULE,
        "a credential is written into this file",
        "revoke it and take it out; kaiten-sync.yaml names its place: `token: {env: NAME}`",
    )
    return Diagnostic(rule=finding.rule, message=finding.message, ref=ref, hint=finding.hint)


def mask_catalog_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines fit for messages: without anything that looks like a Kaiten credential."""
    return tuple(_USER_INFO.sub(MASK + "@", _TOKEN.sub(MASK, line)) for line in lines)


def mask_project_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """As `mask_catalog_lines`, and without whatever follows a key such as `token:`."""
    return tuple(_ASSIGNED.sub(rf"\1{MASK}", line) for line in mask_catalog_lines(lines))


def mask_from(lines: tuple[str, ...], refs: list[SourceRef]) -> tuple[str, ...]:
    """Lines with the rest of the line hidden behind each place.

    A value can go on for several lines, so the lines behind the first place, up to the next
    one that holds a key, are hidden too.
    """
    masked = list(lines)
    for ref in refs:
        index = ref.line - 1
        masked[index] = masked[index][: ref.column - 1] + MASK
        for later in range(index + 1, len(masked)):
            if re.match(r"\s*[\w.-]+:(?:\s|$)", masked[later]):
                break
            masked[later] = MASK if masked[later].strip() else masked[later]
    return tuple(masked)
