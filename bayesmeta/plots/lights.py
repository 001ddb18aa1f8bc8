"""Traffic lights: the judgements of the risk of bias of studies beside their rows in a forest plot.

The letters are those of robvis (McGuinness & Higgins 2021, doi:10.1002/jrsm.1411), so that a light reads
in print and without colour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesmeta.estimates.forest_table import ARM
from bayesmeta.evidence.judged import Judged, judged_studies
from bayesmeta.evidence.risk_of_bias import NO_INFORMATION, TOOLS, V2_LOW, RiskOfBias
from bayesmeta.inference.result import Fit
from bayesmeta.plots.pages import Key, Sign
from bayesmeta.plots.rows import GAP, Column
from bayesmeta.plots.style import INK

GREEN, YELLOW, ORANGE, DARK, GREY = "#009e73", "#f0e442", "#d55e00", "#5c1a00", "#d9d9d9"
"""Colours of Okabe & Ito, and a darker and a grey one."""

MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"

BETWEEN = 0.08
"""Distance of lights in inches."""

_GOOD, _MIDDLE, _BAD = Sign("+", GREEN, "white"), Sign(MINUS, YELLOW), Sign(TIMES, ORANGE)
_OPEN = Sign("?", GREY)

SIGNS: Mapping[str, Sign] = {
    "Low": _GOOD,
    V2_LOW: Sign("+", "white", GREEN, GREEN),
    "Some concerns": _MIDDLE,
    "Moderate": _MIDDLE,
    "High": _BAD,
    "Serious": _BAD,
    "Critical": Sign("!", DARK, "white"),
    NO_INFORMATION: _OPEN,
    "Yes": _GOOD,
    "No": _BAD,
    "Unclear": _OPEN,
    "Not applicable": Sign("NA", "white", INK),
    "Include": _GOOD,
    "Exclude": _BAD,
    "Seek further info": _OPEN,
}
"""The light of each label; numbers of stars stand for themselves."""

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Lights:
    """What judgements add to a forest plot; nothing where there are none."""

    columns: Sequence[Column]
    keys: Sequence[Key]
    notes: Sequence[str]
    table: pd.DataFrame
    """The table of the plot, with a column for each domain and for the overall judgement."""


def lights_of(fit: Fit, table: pd.DataFrame, judgements: RiskOfBias | None) -> Lights:
    """Return the lights of the studies in the table of a forest plot."""
    if judgements is None:
        return Lights((), (), (), table.copy())
    judged = judged_studies(fit.arms, judgements, table.loc[table["kind"] == ARM, "study"])
    labels = {name: [_label(row, name, judged) for row in _rows(table)] for name in judged.columns}
    return Lights(
        list(_columns(table, judged)),
        _keys(judged),
        _notes(table, judged),
        table.assign(**labels),
    )


def _columns(table: pd.DataFrame, judged: Judged) -> Iterator[Column]:
    """Yield the lights of each domain and overall; of several arms, at the study's first in a group."""
    arms = table["kind"] == ARM
    first = arms & ~table[arms].duplicated(["group", "study"]).reindex(table.index, fill_value=True)
    for name in judged.columns:
        labels = [
            _label(row, name, judged) if is_first else ""
            for row, is_first in zip(_rows(table), first, strict=True)
        ]
        gap = GAP if name == judged.columns[0] else BETWEEN
        yield Column(name, (), signs=[_sign(label) for label in labels], gap=gap)


def _keys(judged: Judged) -> list[Key]:
    """Return the tool with its version, and what each light means."""
    head = f"Risk of bias by {judged.tool}"
    signs = [(label, SIGNS[label]) for label in judged.labels if label in SIGNS]
    if not signs:
        return [Key({}, f"{head}: number of stars", starts=True)]
    keys = [Key({"linestyle": "none"}, label, sign=sign) for label, sign in signs]
    return [Key({}, f"{head}:", starts=True), *keys]


def _notes(table: pd.DataFrame, judged: Judged) -> list[str]:
    """Return what the domains are, and which studies have no judgement."""
    arms = table[table["kind"] == ARM]
    several = arms[arms["study"].isin(judged.of_study)].duplicated(["group", "study"]).any()
    once = "The judgements of a study stand at the first of its arms in a group." if several else ""
    return [_about_domains(judged), " ".join(filter(None, (once, judged.note())))]


def _about_domains(judged: Judged) -> str:
    topics = TOOLS[judged.tool].topics
    if len(topics) != len(judged.domains):
        last = judged.domains[-1]
        return (
            f"D1 to {last}: the {'items of the checklist' if not topics else 'domains'} in order."
        )
    return f"{'; '.join(f'{name} {topic}' for name, topic in zip(judged.domains, topics, strict=True))}."


def _rows(table: pd.DataFrame) -> list[Row]:
    return table[["kind", "study"]].to_dict("records")  # type: ignore[return-value]


def _label(row: Row, name: str, judged: Judged) -> str:
    """Return the judgement of the study of an arm; blank of other rows, and where there is none."""
    if row["kind"] != ARM:
        return ""
    return judged.of_study.get(str(row["study"]), {}).get(name, "")


def _sign(label: str) -> Sign | None:
    if not label:
        return None
    return SIGNS.get(label) or Sign(label, "white")
