"""Options that several commands share, and how every command ends."""

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from typer.models import ArgumentInfo

from bayesmeta.cli.commands import Command as Described
from bayesmeta.cli.notes import telling
from bayesmeta.cli.wording import as_typed, names_of
from bayesmeta.errors import BayesmetaError, SettingsError
from bayesmeta.paths import expanded

if TYPE_CHECKING:
    from bayesmeta.evidence import EvidenceTable
    from bayesmeta.labels import Labels

__all__ = [
    "BAD_INPUT",
    "BUNDLED",
    "DEFAULT_SEED",
    "DIAGNOSTICS_FAILED",
    "INTERRUPTED",
    "NOTHING_SELECTED",
    "OK",
    "AsJson",
    "Cohort",
    "Evidence",
    "FailOn",
    "Force",
    "Interval",
    "LabelFile",
    "Notation",
    "Out",
    "Profiles",
    "RatesPer",
    "Seed",
    "Selection",
    "Units",
    "add_command",
    "exits",
    "labelled_table",
    "reading",
    "selecting",
    "table_of",
]

OK, DIAGNOSTICS_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3
BUNDLED = "rr_aml_venetoclax"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
Cohort = Annotated[int, typer.Option("--n", help="Number of patients in the new cohort.")]
Evidence = Annotated[str, typer.Option(help="Name of a bundled table, or a CSV file.")]
FailOn = Annotated[
    Literal["diagnostics"] | None,
    typer.Option(help="Exit with code 1 on warnings of the diagnostics, too."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a saved run.")]
Interval = Annotated[float, typer.Option("--ci", help="Probability of the intervals.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of the new run.")]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        help="covariate=value; may be repeated. Other covariates stand at their reference or centre.",
    ),
]
Units = Annotated[
    list[str] | None,
    typer.Option(
        "--per", help="covariate=unit, such as age=10: also print the odds ratio per unit."
    ),
]

Seed = Annotated[int, typer.Option(help="Random seed. The same seed gives the same result.")]
DEFAULT_SEED = 1
"""The seed of every command that draws, where none is given."""
RatesPer = Annotated[
    int,
    typer.Option("--rates-per", help="Denominator of rates: 100 (percent), 1000, 10000 or 100000."),
]
LabelFile = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help="Labels of levels and outcomes: a TOML file with [labels.COLUMN], or CSV (column, value, label).",
    ),
]

Selection = Mapping[str, Any]
"""What `selecting` hands to a command: arguments of `EvidenceTable.select`."""

Notation = Mapping[str, Any]
"""What `reading` hands to a command: arguments of `read_evidence`, as far as given."""

_SELECTION: dict[str, tuple[Any, Any]] = {
    "outcome": (
        str | None,
        typer.Option(None, help="Outcome. Not needed if the table has only one."),
    ),
    "where": (
        str | None,
        typer.Option(
            None,
            help="Condition on rows, such as \"venetoclax == 'yes' and n >= 20\". A missing value satisfies no comparison; "
            'use "age is missing" or "age is not missing".',
        ),
    ),
    "parts": (
        Literal["parts", "whole"],
        typer.Option("parts", help="Use the parts of an arm, or the whole arm."),
    ),
    "strata": (str | None, typer.Option(None, help="Use the levels of this stratum as rows.")),
    "derivations": (
        str | None,
        typer.Option(None, help="Derivations of counts to keep, separated by commas."),
    ),
    "overlaps": (
        Literal["resolve", "keep"],
        typer.Option("resolve", help="Of cohorts that may share patients, keep one or all."),
    ),
    "include": (
        Literal["default", "all"],
        typer.Option("default", help="Exclude studies marked 'no', or keep all."),
    ),
    "mixed": (bool, typer.Option(False, "--mixed", help="Keep counts of mixed populations.")),
}
"""Arguments of `EvidenceTable.select` as options."""


_READING: dict[str, tuple[Any, Any]] = {
    "column": (
        list[str] | None,
        typer.Option(None, help="Column with another name, such as events=xi; may be repeated."),
    ),
    "missing": (
        str | None,
        typer.Option(
            None,
            help="Codes of missing values, separated by commas. Default: NR,ND,n/a,-. Blank cells and NA are always "
            "missing.",
        ),
    ),
    "text": (
        str | None,
        typer.Option(
            None,
            help="Covariates to read as text although they look like numbers, separated by commas.",
        ),
    ),
    "decimal": (
        Literal[".", ","] | None,
        typer.Option(None, help="Decimal mark of covariates. Detected by default."),
    ),
}
"""Arguments of `read_evidence` as options."""


NOTHING_SELECTED = {name: option.default for name, (_, option) in _SELECTION.items()}
"""The selection of a command to which no option of it was given."""


