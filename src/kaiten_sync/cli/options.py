"""Options that several commands share, each spelled and explained once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from itertools import pairwise
from typing import Any, TypeVar, cast

import click

from kaiten_sync.cli.completion import FILE, PathWord, complete_address, complete_target
from kaiten_sync.cli.next_command import note_present
from kaiten_sync.cli.whole_number import WholeNumber
from kaiten_sync.cli.word import TOKEN, WORD, ChoiceWord
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.reading import MOST_CONNECTIONS
from kaiten_sync.report import formats as report_formats
from kaiten_sync.report.formats import Formats

_FORMAT_NAMES = frozenset().union(*report_formats.DOCUMENTS.values())
_Function = TypeVar("_Function", bound=Callable[..., Any])


class CatalogChoice(Immutable, frozen=True, kw_only=True):
    """What the catalog options say."""

    files: tuple[str, ...]
    project: str | None


class ServerChoice(Immutable, frozen=True, kw_only=True):
    """What the target options say; None if they say nothing."""

    target: str | None
    base_url: str | None
    auth_token: str | None
    generation: str | None
    allow_http: bool
    max_requests_per_minute: int | None
    connections: int | None = None

    def __repr__(self) -> str:
        return f"ServerChoice(target={self.target!r}, base_url={self.base_url!r})"


NO_SERVER = ServerChoice(
    target=None,
    base_url=None,
    auth_token=None,
    generation=None,
    allow_http=False,
    max_requests_per_minute=None,
)
"""For commands that work without one."""


class PolicyChoice(Immutable, frozen=True, kw_only=True):
    """What the policy options say; None if they say nothing."""

    prune: str | None
    max_deletes: str | None
    max_updates: str | None
    previous: str | None
    allow: tuple[str, ...]
    moved: bool = False


class RevertChoice(Immutable, frozen=True, kw_only=True):
    """What the options say that a revert may do; None if they say nothing."""

    max_updates: str | None = None
    allow: tuple[str, ...] = ()


NO_EXCEPTIONS = RevertChoice()
"""For commands that revert nothing."""


class OutputPath(PathWord):
    """A file or a folder to write to. It is checked before anything is read or sent."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what cannot be written, and what was meant for another option."""
        from pathlib import Path

        from kaiten_sync.bootstrap import check_output

        super().convert(value, param, ctx)
        if value == "-":  # as for a folder, which has been refused by now
            self.fail("name a file: this is not written to standard output", param, ctx)
        # A path loses its last slash, and a file would get the name of the folder that was meant.
        if value.endswith("/") and not self._is_folder:
            self.fail(f"'{value}' is a folder: name a file in it", param, ctx)
        # `-o json` is what other tools call the format.
        if value in _FORMAT_NAMES:
            self.fail(
                f"did you mean --format {value}? A file of that name is ./{value}", param, ctx
            )
        if self._is_folder and not value.isprintable():  # it is written into a project file
            self.fail("the folder's name is not text", param, ctx)
        # Now and not when it is written: a plan takes minutes, and would be lost.
        check_output(Path(value), is_folder=self._is_folder)
        return value


OUTPUT_FILE = OutputPath()
OUTPUT_FOLDER = OutputPath(is_folder=True)


def catalog_options(function: _Function) -> _Function:
    """Where the declaration is; arrives as `declaration`, a `CatalogChoice`."""
    return _all(
        _gather(function, "declaration", CatalogChoice),
        click.option(
            "-f",
            "--file",
            "files",
            multiple=True,
            type=FILE,
            metavar="PATH",
            help="Catalog file, folder or glob; may be repeated. Instead of the project file's.",
        ),
        project_option,
    )


def project_option(function: _Function) -> _Function:
    """Where the project file is."""
    return click.option(
        "--project",
        type=FILE,
        metavar="FILE",
        callback=note_present,
        help="Project file. Default: kaiten-sync.yaml here or in a folder above.",
    )(function)


