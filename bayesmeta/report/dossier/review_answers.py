"""What answers items on risk of bias, missing results and certainty, where a result was given."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.evidence.judged import judged_studies
from bayesmeta.evidence.risk_of_bias import OVERALL, STUDY, TOOLS
from bayesmeta.report.bias_text import bias_sentence, judged_sentence
from bayesmeta.report.certainty_text import LEFT_OPEN
from bayesmeta.report.dossier.answering import Found, NotApplicable, NotGiven, Number
from bayesmeta.report.dossier.fit_answers import FIT_ANSWERS
from bayesmeta.report.dossier.review_facts import ReviewFacts
from bayesmeta.report.selection_text import (
    assumed_text,
    limit_sentence,
    tipping_sentence,
    without_results_sentence,
)
from bayesmeta.rounding import probability_text

Row = Mapping[Hashable, Any]

COPAS = "Copas and Shi 2000, doi:10.1093/biostatistics/1.3.247"
RATES = ("typical", "typical_lower", "typical_upper", "new_study")


def risk_of_bias_tool(facts: ReviewFacts) -> Found:
    """Return the tool by which studies were judged."""
    judgements = facts.given.judgements
    if judgements is None:
        return NotGiven()
    topics = TOOLS[judgements.tool].topics
    named = f": {', '.join(topics)}" if len(topics) == len(judgements.domains) else ""
    text = f"Tool {judgements.tool}, with {counted(len(judgements.domains), 'domain')}{named}; and an overall judgement of each study."
    return facts.tables.answer(text, "risk_of_bias", *_overall(facts))


def risk_of_bias(facts: ReviewFacts) -> Found:
    """Return the overall judgements of the studies."""
    judgements = facts.given.judgements
    if judgements is None:
        return NotGiven()
    judged = judged_studies(facts.fit.arms, judgements)
    counts = facts.tables.frames["risk_of_bias"][OVERALL].value_counts()
    told = ", ".join(f"{label} {counts[label]}" for label in judged.labels if label in counts)
    text = f"Overall, by {judged.tool}: {told or 'no study'}. {judged.note()}".rstrip()
    return facts.tables.answer(
        f"{text} The file has the judgement of each domain.", "risk_of_bias", *_overall(facts)
    )


def _overall(facts: ReviewFacts) -> list[Number]:
    return [
        facts.tables.number(str(study), "risk_of_bias", OVERALL, **{STUDY: study})
        for study in facts.tables.frames["risk_of_bias"][STUDY]
    ]


def bias_models(facts: ReviewFacts) -> Found:
    """Return the rates under models of the risk of bias."""
    found = facts.given.bias
    if found is None:
        return NotGiven()
    rows: list[Row] = [{"model": model} for model in found.table["model"]]
    moved = bias_sentence(found, facts.words) or "No model of bias could be fitted."
    text = f"{judged_sentence(found)} {moved} {_warning(ok=found.ok)}".rstrip()
    return facts.tables.answer(text, "bias_models", *_numbers(facts, "bias_models", rows))


def missing_method(facts: ReviewFacts) -> Found:
    """Return how bias due to missing results was looked at."""
    found = facts.given.selection
    if found is None:
        return NotGiven()
    rows = _assumed(found.table)
    tried = dict.fromkeys(f"{assumed_text(row)}, rho {row['rho']:g}" for row in rows)
    text = (
        f"Selection model by size and rate ({COPAS}), fitted again under each assumption: P(published) from the smallest to the largest "
        f"study, and its correlation rho with the rate: {'; '.join(tried)}. Published studies cannot estimate these."
    )
    numbers = _numbers(facts, "missing_studies", rows, columns=("unpublished",))
    return facts.tables.answer(text, "missing_studies", *numbers)


def missing_studies(facts: ReviewFacts) -> Found:
    """Return the rates if studies with low rates were published less often."""
    found = facts.given.selection
    if found is None:
        return NotGiven()
    text = f"{limit_sentence(found, facts.words)} {_warning(ok=found.ok)}".rstrip()
    numbers = _numbers(facts, "missing_studies", _assumed(found.table))
    return facts.tables.answer(text, "missing_studies", *numbers)


def tipping_points(facts: ReviewFacts) -> Found:
    """Return how many studies must be missing for a decision to change."""
    found = facts.given.selection
    if found is None or found.tipping_points.empty:
        return NotGiven()
    told = " ".join(map(tipping_sentence, found.tipping_points.to_dict("records")))
    text = f"Decision: {found.question} with a probability of {found.certainty:g}. {told}"
    keys: list[Row] = [
        {"largest": row.largest, "rho": row.rho} for row in found.tipping_points.itertuples()
    ]
    numbers = _numbers(facts, "tipping_points", keys, columns=("exists", "smallest", "unpublished"))
    return facts.tables.answer(text, "tipping_points", *numbers)


def studies_without_results(facts: ReviewFacts) -> Found:
    """Return the studies of the table that have no count of the outcome."""
    names = tuple(map(str, facts.tables.frames["without_results"][STUDY.lower()]))
    if not names:
        return NotApplicable("No study of the table lacks a count of the outcome.")
    numbers = [
        facts.tables.number(name, "without_results", STUDY.lower(), **{STUDY.lower(): name})
        for name in names
    ]
    return facts.tables.answer(without_results_sentence(names), "without_results", *numbers)


def certainty(facts: ReviewFacts) -> Found:
    """Return the probability of each band of the rate, and the judgement where people gave one."""
    found = facts.given.certainty
    if found is None:
        return NotGiven()
    rows = found.to_dict("records")
    told = "; ".join(_band(facts, row) for row in rows)
    keys: list[Row] = [{"low": row["low"], "high": row["high"]} for row in rows]
    judged = all(map(_judgement, rows))
    text = (
        f"Probability that the typical rate, and that of a new study, lies in each band: {told}."
        f"{'' if judged else f' {LEFT_OPEN}'} {_warning(ok=bool(found['ok'].all()))}"
    )
    numbers = _numbers(facts, "certainty", keys, columns=("typical", "new_study"))
    return facts.tables.answer(text.rstrip(), "certainty", *numbers)


def _band(facts: ReviewFacts, row: Row) -> str:
    ends = " to ".join(facts.words.rates.given(row[end]) for end in ("low", "high"))
    values = ", ".join(probability_text(row[name]) for name in ("typical", "new_study"))
    judgement = _judgement(row)
    return f"{ends} {values}{f' (judged: {judgement})' if judgement else ''}"


def _judgement(row: Row) -> str:
    """Return what people judged; files have nothing where it is blank."""
    return "" if pd.isna(row["judgement"]) else str(row["judgement"]).strip()


def _assumed(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return what each row assumes, but for the fit itself, which assumes nothing."""
    rows = table.loc[table["smallest"].notna(), ["smallest", "largest", "rho"]]
    return rows.to_dict("records")


def _numbers(
    facts: ReviewFacts,
    table: str,
    rows: Iterable[Row],
    columns: Iterable[str] = RATES,
) -> list[Number]:
    """Return numbers of these columns, row by row."""
    return [
        facts.tables.number(f"{column}, {_named(row)}", table, column, **_keys(row))
        for row in rows
        for column in columns
    ]


def _keys(row: Row) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def _named(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _warning(*, ok: bool) -> str:
    return "" if ok else "NOT RELIABLE: a refit failed its diagnostics."


REVIEW_ANSWERS: Mapping[str, Callable[[ReviewFacts], Found]] = {
    **FIT_ANSWERS,
    **{
        one.__name__: one
        for one in (
            *(risk_of_bias_tool, risk_of_bias, bias_models, missing_method, missing_studies),
            *(tipping_points, studies_without_results, certainty),
        )
    },
}
"""By the names that the file of PRISMA gives them."""
