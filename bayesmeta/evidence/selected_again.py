"""The selection behind arms, made again from another table that is read as the first one was."""

from collections.abc import Iterator, Mapping
from typing import Any

from bayesmeta.errors import EvidenceError, SettingsError, listed
from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.columns import OUTCOME
from bayesmeta.evidence.matching import matching
from bayesmeta.evidence.named_tables import AnyTable, is_file, table_of
from bayesmeta.evidence.sources import WORKBOOKS, Source
from bayesmeta.evidence.survival.arms import SurvivalArms
from bayesmeta.evidence.survival.table import SurvivalTable
from bayesmeta.evidence.table import labelled_where_known
from bayesmeta.labels import Labels

MATCHED = "condition: not "
"""How rules begin by which `matching` leaves rows out."""

CHOICES = ("where", "parts", "derivations", "overlaps", "include", "mixed")
CHOICES_OF_COUNTS = (*CHOICES, "strata", "unknown_sizes")
"""Arguments of a selection that its arms keep by their own names."""


def read_again(
    source: AnyTable | Source, arms: Arms, given: Mapping[str, Any] | None = None
) -> AnyTable:
    """Return a table that is read as that of `arms` was, but for what is `given`.

    A table that is there stays as it is; the name of a bundled one is that of its table.
    """
    survival = isinstance(arms, SurvivalArms)
    kept = dict(arms.selection.get("reading") or {})
    if not (is_file(source) and str(source).casefold().endswith(WORKBOOKS)):
        # The first table may have been a sheet of a workbook.
        kept.pop("sheet", None)
    own = kept | dict(given or {})
    if given and isinstance(source, str) and not is_file(source):
        raise SettingsError(
            f"`{next(iter(given))}` has no effect on the bundled table '{source}'. Leave it out."
        )
    return table_of(source, "evidence", survival=survival, **own)


def selected_again(table: AnyTable, arms: Arms) -> Arms:
    """Return what the selection behind `arms` takes from another table, with the same labels.

    Raises
    ------
    EvidenceError
        If the arms keep no selection, it takes nothing from the table, or only one of both names its
        outcomes.
    """
    selection = arms.selection
    if "table_hash" not in selection:
        raise EvidenceError(
            "The arms of the fit keep no selection that could be made again. Make them by read_evidence(...).select(...)."
        )
    _check_named(table, selection)
    labels = Labels(selection.get("labels") or {})
    found = _selected(labelled_where_known(table, labels), selection)
    if len(arms.outcomes) == 1:
        found = found.of(arms.outcomes[0])
    for condition in conditions_met(arms):
        found = matching(found, condition)
    return found


def _check_named(table: AnyTable, selection: Mapping[str, Any]) -> None:
    """Raise if one of the tables names its outcomes and the other does not."""
    asked = [str(one) for one in selection.get("outcomes") or [selection["outcome"]]]
    named = (table.frame[OUTCOME] != "").any()
    if any(asked) and not named:
        raise EvidenceError(
            f"{table.name} names no outcome, and the fit is of {listed(map(repr, asked))}. Add a column '{OUTCOME}' that names "
            "it in each row."
        )
    if named and not any(asked):
        raise EvidenceError(
            f"{table.name} names its outcomes, and the evidence of the fit named none. Keep the rows of its outcome, and "
            f"leave the column '{OUTCOME}' out."
        )


def _selected(table: AnyTable, selection: Mapping[str, Any]) -> Arms:
    columns = selection.get("columns") or {}
    if isinstance(table, SurvivalTable):
        asked = {name: selection[name] for name in CHOICES if name in selection}
        return table.select(outcome=selection["outcome"], **asked, **columns)
    asked = {name: selection[name] for name in CHOICES_OF_COUNTS if name in selection}
    if not selection.get("outcomes"):
        return table.select(outcome=selection["outcome"], **asked, **columns)
    nested = {"outcomes": selection["outcomes"], "by_definition": selection.get("by_definition")}
    return table.select(**nested, **asked, **columns)


def conditions_met(arms: Arms) -> Iterator[str]:
    """Yield the conditions by which `matching` left arms out."""
    rules = arms.excluded["rule"].astype(str) if "rule" in arms.excluded else ()
    for rule in dict.fromkeys(rules):
        if rule.startswith(MATCHED):
            yield rule.removeprefix(MATCHED)
