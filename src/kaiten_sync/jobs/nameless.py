"""Takes the names of instances and customers out of what is said where everybody can read it.

Instances are counted or numbered. What a server says in its own words is left out, since it may
name anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from kaiten_sync.errors import KaitenSyncError, PlanFileError, RefusedError
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.instance import INSTANCE, instance_address
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.outcome import ApplyResult, Outcome
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Journal
from kaiten_sync.plan import Proposal
from kaiten_sync.report.impact_words import without_names

_INSTANCE = r"(?<![\w/-])instance/[A-Za-z0-9._~-]*[A-Za-z0-9]"
_ONE = re.compile(_INSTANCE)
_INSTANCES = re.compile(rf"{_INSTANCE}(?:, {_INSTANCE})*(?: and ([0-9,]+) more)?")
"""Names in a row, and how many are not named, as `plan.words.some` writes them."""

_IN_PATH = re.compile(rf"(?<={INSTANCE.path}/)[^/?\s:]+")
_SAID = re.compile(
    r"(was refused: (?!401|403)\d{3}(?: [A-Z]\w*(?!\.BillingActive)\.\w+)?): .*?"
    r"(?= \(errorId [^()]*\)|$)",
    re.DOTALL,
)
"""A refusal with what the server says of it, as `ProblemError` writes them. Of a token it tells
which scope is missing, and of what is billed, the way out."""

_NUMBERED = re.compile(r"holder-[1-9][0-9]*")
_NOT_SHOWN = "(not shown: it may name customers)"


class Nameless(Immutable, frozen=True):
    """Writes texts and values without names.

    `numbers` are the holders that a plan moves or leaves, each with the address that is shown
    instead, and `owners` whose they are. Any other instance is only counted.
    """

    numbers: Mapping[Address, Address] = {}
    owners: Mapping[Address, str] = {}

    @classmethod
    def of(cls, plan: Plan) -> Nameless:
        """For all that is said of a plan: the holders have their places in the plan file."""
        stays = () if plan.migration is None else plan.migration.stays
        moved = [each for each in plan.changes if each.address.kind == INSTANCE.kind]
        found = dict.fromkeys([*(e.address for e in moved), *(e.address for e in stays)])
        return cls(
            {a: instance_address(f"holder-{n}") for n, a in enumerate(found, start=1)},
            {each.address: each.reason for each in moved if each.reason is not None},
        )

    def text(self, text: str) -> str:
        """A text for people."""
        paths = {each.slug: number.slug for each, number in self.numbers.items()}
        text = _IN_PATH.sub(lambda found: paths.get(found[0], "…"), _SAID.sub(r"\1", text))
        return _INSTANCES.sub(self._counted, text)

    def diagnostics(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """What is wrong with a plan."""
        return tuple(
            each.changed(
                message=self.text(each.message),
                hint=None if each.hint is None else self.text(each.hint),
                address=None if each.address is None else self.text(each.address),
            )
            for each in diagnostics
        )

    def error(self, error: KaitenSyncError) -> None:
        """Take the names out of an error. Its class and exit code stay."""
        error.message = self.text(error.message)
        error.hint = None if error.hint is None else self.text(error.hint)
        if isinstance(error, RefusedError | PlanFileError):
            error.diagnostics = self.diagnostics(error.diagnostics)

    def plan(self, plan: Plan) -> Plan:
        """A plan to be shown; a migration's own file has to name whom it moves."""
        if plan.migration is None:
            return plan
        stays = tuple(e.changed(address=self._number(e.address)) for e in plan.migration.stays)
        where = None if plan.migration.where is None else _NOT_SHOWN
        return plan.changed(
            changes=tuple(
                each.changed(address=self._number(each.address), reason=None)
                for each in plan.changes
            ),
            observed=tuple(e.changed(address=self._number(e.address)) for e in plan.observed),
            guards=plan.guards.changed(allowed=frozenset(map(self._number, plan.guards.allowed))),
            warnings=tuple(map(self.text, plan.warnings)),
            migration=plan.migration.changed(stays=stays, where=where),
        )

    def outcome(self, outcome: Outcome) -> Outcome:
        """How one change ended."""
        address = self._number(outcome.address)
        message = outcome.message
        if message is not None and outcome.address in self.owners:
            message = message.replace(self.owners[outcome.address], "of another customer")
        return outcome.changed(
            address=address,
            message=None if message is None else self.text(message),
        )

    def result(self, result: ApplyResult) -> ApplyResult:
        """How an apply ended."""
        lost = result.access_error
        return result.changed(
            outcomes=tuple(map(self.outcome, result.outcomes)),
            access_error=None if lost is None else self.text(lost),
            is_named=False,
        )

    @contextmanager
    def errors(self) -> Iterator[None]:
        """No error from inside names anybody."""
        try:
            yield
        except KaitenSyncError as error:
            self.error(error)
            raise

    def _number(self, address: Address) -> Address:
        return self.numbers.get(address, address)

    def _counted(self, found: re.Match[str]) -> str:
        names = [instance_address(each.partition("/")[2]) for each in _ONE.findall(found[0])]
        more = int((found[1] or "0").replace(",", ""))
        if more == 0 and all(_NUMBERED.fullmatch(each.slug) for each in names):
            return found[0]  # without names already
        if more == 0 and all(each in self.numbers for each in names):
            return ", ".join(str(self.numbers[each]) for each in names)
        count = len(names) + more
        return f"{count:,} {'instance' if count == 1 else 'instances'}"


class NamelessJournal(Immutable, frozen=True):
    """Records outcomes without names."""

    journal: Journal
    nameless: Nameless

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Hand on the outcomes."""
        self.journal.record([*map(self.nameless.outcome, outcomes)])


def unnamed(proposal: Proposal) -> Proposal:
    """The same without the names of instances and customers, to be shown.

    A plan that is refused is written nowhere, so its warnings may change.
    """
    nameless = Nameless.of(proposal.plan)
    plan = nameless.plan(proposal.plan)
    if proposal.refusals:
        plan = plan.changed(warnings=tuple(map(nameless.text, plan.warnings)))
    # As `holder 1`: in an impact, an instance is no address.
    holders = {a.slug: number.slug.replace("-", " ") for a, number in nameless.numbers.items()}
    return proposal.changed(
        plan=plan,
        diagnostics=nameless.diagnostics(proposal.diagnostics),
        impact=proposal.impact and without_names(proposal.impact, holders),
    )
