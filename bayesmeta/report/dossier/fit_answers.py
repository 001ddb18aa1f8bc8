"""What a fit and its evidence answer to the items of guidelines."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.posterior import outcomes_of
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.model import OwnModel
from bayesmeta.report.dossier.answering import Answer, Found, NotApplicable, Number
from bayesmeta.report.dossier.evidence_answers import EVIDENCE_ANSWERS
from bayesmeta.report.dossier.fit_tables import FitFacts
from bayesmeta.report.fit_text import heterogeneity_line

OWN_MODEL = NotApplicable("The model is a user-supplied PyMC model, whose parts are not known.")
BY_QUADRATURE = "The posterior was computed by quadrature, without draws."
CONDITIONAL = "of the conditional probability of its outcome, given the enclosing one, if any"
BOUNDS = ("median", "lower", "upper")


def model(facts: FitFacts) -> Found:
    """Return the model."""
    spec = facts.fit.spec
    if isinstance(spec, OwnModel):
        return Answer(f"User-supplied PyMC model '{spec.name}', as PyMC writes it.", "model.txt")
    return Answer(
        f"Model '{spec.name}': likelihood, link, study effects and all priors.", "model.toml"
    )


def effect_measure(facts: FitFacts) -> Found:
    """Return what is estimated."""
    if isinstance(facts.fit.spec, OwnModel):
        return OWN_MODEL
    scales = [str(one) for one in facts.tables.frames["summary"]["scale"]]
    contrasts = ", and odds ratios between levels" if facts.fit.coding.factors else ""
    text = f"Response rates, as probabilities{contrasts}; parameters as {scales[0]}."
    return facts.tables.answer(text, "summary", *_rates(facts, "typical rate"))


def covariates(facts: FitFacts) -> Found:
    """Return the covariates of the model."""
    spec = facts.fit.spec
    if isinstance(spec, OwnModel):
        return OWN_MODEL
    formula = spec.covariates.formula
    if not formula:
        return NotApplicable("The model has no covariates.")
    return Answer(f"Covariates of the model: {formula}.", "model.toml")


def rates(facts: FitFacts) -> Found:
    """Return the typical rate and that of a new study at the first profile."""
    typical, new = _rates(facts, "typical rate"), _rates(facts, "new study")
    told = [
        f"{_of(facts, one)}typical rate {_interval(facts, one)}, new study {_interval(facts, other)}"
        for one, other in zip(_triples(typical), _triples(new), strict=True)
    ]
    text = f"Median and 95% interval ({facts.words.text(facts.label)}): {'; '.join(told)}."
    return facts.tables.answer(text, "summary", *typical, *new)


def heterogeneity(facts: FitFacts) -> Found:
    """Return how much studies differ."""
    table, spec = facts.tables.frames["summary"], facts.fit.spec
    mine = table[table["quantity"].str.fullmatch(r"tau(\[.*\])?")]
    if mine.empty:
        return NotApplicable(heterogeneity_line(table, spec, facts.words))
    mine = _told_outcomes(facts, mine)
    numbers = [
        facts.tables.number(f"{_name(row)}, {bound}", "summary", bound, **row)
        for row in _keys(mine, "quantity")
        for bound in BOUNDS
    ]
    lines = [
        f"{_of(facts, one)}{heterogeneity_line(table[_there(table, one[0].row)], spec, facts.words)}"
        for one in _triples(numbers)
    ]
    if outcomes_of(facts.fit):
        lines.append(f"Each tau is {CONDITIONAL}.")
    return facts.tables.answer(" ".join(lines), "summary", *numbers)


def contrasts(facts: FitFacts) -> Found:
    """Return levels of factors against their reference."""
    frame = facts.tables.frames.get("contrasts")
    if isinstance(facts.fit.spec, OwnModel):
        return OWN_MODEL
    if frame is None:
        why = "The model has no factor whose levels could be compared."
        return NotApplicable(why if facts.draws is not None else BY_QUADRATURE)
    keys = _keys(frame, "factor", "level", "versus")
    numbers = [
        facts.tables.number(
            f"{row['level']} against {row['versus']}, {column}", "contrasts", column, **row
        )
        for row in keys
        for column in ("odds_ratio", "odds_ratio_lower", "odds_ratio_upper")
        if column in frame
    ]
    factors = ", ".join(dict.fromkeys(map(facts.words.column, map(str, frame["factor"]))))
    text = f"{counted(len(keys), 'contrast')} of {factors} against the reference: odds ratios and differences of rates."
    return facts.tables.answer(text, "contrasts", *numbers)


def coefficients(facts: FitFacts) -> Found:
    """Return the coefficients of covariates."""
    table = facts.tables.frames["summary"]
    mine = _told_outcomes(facts, table[table["quantity"].str.startswith("beta")])
    if isinstance(facts.fit.spec, OwnModel):
        return OWN_MODEL
    if mine.empty:
        return NotApplicable("The model has no coefficients of covariates.")
    keys = _keys(mine, "quantity")
    numbers = [
        facts.tables.number(f"{_name(row)}, {bound}", "summary", bound, **row)
        for row in keys
        for bound in BOUNDS
    ]
    nested = f" Each is {CONDITIONAL}." if outcomes_of(facts.fit) else ""
    text = f"{counted(len(keys), 'coefficient')}, with median and 95% interval on the scale of the link.{nested}"
    return facts.tables.answer(text, "summary", *numbers)


def study_results(facts: FitFacts) -> Found:
    """Return the observed and the estimated rate of every arm."""
    frame = facts.tables.frames.get("forest")
    if frame is None:
        return NotApplicable(
            BY_QUADRATURE if facts.draws is None else "The fit kept no draws of arms."
        )
    arms = frame[frame["kind"] == "arm"]
    numbers = [
        facts.tables.number(
            f"{name} observed rate",
            "forest",
            "observed",
            **_keys(arms.loc[[at]], "kind", "label")[0],
        )
        for name, at in (
            ("lowest", arms["observed"].idxmin()),
            ("highest", arms["observed"].idxmax()),
        )
    ]
    percents = " to ".join(facts.words.rates.texts(*(one.value for one in numbers)))
    text = (
        f"{counted(len(arms), 'row')} of arms with responders, patients, observed and estimated rate and intervals; "
        f"observed rates from {percents}{facts.words.rates.per_text}."
    )
    return facts.tables.answer(text, "forest", *numbers)


def tau_prior(facts: FitFacts) -> Found:
    """Return how the interval of a new study depends on the prior of tau."""
    frame = facts.tables.frames.get("tau_prior")
    if frame is None:
        why = "The model has no known prior of heterogeneity between studies that could be varied."
        return NotApplicable(why if facts.draws is not None else BY_QUADRATURE)
    numbers = [
        facts.tables.number(f"{_name(row)}, {column}", "tau_prior", column, **row)
        for row in _keys(frame, "power")
        for column in ("new_study", "new_study_lower", "new_study_upper")
    ]
    told = "; ".join(
        f"{_of(facts, one)}power {one[0].row['power']:g}: {_interval(facts, one)}"
        for one in _triples(numbers)
        if one[1].value is not None
    )
    text = f"Rate of a new study with the prior of tau raised to a power (0.5 weakens it, 2 strengthens it): {told}."
    return facts.tables.answer(text, "tau_prior", *numbers)


def diagnostics(facts: FitFacts) -> Found:
    """Return whether the chains converged."""
    if facts.draws is None:
        return NotApplicable(f"{BY_QUADRATURE} There is no Monte-Carlo error.")
    frame, found = facts.tables.frames["diagnostics"], diagnose(facts.draws)
    worst = {"r_hat": np.nanargmax(frame["r_hat"]), "ess_bulk": np.nanargmin(frame["ess_bulk"])}
    numbers = [
        facts.tables.number(
            f"{label} {column}",
            "diagnostics",
            column,
            parameter=frame["parameter"].iloc[int(worst[column])],
        )
        for label, column in (("largest", "r_hat"), ("smallest", "ess_bulk"))
    ]
    verdict = "passed" if found.ok else "FAILED"
    text = (
        f"Diagnostics {verdict}: largest R-hat {numbers[0].value:.3f}, smallest bulk effective sample size "
        f"{numbers[1].value:,.0f}, {counted(found.divergences, 'divergence')}."
    )
    return facts.tables.answer(text, "diagnostics", *numbers)


def _rates(facts: FitFacts, quantity: str) -> list[Number]:
    table = facts.tables.frames["summary"]
    mine = _told_outcomes(facts, table[table["quantity"] == quantity])
    first = mine[mine["profile"] == mine["profile"].iloc[0]]
    return [
        facts.tables.number(f"{_name(row)}, {bound}", "summary", bound, **row)
        for row in _keys(first, "quantity", "profile")
        for bound in BOUNDS
    ]


def _told_outcomes(facts: FitFacts, rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["outcome"].isin(facts.outcomes)] if "outcome" in rows else rows


def _keys(frame: pd.DataFrame, *columns: str) -> list[dict[str, Any]]:
    """Return what names each row: these columns, and the outcome where there are several."""
    names = [*columns, *(["outcome"] if "outcome" in frame else [])]
    return [{str(k): v for k, v in row.items()} for row in frame[names].to_dict("records")]


def _there(frame: pd.DataFrame, row: Mapping[str, Any]) -> Any:
    return np.logical_and.reduce([frame[name] == value for name, value in row.items()])


def _name(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value}" if name == "power" else str(value) for name, value in row.items()
    )


def _triples(numbers: list[Number]) -> Iterator[list[Number]]:
    for i in range(0, len(numbers), len(BOUNDS)):
        yield numbers[i : i + len(BOUNDS)]


def _of(facts: FitFacts, numbers: list[Number]) -> str:
    outcome = numbers[0].row.get("outcome")
    return f"{facts.words.outcome(outcome)}: " if outcome else ""


def _interval(facts: FitFacts, numbers: list[Number]) -> str:
    return facts.words.rates.sentence(*(one.value for one in numbers))


FIT_ANSWERS: Mapping[str, Callable[[FitFacts], Found]] = {
    **EVIDENCE_ANSWERS,
    **{
        one.__name__: one
        for one in (
            *(model, effect_measure, covariates, rates, heterogeneity, contrasts, coefficients),
            *(study_results, tau_prior, diagnostics),
        )
    },
}
"""By the names that the files of guidelines give them."""
