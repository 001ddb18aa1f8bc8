"""The header of a table: which names it needs, what it may be called elsewhere, where it may stand."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bayesmeta.errors import listed, nearest
from bayesmeta.evidence.columns import EVENTS, REQUIRED
from bayesmeta.evidence.findings import Finding
from bayesmeta.spelling import folded

_OTHER_NAMES = {
    "study": "studlab study_id study_name slab trial trial_id author authors first_author reference publication source id name",
    "events": "event xi r x y k cases responders response responses responded successes number_of_responders events_n n_events ai count",
    "n": "ni total patients sample_size size nobs trials evaluable n_evaluable denominator participants subjects n_total number_of_patients number",
}
"""What other programs and tables call the needed columns, the likeliest first."""

_LIKELY = {wanted: list(map(folded, names.split())) for wanted, names in _OTHER_NAMES.items()}

_PERCENTAGES = ("percent", "pct", "%", "rate", "proportion")
"""What names of columns of percentages hold."""

_LONGEST = 40
"""Characters of the longest name of a column that is looked at."""


def broken_header(header: Sequence[str]) -> list[Finding]:
    """Return the broken rules of the names of columns."""
    blank = [str(i) for i, column in enumerate(header, start=1) if not column]
    twice = sorted(name for name, count in Counter(header).items() if name and count > 1)
    found = []
    if blank:
        text = f"every column needs a name; not so column {listed(blank)}"
        found.append(Finding("column", (), text, "Give it one, or drop the column."))
    if twice:
        text = f"column names must differ; {listed(twice)} occurs more than once"
        found.append(Finding("column", (), text, "Rename one of them."))
    return found


def missing_columns(columns: Iterable[str], rate: str | None = None) -> list[Finding]:
    """Return which needed columns are not there, and which are likely to be them."""
    there = list(columns)
    needed = [name for name in REQUIRED if rate is None or name != EVENTS]
    missing = [column for column in needed if column not in there]
    if not missing:
        return []
    likely = [f"{wanted}={own}" for wanted, own in _likely(there).items()]
    # In another language none is likely; what to do is the same.
    such = " and ".join(likely) or f"{missing[0]}=NAME"
    hint = (
        f" Name {'them' if likely else 'those that have other names'} by `columns`, such as {such}."
    )
    text = ", ".join(f"column '{column}' is missing" for column in missing)
    found = nearest(missing[0], there, label="Found").removesuffix(".")
    remedy = (
        f"An evidence table needs the columns study, events and n.{hint}{_of_rates(there)}"
        f"{_of_survival(there)}"
    )
    return [Finding("column", (), f"{text}. {found}", remedy)]


def _of_rates(there: Sequence[str]) -> str:
    """Return a hint at a column that seems to hold percentages, where there is no count."""
    own = [name for name in there if any(word in name.casefold() for word in _PERCENTAGES)]
    if EVENTS in there or EVENTS in _likely(there) or not own:
        return ""
    return f" If '{own[0]}' holds percentages, name it by `rate`."


def _of_survival(there: Sequence[str]) -> str:
    """Return a hint at a table that seems to hold survival, where there is no count."""
    if EVENTS in there or not {"median", "survival"} & set(there):
        return ""
    return (
        " If it is of survival, read it by `read_survival`; on the command line, by a model of survival or by "
        "`evidence check --kind survival`."
    )


def header_below(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the position of the row that looks like the header, where the first row does not."""
    if len(_recognised(rows[0])) == len(REQUIRED):
        return None
    known = [len(_recognised(cells)) == len(REQUIRED) for cells in rows]
    return known.index(True) if any(known) else None


def _recognised(cells: Sequence[str]) -> set[str]:
    return {wanted for wanted in REQUIRED if wanted in cells} | set(_likely(cells))


def _likely(there: Sequence[str]) -> dict[str, str]:
    """Return the column that is likeliest to be each needed one that is not there."""
    found = {}
    named = [column for column in there if column not in REQUIRED and len(column) <= _LONGEST]
    free = {folded(column): column for column in reversed(named)}
    for wanted in REQUIRED:
        if wanted in there:
            continue
        for name in (folded(wanted), *_LIKELY[wanted]):
            if name in free:
                found[wanted] = free.pop(name)
                break
    return found
