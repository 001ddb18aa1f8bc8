"""The rules an evidence table keeps, and the messages that name where it does not."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from unicodedata import normalize

import pandas as pd

from bayesmeta.errors import listed
from bayesmeta.evidence.bookkeeping import broken_bookkeeping, with_ranks
from bayesmeta.evidence.columns import (
    ALWAYS_TEXT,
    ARM,
    COUNTS,
    DERIVATION,
    EVENTS,
    KEY,
    OUTCOME,
    OVERLAP_RANK,
    PERCENT,
    REQUIRED,
    STRATUM,
    STUDY,
    N,
    labels_of,
)
from bayesmeta.evidence.findings import Finding, broken, check_none, where
from bayesmeta.evidence.headers import missing_columns
from bayesmeta.evidence.rates import with_rates
from bayesmeta.evidence.repeats import named_totals
from bayesmeta.evidence.strata import is_stratum, stratum_levels
from bayesmeta.evidence.values import LARGEST_COUNT, Notation, blank_column, column_of, count_of


def checked(
    cells: pd.DataFrame, name: str, notation: Notation, broken_shape: Sequence[Finding] = ()
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return `cells` with typed columns, and what was found that is not an error.

    `broken_shape` holds rules that the source breaks as a file; they are told with the others.
    """
    named = notation.named(cells, name)
    missing = missing_columns(map(str, named.columns), notation.rate)
    whole, rated, several = with_rates(_whole(named), name, notation)
    frame, counts = _with_counts(with_names(whole), notation, stated=DERIVATION in named.columns)
    frame, ranks = with_ranks(frame, notation)
    bookkeeping = broken_bookkeeping(frame)
    names = broken_names(frame)
    rules = [*names, *rated, *counts, *_within(frame), *_repeats(frame), *bookkeeping, *ranks]
    frame, numbers, words = with_types(frame, notation, (*COUNTS, OVERLAP_RANK), ALWAYS_TEXT)
    absent = set(REQUIRED) - set(named.columns) - ({EVENTS} if notation.rate else set())
    told = beside_missing(absent, [*rules, *numbers])
    check_none(name, [*broken_shape, *missing, *told])
    check_none(name, named_totals(frame))
    return frame, (*several, *words)


def beside_missing(
    absent: Collection[str], rules: Iterable[Finding], naming: Collection[str] = (STUDY,)
) -> list[Finding]:
    """Return the rules that are not broken only because columns are not there.

    Without a column of `naming`, rows cannot be told apart.
    """
    alike = any(column in naming for column in absent)
    return [
        one
        for one in rules
        if not (alike and one.kind in ("repeat", "label"))
        and not any(f"`{column}`" in one.text for column in absent)
    ]


