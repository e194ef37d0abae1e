"""What a project file's values mean. Stage 2. Its shape is checked by its schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from kaiten_sync.documents.project import POLICY_LIMITS
from kaiten_sync.kinds.meant import misspelled
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Entry, Node
from kaiten_sync.model.family import WhenTightened
from kaiten_sync.model.policy_rule import RuleVerb
from kaiten_sync.model.settings import parse_limit
from kaiten_sync.model.source import SourceRef
from kaiten_sync.validate.order_rules import order_diagnostics

PROJECT_VERSION = 1
"""The project format this program reads."""

_TEMPLATES = ("${", "{{", "$(", "<%")
_HOST_AND_PORT = re.compile(r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]*)?")
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")
_URL_HINT = "write it as http://127.0.0.1:6060 or https://kaiten.example.com"
_VERSION_HINT = f"write `version: {PROJECT_VERSION}`, without quotes"

_RULE_HINT = "write `{name: ..., deny: EXPRESSION}` or `{name: ..., warn: EXPRESSION}`"

ProjectRule = Callable[[Node], Iterator[Diagnostic]]


def version_diagnostics(root: Node) -> Iterator[Diagnostic]:
    """The version is there, and one that this program reads."""
    version = root.entries.get("version")
    if version is None:
        if isinstance(root.value, Mapping):
            message = "the project file has no `version`"
            yield _diagnostic("missing-version", message, root.ref, _VERSION_HINT)
    elif isinstance(version.node.value, bool) or version.node.value != PROJECT_VERSION:
        message = "this is not a project version that this program reads"
        yield _diagnostic("unknown-version", message, version.node.ref, _VERSION_HINT)


def presence_diagnostics(root: Node) -> Iterator[Diagnostic]:
    """There is a catalog, and every target has a URL."""
    catalog = root.entries.get("catalog")
    is_missing = catalog is None and not misspelled(root.entries, ("catalog",))
    if isinstance(root.value, Mapping) and (is_missing or (catalog and catalog.node.value == ())):
        message = "the project file has no `catalog`"
        yield _diagnostic("missing-field", message, root.ref, "add `catalog: [catalog/]`")
    for target in _targets(root):
        entries = target.node.entries
        is_missing = "url" not in entries and not misspelled(entries, ("url",))
        if isinstance(target.node.value, Mapping) and is_missing:
            yield _diagnostic("missing-field", "the target has no `url`", target.key_ref, _URL_HINT)


def url_diagnostics(root: Node) -> Iterator[Diagnostic]:
    """A target's URL is that of a server."""
    for target in _targets(root):
        url = target.node.entries.get("url")
        if url is None or not isinstance(url.node.value, str) or not url.node.value.strip():
            continue
        text, ref, parts = url.node.value, url.node.ref, _split(url.node.value)
        if any(opening in text for opening in _TEMPLATES):
            yield _diagnostic(
                "template",
                "there are no templates here: `url` is used as it is written",
                ref,
                "write the URL out, or pass it with --base-url or KAITEN_BASE_URL",
            )
        elif parts is None or parts.scheme not in ("http", "https") or not _can_be_asked(parts):
            yield _diagnostic("bad-url", "this is not the URL of a server", ref, _URL_HINT)
        elif "?" in text or "#" in text:
            yield _diagnostic("bad-url", "a server's URL has no `?` and no `#`", ref, _URL_HINT)


def token_diagnostics(root: Node) -> Iterator[Diagnostic]:
    """A token has exactly one place."""
    for target in _targets(root):
        token = target.node.entries.get("token")
        if token is None:
            continue
        is_empty = token.node.value is None
        if is_empty or (isinstance(token.node.value, Mapping) and len(token.node.value) != 1):
            yield _diagnostic(
                "bad-token",
                "a token has one place",
                token.node.ref if is_empty else token.key_ref,
                "write `token: {env: NAME}` or `token: {file: PATH}`",
            )


def limit_diagnostics(root: Node) -> Iterator[Diagnostic]:
    """A limit is a share or a count."""
    for name, entry in _policy(root).items():
        if name not in POLICY_LIMITS:
            continue
        try:
            parse_limit(entry.node.value)
        except ValueError:
            yield _diagnostic(
                "unknown-value",
                f"`{name}` must be a share from 0% to 100%, or a whole number",
                entry.node.ref,
                f"write `{name}: 30%` or `{name}: 5`",
            )


def on_tighten_diagnostics(root: Node) -> Iterator[Diagnostic]:
    """New versions are made of families, which say so themselves."""
    entry = _policy(root).get("onTighten")
    if entry is not None and entry.node.value == WhenTightened.NEW_VERSION:
        yield _diagnostic(
            "unknown-value",
            "`onTighten` of the policy is about `licenses`, which have no next version",
            entry.node.ref,
            "declare the license below `families`, where new-version is the default; or write"
            " `in-place` or `refuse`",
        )


def rule_diagnostics(root: Node) -> Iterator[Diagnostic]:
    """A rule denies or warns, and its name is its own."""
    entry = _policy(root).get("rules")
    rules = entry.node.value if entry is not None else ()
    known: dict[object, SourceRef] = {}
    for rule in rules if isinstance(rules, tuple) else ():
        if not isinstance(rule.value, Mapping):
            continue
        name = rule.entries.get("name")
        if name is None:
            yield _diagnostic("missing-field", "the rule has no `name`", rule.ref, _RULE_HINT)
        elif isinstance(name.node.value, str):
            first = known.setdefault(name.node.value, name.node.ref)
            if first != name.node.ref:
                message = f"another rule has this name: {first}"
                hint = "refusals name the rule: give each a name of its own"
                yield _diagnostic("duplicate-rule", message, name.node.ref, hint)
        verbs = [rule.entries[each].key_ref for each in RuleVerb if each in rule.entries]
        if len(verbs) != 1:
            message = "a rule has either `deny` or `warn`"
            yield _diagnostic("bad-rule", message, verbs[-1] if verbs else rule.ref, _RULE_HINT)


RULES_OF_PROJECTS: tuple[ProjectRule, ...] = (
    version_diagnostics,
    presence_diagnostics,
    url_diagnostics,
    token_diagnostics,
    limit_diagnostics,
    on_tighten_diagnostics,
    order_diagnostics,
    rule_diagnostics,
)


def _targets(root: Node) -> Iterator[Entry]:
    targets = root.entries.get("targets")
    yield from targets.node.entries.values() if targets else ()


def _policy(root: Node) -> Mapping[str, Entry]:
    policy = root.entries.get("policy")
    return policy.node.entries if policy else {}


def _split(text: str) -> SplitResult | None:
    if not text.isascii() or any(character.isspace() for character in text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises if the port is not a number
    except ValueError:
        return None
    return parts


def _can_be_asked(parts: SplitResult) -> bool:
    """Whether host and port can be those of a server; what a request would refuse is refused here.

    Source: RFC 1035, section 2.3.4, and RFC 3986, section 3.2.2.
    """
    found = _HOST_AND_PORT.fullmatch(parts.netloc.rpartition("@")[2])
    if found is None or parts.port == 0:
        return False
    labels = (found["name"] or "").removesuffix(".").split(".")
    is_address = found["name"] is None or labels[-1].isdigit()
    try:
        if is_address:
            ip_address(found["address"] or found["name"])
    except ValueError:
        return False
    return is_address or all(_LABEL.fullmatch(label) for label in labels)


def _diagnostic(rule: str, message: str, ref: SourceRef, hint: str) -> Diagnostic:
    return Diagnostic(rule=rule, message=message, ref=ref, hint=hint)
