"""Takes settings out of a tree one by one and collects what is wrong with them. Stage 1."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from kaiten_sync.declare.findings import did_you_mean
from kaiten_sync.declare.secrets import is_token, names_secret, secret_finding
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, Entry, Node
from kaiten_sync.model.source import SourceRef


class FieldReader:
    """Typed access to a document's values.

    Each method gives the value, or its default where there is none or it is wrong; then a
    finding says so. `secrets` are the places of credentials that must not be shown.
    """

    def __init__(self, document: Document) -> None:
        self.findings: list[Diagnostic] = []
        self.secrets: list[SourceRef] = []
        self._broken = document.broken

    def report(self, rule: str, message: str, ref: SourceRef, hint: str | None = None) -> None:
        """Add a finding, unless the value was reported when it was read."""
        if ref not in self._broken:
            self.findings.append(Diagnostic(rule=rule, message=message, ref=ref, hint=hint))

    def report_secret(self, ref: SourceRef) -> None:
        """Add a finding about a credential, and remember to hide it."""
        self.secrets.append(ref)
        self.findings.append(secret_finding(ref))

    def fields(self, node: Node, known: Collection[str], where: str) -> Mapping[str, Entry]:
        """The known entries of a map; unknown ones and other types are reported."""
        if not isinstance(node.value, Mapping):
            hint = "it has " + _listed(known) if known else None
            self.report("wrong-type", f"{where} must be a map", node.ref, hint)
            return {}
        for key, entry in node.value.items():
            if key not in known:
                self._report_unknown(key, entry, known, where)
        return {key: entry for key, entry in node.value.items() if key in known}

    def text(self, entry: Entry | None, where: str) -> str | None:
        """A text that is not empty."""
        if entry is None:
            return None
        value = entry.node.value
        if isinstance(value, str) and value.strip():
            return value
        self.report("wrong-type", f"{where} must be a text", entry.node.ref)
        return None

    def texts(self, entry: Entry | None, where: str) -> tuple[str, ...]:
        """A list of texts, or one text alone."""
        if entry is None:
            return ()
        return tuple(self._items(entry.node, where))

    def truth(self, entry: Entry | None, where: str) -> bool:
        """A boolean; false where there is none."""
        if entry is None:
            return False
        if isinstance(entry.node.value, bool):
            return entry.node.value
        self.report("wrong-type", f"{where} must be true or false", entry.node.ref)
        return False

    def _items(self, node: Node, where: str) -> Iterator[str]:
        items = node.value if isinstance(node.value, tuple) else (node,)
        for item in items:
            if isinstance(item.value, str) and item.value.strip():
                yield item.value
            else:
                self.report("wrong-type", f"{where} must be a list of texts", item.ref)

    def _report_unknown(self, key: str, entry: Entry, known: Collection[str], where: str) -> None:
        value = entry.node.value
        is_secret = isinstance(value, str) and (names_secret(key) or is_token(value))
        if is_secret:
            self.report_secret(entry.node.ref)
        hint = did_you_mean(key, known) or f"{where} has " + _listed(known)
        shown = "***" if is_token(key) else key
        self.report("unknown-field", f"unknown field '{shown}'", entry.key_ref, hint)


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
