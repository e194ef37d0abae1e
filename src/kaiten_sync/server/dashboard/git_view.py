"""What git says of the catalog: the plan that the reconciler makes.

The server knows a function that makes it and the JSON that it returns, and nothing else of the
reconciler: the function is handed in by name, and its result is only shown.
"""

from __future__ import annotations

import importlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kaiten_sync.server.settings import PlanNotMadeError

log = logging.getLogger(__name__)

PlanMaker: TypeAlias = Callable[[], str]
"""Makes the plan and returns it as JSON. Raises `PlanNotMadeError`, whose text is shown."""

FRESH_MS = 30_000
"""How long a plan is shown before another one is made: making one reads the whole catalog, and
everybody who looks at the dashboard would start it."""

FAILURE_FRESH_MS = 3_000
"""How long it is shown why there is no plan: whoever mends the project looks again at once."""

AHEAD, DRIFTED = "git ahead", "drifted"
"""Marks of what differs: only git changed, or somebody changed the server (or who is not known)."""

_UNMANAGED, _AHEAD = "unmanaged", "git-ahead"
"""Classes of differences, as `drift` names them."""

_MAX_SHOWN = 4000
"""Characters of why a plan could not be made: a wrong catalog can have thousands of diagnostics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitPlan:
    """A plan as it was when it was made (ms since 1970), or why there is none.

    `declared` are the addresses that git declares, and `changes` what applying the plan would do,
    each with its `mark`.
    `differing` are the addresses that differ, with those of the licenses that hold them: `git
    ahead` if only git changed since the plan was agreed, or else `drifted`. `unmanaged` are those
    that nobody declares. `impact` is whom the plan affects, as the command writes it. `texts` are
    the places and the YAML of what is declared. `served` are the licenses that families which git
    declares serve now, with their family's slug, and `families` says what becomes of those that do
    not stay as they are.
    """

    made_at: int
    target: Mapping[str, str] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    differing: Mapping[str, str] = field(default_factory=dict)
    changes: Sequence[Mapping[str, Any]] = ()
    unmanaged: Sequence[str] = ()
    impact: Mapping[str, Any] | None = None
    warnings: Sequence[str] = ()
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    served: Mapping[str, str] = field(default_factory=dict)
    families: Sequence[Mapping[str, Any]] = ()
    problem: str | None = None

    def is_fresh(self, now_ms: int) -> bool:
        """Whether it is shown as it is: neither old nor newer than a clock that was set back."""
        kept_ms = FRESH_MS if self.problem is None else FAILURE_FRESH_MS
        return self.made_at <= now_ms < self.made_at + kept_ms

    def mark(self, address: str, family: str = "") -> str | None:
        """Whether an object is declared, and if so whether it differs; None if nobody can tell.

        Of a license that is a version of a declared family only the one that it serves is. The
        others are nobody's to declare.
        """
        declared = self.declared_as(address)
        if self.problem is not None:
            return None
        for each in (address, declared):
            if each in self.differing:
                return self.differing[each]
        if declared not in self.declared and f"family/{family}" in self.declared:
            return None
        return "declared" if declared in self.declared else "unmanaged"

    def place(self, address: str) -> str:
        """Where git declares an object, such as `catalog.yaml:7`; empty if it does not."""
        return self.texts.get(self.declared_as(address), {}).get("place", "")

    def yaml(self, address: str) -> str:
        """How git declares an object that is on the server as it is declared; else empty."""
        is_same = self.mark(address) == "declared"
        return self.texts.get(self.declared_as(address), {}).get("yaml", "") if is_same else ""

    def declared_as(self, address: str) -> str:
        """The address under which git declares an object of the server: that of its family."""
        kind, _, rest = address.partition("/")
        slug, slash, inner = rest.partition("/")
        family = self.served.get(slug) if kind == "license" else None
        return address if family is None else f"family/{family}{slash}{inner}"


def plan_maker(source: Sequence[str]) -> PlanMaker | None:
    """The function that `ServerSettings.plan_source` names; None if it is empty."""
    if not source:
        return None
    place, *arguments = source
    module, _, name = place.partition(":")
    function = getattr(importlib.import_module(module), name)
    return lambda: str(function(*arguments))


class GitView:
    """Has plans made, one at a time, beside the requests."""

    def __init__(self, make: PlanMaker, clock: Callable[[], int]) -> None:
        self._maker = make
        self._clock = clock
        self._lock = threading.Lock()
        self._made: GitPlan | None = None
        self._making: threading.Thread | None = None

    def latest(self, wait_s: float = 0) -> GitPlan | None:
        """The newest plan; another one is made meanwhile where it is old.

        Waits this long for that one. None if none was made so far.
        """
        making = self._begin()
        if making is not None and wait_s:
            making.join(wait_s)
        return self._made

    def _begin(self) -> threading.Thread | None:
        with self._lock:
            # One at a time: a plan reads the whole server, and several pages may be waiting for
            # it.
            if self._making is not None and self._making.is_alive():
                return self._making
            if self._made is not None and self._made.is_fresh(self._clock()):
                return None
            # A daemon: a plan that hangs on an unreachable server must not keep the process from
            # ending.
            self._making = threading.Thread(target=self._make, name="kaiten-plan", daemon=True)
            self._making.start()
            return self._making

    def _make(self) -> None:
        try:
            text = self._maker()
        except PlanNotMadeError as error:
            # Not logged: the project is wrong, and the page says so to whoever can mend it.
            problem = str(error).strip()[:_MAX_SHOWN]
            self._made = GitPlan(made_at=self._clock(), problem=problem)
        except Exception as error:
            # The end of a thread: nobody else would hear of it, and the page would wait for ever.
            log.exception("the plan could not be made")
            self._made = GitPlan(made_at=self._clock(), problem=repr(error)[:_MAX_SHOWN])
        else:
            self._made = _read(text, self._clock())


def _read(text: str, now_ms: int) -> GitPlan:
    try:
        plan = json.loads(text)
        differences = plan["drift"]["differences"]
        verdicts = {each["address"]: each["class"] for each in differences}
        return GitPlan(
            made_at=now_ms,
            target=plan["target"],
            declared=frozenset(plan["managed"]),
            differing=_differing(plan["changes"], verdicts),
            changes=[{**each, "mark": _mark(each, verdicts)} for each in plan["changes"]],
            unmanaged=[address for address, verdict in verdicts.items() if verdict == _UNMANAGED],
            impact=plan["impact"],
            warnings=plan["warnings"],
            texts=plan.get("declaredAt", {}),
            served={
                each["serves"]: each["address"].partition("/")[2]
                for each in plan.get("families", ())
                if "serves" in each
            },
            families=[each for each in plan.get("families", ()) if each["way"] != "nothing"],
        )
    # The project may be planned by another version of the program, whose plan has another form.
    except (ValueError, KeyError) as error:
        return GitPlan(made_at=now_ms, problem=f"the plan cannot be read: {error!r}")


def _differing(changes: Iterable[Mapping[str, Any]], verdicts: Mapping[str, str]) -> dict[str, str]:
    """Each address as it is declared; and for that of a grant, also that of what holds it."""
    found: dict[str, str] = {}
    for change in changes:
        address = change.get("declaredAs", change["address"])
        if "declaredAs" in change and address not in verdicts:
            continue  # The next version of a family has all its grants, of which only some differ.
        mark = _mark(change, verdicts)
        for each in (address, "/".join(address.split("/")[:2])):
            # A license is drifted if anything of it is.
            found[each] = mark if found.get(each, AHEAD) == AHEAD else DRIFTED
    return found


def _mark(change: Mapping[str, Any], verdicts: Mapping[str, str]) -> str:
    # What is not a difference itself follows from one, such as a default that is given away.
    verdict = verdicts.get(change.get("declaredAs", change["address"]), _AHEAD)
    return AHEAD if verdict == _AHEAD else DRIFTED
