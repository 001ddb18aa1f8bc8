"""What labels may name: the columns of the evidence with their values, and its outcomes."""

from collections.abc import Iterable, Mapping

from bayesmeta.evidence import Arms
from bayesmeta.labels import OUTCOME, Labels
from bayesmeta.model.coding import Coding


def check_labels(labels: Labels, arms: Arms, coding: Coding) -> None:
    """Raise if a label is of a column, level or outcome that the evidence does not have."""
    known = "table_outcomes" in arms.selection
    own = {name: values for name, values in labels.names.items() if known or name != OUTCOME}
    Labels(own).check(known_names(arms, coding))


def known_names(arms: Arms, coding: Coding | None) -> Mapping[str, Iterable[str]]:
    """Return the columns of the evidence that a label may name, each with its values."""
    found = {
        str(name): _values(arms, str(name))
        for name in arms.frame.columns
        if name not in ("events", "n")
    }
    if coding is not None:
        found |= {
            name: dict.fromkeys((*levels, *found.get(name, ())))
            for name, levels in coding.levels.items()
        }
    every = (*arms.outcomes, *arms.selection.get("table_outcomes", ()))
    return found | {OUTCOME: dict.fromkeys(str(one) for one in every if one)}


def _values(arms: Arms, column: str) -> dict[str, None]:
    """Return the values of a column, those of rows left out among them."""
    parts = [one[column].dropna() for one in (arms.frame, arms.excluded) if column in one.columns]
    return dict.fromkeys(str(value) for part in parts for value in part if str(value))