def _whole(named: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with every needed column, so that rules of the others can be told."""
    absent = [column for column in REQUIRED if column not in named.columns]
    return named.assign(**dict.fromkeys(absent, blank_column(named)))


def with_names(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with every column that names a row, as text."""
    frame = cells.copy()
    for column in (ARM, STRATUM, OUTCOME):
        if column not in frame.columns:
            frame[column] = None
        frame[column] = [str(value) if value is not None else "" for value in frame[column]]
    names = [None if value is None else str(value) for value in frame[STUDY]]
    frame[STUDY] = pd.Series(names, index=frame.index, dtype=object)
    return frame


def broken_names(frame: pd.DataFrame) -> list[Finding]:
    """Return the broken rules of names of studies, outcomes and strata."""
    named, outcomes = frame[STUDY].fillna(""), frame[OUTCOME]
    rules = (
        (
            "`study` must not be blank",
            where(named, lambda value: value == ""),
            "Give every row the name of its study.",
        ),
        (
            "names must be written in one way (Unicode NFC), or one study becomes two",
            where(named, lambda value: normalize("NFC", value) != value),
            "Retype the name, or normalise the file.",
        ),
        (
            "names must be text that can be encoded in UTF-8",
            where(named + frame[ARM], lambda value: not _writable(value)),
            "Retype the name.",
        ),
        (
            f"`{OUTCOME}` must be given in every row or in none",
            where(outcomes, lambda value: not value) if outcomes.ne("").any() else [],
            "Name the outcome of each row.",
        ),
        (
            f"`{STRATUM}` must be written covariate=level, terms joined by ';'",
            where(frame[STRATUM], lambda value: not is_stratum(value)),
            "Write for instance tp53=mut; leave it blank for a whole arm.",
        ),
    )
    return [found for rule in rules for found in broken("name", *rule)]


def _writable(text: str) -> bool:
    """Return whether a name has neither NUL nor half of a character."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def _with_counts(
    frame: pd.DataFrame, notation: Notation, *, stated: bool
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows with counts as numbers, missing where they state none, and the broken rules.

    `stated`: whether the table itself says how each count was derived.
    """
    found = []
    for column in COUNTS:
        asked = frame[_asked_for_events(frame, notation)] if column == EVENTS else frame
        missing = where(asked[column], notation.is_missing)
        # Evidence that says how each count was derived may keep rows whose source prints none.
        if not stated:
            found += broken(
                "count",
                f"`{column}` must not be missing",
                missing,
                "Fill in the count, or drop the row.",
            )
    for column in COUNTS:
        found += broken(
            "count",
            f"`{column}` must be a whole number from 0 to {LARGEST_COUNT:,}, without signs or separators",
            where(frame[column], lambda value: _states_no_count(value, notation)),
            "Correct the count; enter responders and patients, not percentages.",
        )
    values = {
        column: pd.array([count_of(value, notation) for value in frame[column]], dtype="Int64")
        for column in COUNTS
    }
    return frame.assign(**values), found


def _asked_for_events(frame: pd.DataFrame, notation: Notation) -> "pd.Series[bool]":
    """Return which rows must have a count of responders."""
    # A level of a stratum may give its size alone; of a percentage, `with_rates` tells.
    found = ~frame[STRATUM].map(_is_level)
    return found if notation.rate is None else found & frame[PERCENT].isna()


def _is_level(stratum: str) -> bool:
    """Return whether a row is of a level of a stratum, and so of a part of its arm."""
    return is_stratum(stratum) and bool(stratum_levels(stratum))


def _states_no_count(value: object, notation: Notation) -> bool:
    return not notation.is_missing(value) and count_of(value, notation) is None


def _within(frame: pd.DataFrame) -> list[Finding]:
    above = frame[(frame[EVENTS] > frame[N]).fillna(value=False)]
    cells = [
        (f"{place} ({label})", f"{events} of {n}")
        for place, label, events, n in zip(
            above.index,
            labels_of(above.assign(**{STRATUM: ""})),
            above[EVENTS],
            above[N],
            strict=True,
        )
    ]
    return broken(
        "count", "`events` must lie between 0 and `n`", cells, "Correct the counts or drop the row."
    )


def _repeats(frame: pd.DataFrame) -> list[Finding]:
    """Return rows of one arm and outcome, and rows of two arms that would have one label."""
    again = frame.duplicated(list(KEY), keep=False)
    cells = [
        (str(place), ", ".join(f"{column} {row[column]}" for column in KEY if row[column]))
        for place, row in frame[again].iterrows()
    ]
    found = broken(
        "repeat",
        "each study, arm, stratum and outcome must occur once",
        cells,
        "Drop the repeated row, or tell the rows apart in column `arm`.",
    )
    return [*found, *_labels(frame[~again])]


def _labels(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the labels that arms of one outcome share: a/b is arm b of a, and study a/b."""
    labelled = frame[[OUTCOME]].assign(label=labels_of(frame))
    alike = labelled[labelled.duplicated(keep=False)]
    for label, rows in alike.groupby("label", sort=False).groups.items():
        places = tuple(map(str, rows))
        text = f"Arm labels must be unique; {label} occurs again ({listed(places)})"
        yield Finding("label", places, text, "Rename the arms.")


def with_types(
    frame: pd.DataFrame, notation: Notation, numeric: Collection[str], text: Collection[str]
) -> tuple[pd.DataFrame, list[Finding], list[Finding]]:
    """Return the rows with typed covariates, broken rules of numbers, and words taken as missing.

    Columns of `numeric` have been read already; those of `text` are names.
    """
    typed, broken_numbers, words = {}, [], []
    for column in map(str, frame.columns):
        if column in numeric:
            continue
        if column in text:
            # Columns of names are blank where they say nothing; a covariate is missing.
            filled = ["" if value is None else str(value) for value in frame[column]]
            typed[column] = pd.Series(filled, index=frame.index, dtype="str")
            continue
        typed[column], found, taken = column_of(frame[column], notation)
        broken_numbers += found
        words += taken
    return frame.assign(**typed), broken_numbers, words
