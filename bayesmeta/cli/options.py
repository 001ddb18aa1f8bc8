"""Options that several commands share."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bayesmeta.bundled import all_models, evidence_names
from bayesmeta.errors import SettingsError

BUNDLED = "rr_aml_venetoclax"
DEFAULT_SEED = 1
"""The seed of every command that draws, where none is given."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
Cohort = Annotated[int, typer.Option("--n", help="Number of patients in the new cohort.")]
Evidence = Annotated[
    str,
    typer.Option(
        help="Name of a bundled table, or a file (CSV, .xlsx, .parquet).",
        autocompletion=evidence_names,
    ),
]
FailOn = Annotated[
    Literal["diagnostics"] | None,
    typer.Option(help="Exit with code 1 on warnings of the diagnostics, too."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a saved run.")]
Interval = Annotated[float, typer.Option("--ci", help="Probability of the intervals.")]
LabelFile = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help="Labels of levels and outcomes: a TOML file with [labels.COLUMN], or CSV (column, value, label).",
    ),
]
Model = Annotated[
    str,
    typer.Argument(
        help="A model file (.toml), or a bundled model by name.", autocompletion=all_models
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of the new run.")]
Outcome = Annotated[str | None, typer.Option(help="Which outcome, of a run of several.")]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        help="covariate=value; may be repeated. Other covariates are at their reference level or centre.",
    ),
]
RatesPer = Annotated[
    int,
    typer.Option("--rates-per", help="Denominator of rates: 100 (percent), 1000, 10000 or 100000."),
]
ReplaceTables = Annotated[
    bool, typer.Option("--force", help="Replace tables of the same names in --out.")
]
Seed = Annotated[int, typer.Option(help="Random seed. The same seed gives the same result.")]
TablesOut = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder for tables (.csv) and figures. Created if needed."),
]
Time = Annotated[float | None, typer.Option("--time", help="Of survival: at this time, in months.")]
Times = Annotated[
    list[float] | None,
    typer.Option("--time", help="Of survival: months at which it is told. May be repeated."),
]
Units = Annotated[
    list[str] | None,
    typer.Option(
        "--per", help="covariate=unit, such as age=10: also print the odds ratio per unit."
    ),
]
Selection = Mapping[str, Any]
"""Arguments of `EvidenceTable.select`."""

Notation = Mapping[str, Any]
"""Arguments of `read_evidence`, as far as given."""


