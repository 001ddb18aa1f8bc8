"""What is found in a table: rules that it breaks, and rows that are probably not what they seem."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesmeta.errors import EvidenceError, EvidenceWarning, counted, issue_warning, listed


@dataclass(frozen=True)
class Finding:
    """Something found in a table or in the arms of an analysis.

    `EvidenceTable.findings` and `Arms.findings` hold what is not an error: names that are spelt in two
    ways, rows that look like totals, patients who may be counted twice, contradictions.

    Parameters
    ----------
    kind : str
        What it is about, such as ``"spelling"``, ``"total"``, ``"same patients"``, ``"missing"`` or
        ``"contradiction"``; of an error, what the rule is about.
    rows : tuple of str
        Every row concerned: its place in the table, or the label of its arm.
    text : str
        What was found and where, as a sentence without its full stop.
    remedy : str
        What to do about it.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"study": ["Lee 2019", "lee 2019"], "events": [3, 7], "n": [20, 30]})
    >>> for finding in bm.read_evidence(rows).findings:
    ...     print(finding)
    `study`: 'Lee 2019' (row 1) and 'lee 2019' (row 2) differ only in case. Spell them alike, or rename
    one if they are two.
    """

    kind: str
    rows: tuple[str, ...]
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.text}. {self.remedy}"


def check_none(name: str, broken: Sequence[Finding]) -> None:
    """Raise if there is a broken rule, naming each; the error's `findings` hold them, too."""
    if not broken:
        return
    text = f"{name}: {broken[0]}"
    if len(broken) > 1:
        head = f"{name}: {counted(len(broken), 'rule')} are broken."
        text = "\n- ".join([head, *map(str, broken)])
    error = EvidenceError(text)
    error.findings = tuple(broken)
    raise error


def warn_of(name: str, findings: Iterable[Finding]) -> None:
    """Warn of each finding."""
    for finding in findings:
        issue_warning(f"{name}: {finding}", EvidenceWarning)


def place_of(rows: Sequence[str]) -> str:
    """Return where a name stands: its row, or the first of several."""
    return rows[0] if len(rows) == 1 else f"{rows[0]} and {len(rows) - 1} more"


Cell = tuple[str, object]
"""The place of a row and what stands there."""


def broken(kind: str, rule: str, cells: Sequence[Cell], remedy: str) -> list[Finding]:
    """Return what to tell of a rule that these cells break; nothing if there is none."""
    if not cells:
        return []
    offenders = listed(f"{place}: {quoted(value)}" for place, value in cells)
    return [
        Finding(kind, tuple(place for place, _ in cells), f"{rule}; not so in {offenders}", remedy)
    ]


def where(column: "pd.Series", rule: Callable[[Any], bool]) -> list[Cell]:
    """Return place and value of the cells for which `rule` holds."""
    return [(str(place), value) for place, value in column.items() if rule(value)]


def quoted(value: Any) -> str:
    """Return a cell as a message shows it."""
    if not pd.api.types.is_scalar(value):
        return f"'{value}'"
    return "blank" if value is None or value == "" or pd.isna(value) else f"'{value}'"
