"""Headers of tables: which columns are needed, and by which names others call them."""

from collections.abc import Iterable, Iterator, Sequence

from bayesmeta.errors import nearest
from bayesmeta.evidence.columns import REQUIRED
from bayesmeta.evidence.findings import Finding
from bayesmeta.spelling import folded

__all__ = ["header_below", "missing_columns"]

_OTHER_NAMES = {
    "study": "studlab study_id study_name slab trial trial_id author authors first_author reference publication source id name",
    "events": "event xi r x y k cases responders response responses responded successes number_of_responders events_n n_events ai count",
    "n": "ni total patients sample_size size nobs trials evaluable n_evaluable denominator participants subjects n_total number_of_patients number",
}
"""What other programs and tables call the needed columns, the likeliest first."""

_LIKELY = {wanted: list(map(folded, names.split())) for wanted, names in _OTHER_NAMES.items()}

_LONGEST = 40
"""Characters of the longest name of a column that is looked at."""

_FURTHEST = 20
"""Lines among which the header is looked for."""


def missing_columns(columns: Iterable[str]) -> list[Finding]:
    """Return which needed columns are not there, and which are likely to be them."""
    there = list(columns)
    missing = [column for column in REQUIRED if column not in there]
    if not missing:
        return []
    likely = [f"{wanted}={own}" for wanted, own in _likely(there).items()]
    hint = f" Name them by `columns`, such as {' and '.join(likely)}." if likely else ""
    text = ", ".join(f"column '{column}' is missing" for column in missing)
    found = nearest(missing[0], there, label="Found").removesuffix(".")
    return [
        Finding(
            "column",
            (),
            f"{text}. {found}",
            f"An evidence table needs the columns study, events and n.{hint}",
        )
    ]


def header_below(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the position of the row that looks like the header, where the first row does not."""
    if len(_recognised(rows[0])) == len(REQUIRED):
        return None
    found = (
        place
        for place, cells in enumerate(rows[:_FURTHEST])
        if len(_recognised(cells)) == len(REQUIRED)
    )
    return next(found, None)


def _recognised(cells: Sequence[str]) -> set[str]:
    return {wanted for wanted in REQUIRED if wanted in cells} | set(_likely(cells))


def _likely(there: Sequence[str]) -> dict[str, str]:
    """Return the column that is likely to be each needed one that is not there."""
    return dict(_matches(there))


def _matches(there: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the needed columns that are not there, each with the likeliest of the others."""
    named = [column for column in there if column not in REQUIRED and len(column) <= _LONGEST]
    free = {folded(column): column for column in reversed(named)}
    for wanted in REQUIRED:
        if wanted in there:
            continue
        own = next(
            (free.pop(name) for name in [folded(wanted), *_LIKELY[wanted]] if name in free), None
        )
        if own is not None:
            yield wanted, own
