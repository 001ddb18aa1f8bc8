"""Options that several commands share, and how every command ends."""

import inspect
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from bayesmeta.cli.notes import telling
from bayesmeta.errors import BayesmetaError

if TYPE_CHECKING:
    from bayesmeta.evidence import EvidenceTable

__all__ = [
    "BAD_INPUT",
    "BUNDLED",
    "DIAGNOSTICS_FAILED",
    "INTERRUPTED",
    "NOTHING_SELECTED",
    "OK",
    "AsJson",
    "Cohort",
    "Force",
    "Interval",
    "Out",
    "Profiles",
    "Selection",
    "Units",
    "add_command",
    "exits",
    "selecting",
    "table_of",
]

OK, DIAGNOSTICS_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3
BUNDLED = "rr_aml_venetoclax"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Cohort = Annotated[int, typer.Option(help="Patients of the new cohort.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a saved run.")]
Interval = Annotated[float, typer.Option("--ci", help="Probability of the intervals.")]
Out = Annotated[Path, typer.Option(help="Folder for the run.")]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        help="covariate=value; once per covariate. What is left out is at its reference or centre.",
    ),
]
Units = Annotated[
    list[str] | None,
    typer.Option(
        "--per", help="covariate=unit, such as age=10: print its odds ratio per this, too."
    ),
]

Selection = Mapping[str, Any]
"""What `selecting` hands to a command: arguments of `EvidenceTable.select`."""

_SELECTION: dict[str, tuple[Any, Any]] = {
    "outcome": (
        str | None,
        typer.Option(None, help="Outcome; may be left out where the table has one."),
    ),
    "where": (
        str | None,
        typer.Option(None, help="Condition, such as \"venetoclax == 'yes' and n >= 20\"."),
    ),
    "parts": (
        Literal["parts", "whole"],
        typer.Option("parts", help="Of an arm and its parts, which."),
    ),
    "strata": (str | None, typer.Option(None, help="Take the levels of this stratum as rows.")),
    "derivations": (
        str | None,
        typer.Option(None, help="Keep counts had in these ways, joined by commas."),
    ),
    "overlaps": (
        Literal["resolve", "keep"],
        typer.Option("resolve", help="Cohorts that may share patients: one of them, or all."),
    ),
    "include": (
        Literal["default", "all"],
        typer.Option("default", help="Leave out studies marked 'no', or keep all."),
    ),
    "mixed": (bool, typer.Option(False, "--mixed", help="Keep counts of mixed populations.")),
}
"""Arguments of `EvidenceTable.select` as options."""


_ARGUMENTS = {
    "ci": "ci_prob",
    "at_least": "events_at_least",
    "at_most": "events_at_most",
    "joint": "event",
}
"""Options, as commands receive them, whose argument in Python has another name."""

NOTHING_SELECTED = {name: option.default for name, (_, option) in _SELECTION.items()}
"""The selection of a command to which no option of it was given."""


def add_command(
    app: typer.Typer, command: Callable[..., NoReturn], name: str | None = None
) -> None:
    """Add a command, listed with the whole first line of its docstring."""
    # Of help that is not given as such, typer shows 45 characters.
    app.command(name, short_help=(command.__doc__ or "").partition("\n")[0])(command)


def selecting(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of a selection; it gets them as one argument, `selection`."""
    own = inspect.signature(command)
    kept = [item for name, item in own.parameters.items() if name != "selection"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind)
        for name, (kind, option) in _SELECTION.items()
    ]

    @wraps(command)
    def with_selection(**options: Any) -> int:
        selection = {name: options.pop(name) for name in _SELECTION}
        if selection["derivations"] is not None:
            selection["derivations"] = [way.strip() for way in selection["derivations"].split(",")]
        return command(selection=selection, **options)

    merged = [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in (*kept, *added)]
    # Typer reads a command's options off its signature and annotations.
    with_selection.__signature__ = own.replace(parameters=merged)  # type: ignore[attr-defined]
    with_selection.__annotations__ = {item.name: item.annotation for item in merged}
    return with_selection


def exits(command: Callable[..., int]) -> Callable[..., NoReturn]:
    """Return the command leaving with its exit code, and errors told in one line."""

    @wraps(command)
    def leaving(*arguments: Any, **options: Any) -> NoReturn:
        try:
            with telling():
                code = command(*arguments, **options)
        except BayesmetaError as error:
            print(f"Error: {_as_typed(str(error), options)}", file=sys.stderr)
            code = BAD_INPUT
        except KeyboardInterrupt:
            print("\nInterrupted; nothing was left half written.", file=sys.stderr)
            code = INTERRUPTED
        raise typer.Exit(code)

    return leaving


def _as_typed(message: str, options: Mapping[str, Any]) -> str:
    """Return a message about an argument with the option by which the command takes it."""
    for option, argument in _ARGUMENTS.items():
        if option in options:
            message = message.replace(f"`{argument}`", f"`--{option.replace('_', '-')}`")
    return message


def table_of(evidence: str) -> "EvidenceTable":
    """Return a bundled table by its name, or else a CSV file's."""
    from bayesmeta.evidence import load_evidence, read_evidence

    is_file = "." in evidence or "/" in evidence or Path(evidence).exists()
    return read_evidence(evidence) if is_file else load_evidence(evidence)
