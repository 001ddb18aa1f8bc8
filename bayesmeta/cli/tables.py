"""The evidence that a command names: tables of counts or of survival, and what is selected of them."""

from typing import TYPE_CHECKING, Any

from bayesmeta.cli.options import NOTHING_SELECTED, Notation, Selection, check_no_effect
from bayesmeta.errors import SettingsError

if TYPE_CHECKING:
    from bayesmeta.evidence import Arms, EvidenceTable, SurvivalArms, SurvivalTable
    from bayesmeta.labels import Labels
    from bayesmeta.model import ModelSpec


def table_of(evidence: str, notation: Notation, labels: "Labels | None" = None) -> "EvidenceTable":
    """Return a bundled table by its name, or else that of a file, with labels of levels and outcomes."""
    from bayesmeta.evidence.table import labelled

    check_no_effect("--time-unit", notation.get("time_unit"), "on counts of responders")
    table: EvidenceTable = _table(evidence, notation)
    return table if labels is None else labelled(table, labels)


def survival_table_of(
    evidence: str, notation: Notation, labels: "Labels | None" = None
) -> "SurvivalTable":
    """Return the survival of a bundled table by its name, or else of a file, with labels."""
    from bayesmeta.evidence.table import labelled

    check_no_effect("--rate", notation.get("rate"), "on survival")
    table: SurvivalTable = _table(evidence, notation, survival=True)
    return table if labels is None else labelled(table, labels)


def _table(evidence: str, notation: Notation, *, survival: bool = False) -> Any:
    from bayesmeta.evidence.named_tables import is_file, table_of as named_table

    if notation and not is_file(evidence):
        several = len(notation) > 1
        verb, what, all_of = (
            ("have", "they describe", "them") if several else ("has", "it describes", "it")
        )
        raise SettingsError(
            f"{', '.join(f'`{name}`' for name in notation)} {verb} no effect on the bundled table '{evidence}', since {what} "
            f"the format of a file. Leave {all_of} out."
        )
    return named_table(evidence, "evidence", survival=survival, **notation)


def arms_of(
    spec: "ModelSpec",
    evidence: str,
    notation: Notation,
    selection: Selection,
    labels: "Labels | None" = None,
) -> "Arms":
    """Return the arms that a model is fitted to: of survival, those of a table of survival."""
    if spec.curve is None:
        return table_of(evidence, notation, labels).select(**selection)
    return survival_selected(survival_table_of(evidence, notation, labels), selection)


_OF_COUNTS = ("outcomes", "by_definition", "strata", "unknown_sizes")
"""Arguments of a selection that tables of survival have not."""


def survival_selected(
    table: "SurvivalTable", selection: Selection, where: str = "on survival"
) -> "SurvivalArms":
    """Return the arms of a table of survival that options select."""
    for name in _OF_COUNTS:
        given = None if selection[name] == NOTHING_SELECTED[name] else selection[name]
        check_no_effect(f"--{name.replace('_', '-')}", given, where)
    own = {name: value for name, value in selection.items() if name not in _OF_COUNTS}
    return table.select(**own)
