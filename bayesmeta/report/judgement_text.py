"""The share of information by judgement of the risk of bias, as tables of a report."""

from collections.abc import Iterator

import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.judged_information import information_by_judgement
from bayesmeta.evidence.judged import judged_studies
from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.report.document import Block, Table, Text
from bayesmeta.report.fit_results import FitResults
from bayesmeta.rounding import PERCENT, error_text

CAPTION = "Share of information by judgement"

MEANING = (
    "Information: the share of studies of each overall judgement in the weights 1 / (variance between studies + "
    "sampling variance), which sum to 100%. It says how far the result rests on them, not how large their bias is."
)


def judgement_blocks(results: FitResults) -> Iterator[Block]:
    """Yield the share of each outcome, or why there is none; nothing without judgements."""
    judgements = results.options.judgements
    if judgements is None:
        return
    if results.of_survival:
        yield Text("The share of information by judgement is not available for survival yet.")
        return
    try:
        tables = [
            (outcome, information_by_judgement(results.fit, judgements, outcome=outcome or None))
            for outcome in results.names
        ]
    except SettingsError as error:
        yield Text(f"{CAPTION} ({judgements.tool}): {error}")
        return
    for outcome, found in tables:
        caption = f"{CAPTION} ({judgements.tool})"
        yield Table(results.words.labels.about(outcome, caption), _cells(found), sortable=False)
    yield Text(" ".join(filter(None, (MEANING, _note(results, judgements)))))


def _cells(found: pd.DataFrame) -> pd.DataFrame:
    rows = found.to_dict("records")
    return pd.DataFrame(
        {
            "overall judgement": found["judgement"],
            "studies": found["studies"],
            "patients": found["patients"],
            "information": [PERCENT.text(row["information"], 1) for row in rows],
            "MCSE (points)": [error_text(100 * row["mcse_information"], 2) for row in rows],
        }
    )


def _note(results: FitResults, judgements: RiskOfBias) -> str:
    return judged_studies(results.fit.arms, judgements).note()