def taking[T](
    **groups: Callable[..., Any],
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a command groups of options: each reaches it as one argument, made by a function of them.

    In the help, the options stand last; those of a keyword-only argument, where it stands.
    """

    def taken(command: Callable[..., T]) -> Callable[..., T]:
        own = inspect.signature(command)
        options = {name: _keyword_only(group) for name, group in groups.items()}
        placed: list[inspect.Parameter] = []
        last: list[inspect.Parameter] = []
        for name, item in own.parameters.items():
            here = placed if name not in groups or item.kind == item.KEYWORD_ONLY else last
            here += options.get(name, [item])
        merged = [*placed, *last]

        @wraps(command)
        def with_options(**given: Any) -> T:
            made = {
                name: group(**{each.name: given.pop(each.name) for each in options[name]})
                for name, group in groups.items()
            }
            return command(**given, **made)

        # Typer reads a command's options off its signature and annotations.
        with_options.__signature__ = own.replace(parameters=merged)  # type: ignore[attr-defined]
        with_options.__annotations__ = {item.name: item.annotation for item in merged}
        return with_options

    return taken


def _keyword_only(group: Callable[..., Any]) -> list[inspect.Parameter]:
    taken = inspect.signature(group).parameters.values()
    return [one.replace(kind=one.KEYWORD_ONLY) for one in taken]


def check_no_effect(option: str, value: object, where: str) -> None:
    """Raise if an option was given where it does nothing."""
    if value is not None:
        raise SettingsError(f"`{option}` has no effect {where}. Leave it out.")


def _selection(
    outcome: Annotated[
        str | None, typer.Option(help="Outcome. Not needed if the table has only one.")
    ] = None,
    outcomes: Annotated[
        str | None,
        typer.Option(
            help="Nested outcomes for one joint model, outermost first, such as ORR,CR_CRi,CR."
        ),
    ] = None,
    by_definition: Annotated[
        Literal["missing", "keep"] | None,
        typer.Option(
            help="With --outcomes: treat counts that follow from an arm's definition as missing, or keep them. "
            "Default: missing."
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            help="Condition on rows, such as \"venetoclax == 'yes' and n >= 20\". A missing value satisfies no comparison; "
            'use "age is missing" or "age is not missing".',
        ),
    ] = None,
    parts: Annotated[
        Literal["parts", "whole"] | None,
        typer.Option(
            help="Use the parts of an arm, or the whole arm. Default: the parts; of survival, the whole."
        ),
    ] = None,
    strata: Annotated[
        str | None, typer.Option(help="Divide arms by the levels of this stratum.")
    ] = None,
    unknown_sizes: Annotated[
        Literal["drop", "keep"],
        typer.Option(
            help="With --strata: leave out totals over levels of unknown sizes, or keep them."
        ),
    ] = "drop",
    derivations: Annotated[
        str | None, typer.Option(help="Derivations of counts to keep, separated by commas.")
    ] = None,
    overlaps: Annotated[
        Literal["resolve", "keep"],
        typer.Option(help="Of cohorts that may share patients, keep one or all."),
    ] = "resolve",
    include: Annotated[
        Literal["default", "all"],
        typer.Option(help="Exclude studies marked 'no', or keep all."),
    ] = "default",
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Keep counts of mixed populations.")
    ] = False,
) -> Selection:
    """Return the arguments of `EvidenceTable.select`."""
    if outcomes is None:
        check_no_effect("--by-definition", by_definition, "without `--outcomes`")
    return {
        "outcome": outcome,
        "outcomes": words_of(outcomes),
        "by_definition": by_definition,
        "where": where,
        **({} if parts is None else {"parts": parts}),
        "strata": strata,
        "unknown_sizes": unknown_sizes,
        "derivations": words_of(derivations),
        "overlaps": overlaps,
        "include": include,
        "mixed": mixed,
    }


def _notation(
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            "--columns",
            help="Columns with other names, such as events=xi,n=ni or responders=events; may be repeated.",
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            help="Column of percentages, as printed, from which counts are derived where events are blank."
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(
            help="Sheet of a workbook. Default: the only visible one with a column of studies."
        ),
    ] = None,
    missing: Annotated[
        str | None,
        typer.Option(
            help="Codes of missing values, separated by commas. Default: NR,ND,n/a,-. Blank cells and NA are always "
            "missing.",
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="Covariates to read as text although they look like numbers, separated by commas.",
        ),
    ] = None,
    decimal: Annotated[
        Literal[".", ","] | None,
        typer.Option(help="Decimal mark of covariates. Detected by default."),
    ] = None,
    time_unit: Annotated[
        Literal["days", "weeks", "months", "years"] | None,
        typer.Option(help="Of survival: unit of time, if no column names it."),
    ] = None,
) -> Notation:
    """Return the arguments of `read_evidence` or `read_survival`, as far as given."""
    found = {
        "columns": _renamings(column) if column else None,
        "rate": rate,
        "sheet": sheet,
        "missing": words_of(missing),
        "text": words_of(text),
        "decimal": decimal,
        "time_unit": time_unit,
    }
    return {name: value for name, value in found.items() if value is not None}


def words_of(text: str | None) -> list[str] | None:
    """Return the words of an option, which commas separate; None where it is not given."""
    return None if text is None else [word.strip() for word in text.split(",")]


def _renamings(texts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        # A name may hold a comma, where it stands alone.
        terms = text.split(",")
        found |= dict(map(_renaming, terms if all("=" in term for term in terms) else [text]))
    return found


def _renaming(text: str) -> tuple[str, str]:
    wanted, sign, own = text.partition("=")
    if not (wanted.strip() and sign and own.strip()):
        raise SettingsError(f"`--column` must be written events=xi; got '{text}'.")
    return wanted.strip(), own.strip()


selecting, reading = taking(selection=_selection), taking(notation=_notation)
"""Give a command the options of a selection, or of reading a table, as one argument."""

NOTHING_SELECTED = _selection()
"""The selection of a command to which no option of it was given."""