Command = Callable[..., int]


def add_command(
    app: typer.Typer, command: Callable[..., NoReturn], name: str | None = None
) -> None:
    """Add a command, listed with the whole first line of its docstring."""
    # Usage and messages call an argument by one name; else usage would write {run}.
    for each, parameter in inspect.signature(command).parameters.items():
        for info in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(info, ArgumentInfo):
                info.metavar = each.upper()
    # Of help that is not given as such, typer shows 45 characters.
    app.command(name, cls=Described, short_help=(command.__doc__ or "").partition("\n")[0])(command)


def selecting(command: Command) -> Command:
    """Give a command the options of a selection; it gets them as one argument, `selection`."""
    return _with_options(command, "selection", _SELECTION, _selection_of)


def reading(command: Command) -> Command:
    """Give a command the options of reading a table; it gets them as one argument, `notation`."""
    return _with_options(command, "notation", _READING, _notation_of)


def _with_options(
    command: Command,
    argument: str,
    options: Mapping[str, tuple[Any, Any]],
    parsed: Callable[[dict[str, Any]], Mapping[str, Any]],
) -> Command:
    """Give a command further options, which it gets as one argument."""
    own = inspect.signature(command)
    kept = [item for name, item in own.parameters.items() if name != argument]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind)
        for name, (kind, option) in options.items()
    ]

    @wraps(command)
    def with_options(**given: Any) -> int:
        found = {name: given.pop(name) for name in options}
        return command(**given, **{argument: parsed(found)})

    merged = [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in (*kept, *added)]
    # Typer reads a command's options off its signature and annotations.
    with_options.__signature__ = own.replace(parameters=merged)  # type: ignore[attr-defined]
    with_options.__annotations__ = {item.name: item.annotation for item in merged}
    return with_options


def _selection_of(options: dict[str, Any]) -> Selection:
    derivations = options["derivations"]
    return options | {"derivations": None if derivations is None else _words(derivations)}


def _notation_of(options: dict[str, Any]) -> Notation:
    given: dict[str, Any] = {
        name: _words(options[name]) for name in ("missing", "text") if options[name] is not None
    }
    if options["column"]:
        given = {"columns": dict(map(_renaming, options["column"]))} | given
    return given if options["decimal"] is None else given | {"decimal": options["decimal"]}


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _renaming(text: str) -> tuple[str, str]:
    wanted, sign, own = text.partition("=")
    if not (wanted.strip() and sign and own.strip()):
        raise SettingsError(f"`--column` must be written events=xi; got '{text}'.")
    return wanted.strip(), own.strip()


def exits(command: Callable[..., int]) -> Callable[..., NoReturn]:
    """Return the command exiting with its code, errors printed in one line."""

    @wraps(command)
    def leaving(*arguments: Any, **options: Any) -> NoReturn:
        found = {name: _expanded(value) for name, value in options.items()}
        try:
            with telling():
                code = command(*arguments, **found)
        except BayesmetaError as error:
            message = as_typed(str(error), names_of(command))
            code = _failed(message, f"Error: {message}", BAD_INPUT, options)
        except KeyboardInterrupt as error:
            message = str(error) or "Interrupted; nothing was left half written."
            code = _failed(message, f"\n{message}", INTERRUPTED, options)
        raise typer.Exit(code)

    return leaving


def _expanded(value: Any) -> Any:
    """Return a path with the user's folder for ~, which no shell replaces within --out=~/run."""
    return expanded(value) if isinstance(value, Path) else value


def _failed(message: str, line: str, code: int, options: Mapping[str, Any]) -> int:
    """Tell why a command failed, as JSON too where that is asked for; return its exit code."""
    if options.get("as_json"):
        print(json.dumps({"error": message}, indent=2, ensure_ascii=False))
    print(line, file=sys.stderr)
    return code


def table_of(evidence: str, notation: Notation) -> "EvidenceTable":
    """Return a bundled table by its name, or else a CSV file's."""
    from bayesmeta.evidence import load_evidence, read_evidence

    if "." in evidence or "/" in evidence or Path(evidence).exists():
        return read_evidence(evidence, **notation)
    if notation:
        raise SettingsError(
            f"{', '.join(f'`{name}`' for name in notation)} have no effect on the bundled table '{evidence}', since they "
            "say how a file is written. Leave them out."
        )
    return load_evidence(evidence)


def labelled_table(evidence: str, notation: Notation, labels: "Labels") -> "EvidenceTable":
    """Return a table as `table_of` does, with labels of its levels and outcomes."""
    from bayesmeta.evidence.table import labelled

    return labelled(table_of(evidence, notation), labels)