def target_options(function: _Function) -> _Function:
    """Which server, and how to reach it; arrives as `server`, a `ServerChoice`."""
    return _all(
        _gather(function, "server", ServerChoice),
        click.option(
            "-t",
            "--target",
            type=WORD,
            metavar="NAME",
            shell_complete=complete_target,
            help="Target from the project file.",
        ),
        click.option(
            "--base-url", type=WORD, metavar="URL", help="Server URL. Environment: KAITEN_BASE_URL."
        ),
        click.option(
            "--auth-token",
            type=TOKEN,
            metavar="TOKEN",
            help="Token. Better through the environment (KAITEN_AUTH_TOKEN): others on this"
            " machine can read command lines.",
        ),
        click.option(
            "--generation",
            type=ChoiceWord(["auto", "getting-started", "current"]),
            default=None,
            help="API generation of the server; auto: ask the server when it matters. Default:"
            " `generation` of the target, or else auto.",
        ),
        click.option(
            "--allow-http",
            is_flag=True,
            help="Allow plain http to a host that is not this machine.",
        ),
        click.option(
            "--max-requests-per-minute",
            type=WholeNumber(min=1, max=999_999_999),
            metavar="N",
            help="Stay below a server's rate limit."
            " Environment: KAITEN_SYNC_MAX_REQUESTS_PER_MINUTE.",
        ),
        click.option(
            "--connections",
            type=WholeNumber(min=1, max=MOST_CONNECTIONS),
            metavar="N",
            help="Requests to send side by side. Default: 8. Environment: KAITEN_SYNC_CONNECTIONS.",
        ),
    )


def committed_plan_option(function: _Function) -> _Function:
    """The third side of drift."""
    return click.option(
        "--plan",
        type=FILE,
        metavar="FILE",
        help="The target's committed plan: a file, REV:PATH in git, or `none`."
        " Default: plans/TARGET.plan.json beside the project file.",
    )(function)


def prune_option(function: _Function) -> _Function:
    """What a plan deletes."""
    return click.option(
        "--prune",
        type=ChoiceWord(["never", "owned", "all"]),
        help="Delete live objects in scope that are not declared: those that the previous"
        " plan managed (owned), all, or none. Default: `prune` of the project file, or else owned.",
    )(function)


def allow_option(function: _Function) -> _Function:
    """The objects whose protection a person lifts."""
    return click.option(
        "--allow",
        multiple=True,
        metavar="ADDRESS",
        shell_complete=complete_address,
        help="Lift the protection of this one object, for this plan; may be repeated.",
    )(function)


def max_updates_option(function: _Function) -> _Function:
    """How much of a kind a plan may update."""
    return click.option(
        "--max-updates",
        metavar="SHARE",
        help="Maximum updates per kind: a share of the live objects (30%), or a count."
        " Default: `maxUpdates` of the project file, or else 30%.",
    )(function)


def revert_options(function: _Function) -> _Function:
    """What a revert may do; arrives as `limits`, a `RevertChoice`."""
    return _all(
        _gather(function, "limits", RevertChoice),
        allow_option,
        max_updates_option,
    )


def policy_options(function: _Function) -> _Function:
    """What a plan may do; arrives as `limits`, a `PolicyChoice`."""
    return _all(
        _gather(function, "limits", PolicyChoice),
        prune_option,
        click.option(
            "--previous",
            type=FILE,
            metavar="FILE",
            help="The target's plan before this one, from which ownership comes: a file,"
            " REV:PATH in git, or `none`. Default: the file that -o replaces, or else"
            " plans/TARGET.plan.json beside the project file.",
        ),
        click.option(
            "--moved",
            is_flag=True,
            help="With --previous: the server of that plan is this one, at another URL.",
        ),
        allow_option,
        click.option(
            "--max-deletes",
            metavar="SHARE",
            help="Maximum deletes per kind: a share of the live objects (30%), or a count."
            " Default: `maxDeletes` of the project file, or else 30%.",
        ),
        max_updates_option,
    )


def format_option(formats: Formats[Any]) -> Callable[[_Function], _Function]:
    """How the result is written to standard output: the name of one of a document's formats."""
    return click.option(
        "--format",
        "output_format",
        type=ChoiceWord(list(formats)),
        default="text",
        show_default=True,
        help="Format of the result on standard output.",
    )


def detailed_exitcode_option(function: _Function) -> _Function:
    """Terraform users' habit."""
    return click.option(
        "--detailed-exitcode", is_flag=True, help="Exit with 2 if there are differences."
    )(function)


def chosen_format(args: Sequence[str]) -> str:
    """The format a command line asks for, also when the rest of it is wrong."""
    # From the words themselves, since click has parsed nothing if it could not parse all.
    words = [word for arg in args for word in arg.split("=", 1)]
    named = [value for option, value in pairwise(words) if option == "--format"]
    return named[-1] if named else "text"  # of several, the last one counts


def _gather(function: _Function, name: str, choice: type[Immutable]) -> _Function:
    """Hand a group of options over as one value."""
    names = choice.__struct_fields__

    # click reads the options that the decorators before this one have left on the function.
    @wraps(function)
    def gathered(**options: Any) -> Any:
        chosen = choice(**{each: options.pop(each) for each in names})
        return function(**options, **{name: chosen})

    return cast("_Function", gathered)


def _all(function: _Function, *decorators: Callable[[Any], Any]) -> _Function:
    # Reversed, as with decorators that are written one below the other: the help lists them in
    # this order.
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
