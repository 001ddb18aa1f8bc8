"""Certainty in bands of the rate as a table and sentences, and as JSON; the judgement is blank."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.estimates.profiles import profile_label
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.report.document import Block, Items, Table
from bayesmeta.report.machine import records
from bayesmeta.rounding import error_text, percent, probability_text
from bayesmeta.sensitivity.certainty import RHO
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]

LEFT_OPEN = (
    "The judgement is left to people: risk of bias, indirectness and all else that no count shows."
)


def certainty_blocks(
    found: pd.DataFrame,
    coding: Coding,
    profile: Profile | None,
    words: Wording = PLAIN,
    *,
    required: float | None = None,
) -> Iterator[Block]:
    """Yield the probabilities of each band, and what they leave open."""
    where = words.text(profile_label(coding, profile))
    yield Table(
        f"Probability that the rate lies in each band ({where})",
        _cells(found, words, required),
    )
    yield Items(tuple(_notes(found, required)))


def _cells(found: pd.DataFrame, words: Wording, required: float | None) -> pd.DataFrame:
    rows = found.to_dict("records")
    cells = pd.DataFrame(
        {
            "band": [
                f"{words.rates.given(row['low'])} to {words.rates.given(row['high'])}"
                for row in rows
            ]
        }
    )
    for label, name in {"typical": "typical", "new study": "new_study"}.items():
        cells[label] = [_probability(row, name) for row in rows]
    if required is not None:
        cells["missing evidence"] = [_missing(row, required) for row in rows]
    cells["judgement"] = [str(row["judgement"]) for row in rows]
    return cells


def _probability(row: Row, name: str) -> str:
    return f"{probability_text(row[name])} (MCSE {error_text(row[f'mcse_{name}'], 4)})"


def _missing(row: Row, required: float) -> str:
    """Return where missing studies change the decision; only bands that end at 1 are asked about."""
    if row["high"] < 1 or row["low"] == 0:
        return ""
    point = row["missing_evidence"]
    unmet = "none" if row["new_study"] > required else "not met"
    told: str = unmet if pd.isna(point) else percent(point)
    return told if row["ok"] else f"{told} (NOT RELIABLE)"


def _notes(found: pd.DataFrame, required: float | None) -> Iterator[str]:
    yield "typical: the median study; new study: its true rate. MCSE: Monte-Carlo standard error."
    if required is not None:
        yield (
            f"missing evidence: P(published) of studies as small as the smallest at which P(new study in the band) crosses "
            f"{required:g}, with rho {RHO:g}; none: it does not, or Monte-Carlo error leaves it open; not met: it is no greater "
            "if all studies are published. `bayesmeta missing` shows more."
        )
    if not found["ok"].all():
        yield "NOT RELIABLE: a refit failed its diagnostics."
    yield LEFT_OPEN


def certainty_json(
    found: pd.DataFrame, coding: Coding, profile: Profile | None, *, required: float | None = None
) -> dict[str, Any]:
    """Return the bands; `missing_evidence` is null where there is no such point."""
    return {
        "profile": profile_label(coding, profile),
        "required": required,
        "rho": RHO,
        "bands": records(found),
    }
