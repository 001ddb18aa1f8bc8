"""A fit as text and as JSON: its model and priors, its draws, its parameters and rates."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.estimates.heterogeneity import without_tau
from bayesmeta.estimates.posterior import is_survival, outcomes_of
from bayesmeta.estimates.summary_text import SummaryTable, summary_blocks
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design, ModelSpec
from bayesmeta.model.default_priors import over_a_spread
from bayesmeta.model.level_terms import LevelTerm
from bayesmeta.priors import Prior
from bayesmeta.report.machine import records
from bayesmeta.report.survival_text import survival_model_lines
from bayesmeta.report.text import (
    ERROR_PLACES,
    Blocks,
    diagnosis_lines,
    evidence_lines,
    failure_lines,
)
from bayesmeta.rounding import PERCENT, error_text, interval_text, number_texts, percent
from bayesmeta.wording import PLAIN, Wording


def fit_blocks(fit: Fit, diagnostics: Diagnostics, table: SummaryTable) -> Blocks:
    """Return what is printed of a fit: evidence, model, draws, parameters and rates."""
    blocks = [
        *head_blocks(fit, diagnostics, table.words),
        summary_blocks(table, table.heading),
    ]
    if outcomes_of(fit) or fit.spec.study_effects.pools:
        return blocks
    # No study tells of another.
    note = (
        "  Without pooling, these are the rates of a new study by its prior and the covariates. "
        "The studies' own are shown by `bayesmeta shrinkage`."
    )
    return [*blocks, note]


def head_blocks(fit: Fit, diagnostics: Diagnostics, words: Wording = PLAIN) -> Blocks:
    """Return evidence, model and draws, before any number."""
    return [
        failure_lines(diagnostics),
        evidence_lines(fit.arms, words),
        _model_lines(fit, words),
        diagnosis_lines(diagnostics, fit),
        "",
    ]


def note_lines(notes: Sequence[str], words: Wording = PLAIN) -> list[str]:
    """Return what the evidence cannot tell, one note a line, set like the lines of a fit."""
    return [f"{'' if i else 'Notes':<11}{words.note(note)}" for i, note in enumerate(notes)]


def heterogeneity_line(summary: pd.DataFrame, spec: ModelSpec, words: Wording = PLAIN) -> str:
    """Return how much studies differ, by the summary of a fit of `spec`."""
    quantity = summary["quantity"]
    rows = summary[(quantity == "tau") | quantity.str.startswith("tau[")].to_dict("records")
    if not rows:
        return f"Heterogeneity between studies: {without_tau(spec)}."
    line = f"Heterogeneity between studies: {'; '.join(_tau(row, words) for row in rows)}"
    shares = summary[quantity == "i_squared"]
    if shares.empty:
        return f"{line}."
    return f"{line}; I-squared {percent(shares['median'].iloc[0])} (it rises with study size)."


def _tau(row: Mapping[Hashable, Any], words: Wording) -> str:
    interval = interval_text(*number_texts(row["median"], row["lower"], row["upper"]))
    return (
        f"{words.parameter(str(row['quantity']))} {interval} {row['scale']}, "
        f"MCSE {error_text(row['mcse_median'], ERROR_PLACES)}"
    )


def _model_lines(fit: Fit, words: Wording = PLAIN) -> list[str]:
    """Return the model in symbols and its priors, each with the range it allows."""
    if is_survival(fit):
        return survival_model_lines(fit)
    if outcomes_of(fit):
        return [*nested_model_lines(fit.design, words), prior_rates_line(fit, words)]
    spec, design = fit.spec, fit.design
    distribution, link = spec.study_effects, spec.link
    levels = [one.term.in_predictor for one in design.coding.exchangeable]
    terms = [*spec.covariates.parsed.term_names, *levels]
    effects = ["u(study)"] * bool(distribution.symbol) + ["w(arm)"] * (spec.arm_effects is not None)
    predictor = " + ".join(["mu", *terms, *effects])
    [mu] = design.mu
    typical = words.rates.range(*link.rate(mu.interval(0.95)))
    lines = [
        f"Model      {spec.name}: events ~ {spec.likelihood.symbol}, {link.name}(rate) = {predictor}",
        f"Priors     mu ~ {mu!r}: typical rate {typical} with 95% probability",
    ]
    lines += _beta_lines(design)
    lines += [
        f"           {coded.term.stated(one.symbol)}, sigma ~ {prior!r}: {_range(prior)}{_unit(coded.term)}"
        for coded, one, prior in zip(
            design.coding.exchangeable, design.level_effects, design.sigmas, strict=True
        )
    ]
    if distribution.symbol:
        by = f", one for each level of {distribution.by}" if distribution.by else ""
        tau = "".join(f", tau ~ {prior!r}: {_range(prior)}{by}" for prior in design.tau)
        lines.append(f"           {distribution.symbol}{tau}")
    if spec.arm_effects is not None:
        tau_arm = spec.arm_effects.tau_arm
        lines.append(f"           w ~ Normal(0, tau_arm), tau_arm ~ {tau_arm!r}: {_range(tau_arm)}")
    own = {**distribution.parameters, **spec.likelihood.parameters}
    return lines + [
        f"           {name} ~ {prior!r}: {_range(prior)}" for name, prior in own.items()
    ]


def _unit(term: LevelTerm) -> str:
    """Return the unit of the scale of slopes; nothing of intercepts and steps."""
    return "" if term.slope is None else f", per unit of {term.slope}"


def _beta_lines(design: Design) -> list[str]:
    """Return the priors of coefficients: of levels by range, of numbers by what they do to rates."""
    link, spreads = design.spec.link, design.coding.spreads
    named = list(zip(design.coding.names, design.beta, strict=True))
    levels = dict.fromkeys(prior for name, prior in named if name not in spreads)
    lines = [f"beta ~ {prior!r}: {_range(prior)} ({link.scale})" for prior in levels]
    lines += [
        f"beta[{name}] ~ {prior!r} per unit: over one standard deviation ({spreads[name]:.3g}) a typical rate of 50% "
        f"becomes {PERCENT.range(*over_a_spread(prior, link, spreads[name]))} with 95% probability"
        for name, prior in named
        if name in spreads
    ]
    return [f"           {line}" for line in lines]


def _range(prior: Prior) -> str:
    """Return the 95% range of a prior."""
    return f"95% between {' and '.join(number_texts(*prior.interval(0.95)))}"


def nested_model_lines(design: Design, words: Wording = PLAIN) -> list[str]:
    """Return the model in symbols and its priors, each with the range it allows."""
    spec, outcomes = design.spec, tuple(map(words.outcome, design.arms.outcomes))
    terms = spec.covariates.parsed.term_names
    chain = [
        outcomes[0],
        *(f"{one} | {outer}" for outer, one in pairwise(outcomes)),
    ]
    lines = [
        f"Model      {spec.name}: counts ~ nested binomials of the conditional probabilities {', '.join(f'P({one})' for one in chain)}",
        f"           {spec.link.name}(p) = {' + '.join(['mu', *terms, 'u(study)'])}, separately for each p",
    ]
    for place, (outcome, prior) in enumerate(zip(outcomes, design.mu, strict=True)):
        typical = PERCENT.range(*spec.link.rate(prior.interval(0.95)))
        head = "           " if place else "Priors     "
        lines.append(f"{head}mu of {outcome} ~ {prior!r}: typical p {typical} with 95% probability")
    lines += _beta_lines(design)
    lines += [
        f"           tau of {outcome} ~ {prior!r}: {_range(prior)}"
        for outcome, prior in zip(outcomes, design.tau, strict=True)
    ]
    effects = "independent" if spec.correlation is None else f"correlated by {spec.correlation!r}"
    return [*lines, f"           effects of a study on the p: {effects}"]


def prior_rates_line(fit: Fit, words: Wording = PLAIN) -> str:
    """Return what the priors of the ratios together let expect of each rate."""
    mu = np.asarray(fit.draws["prior"]["mu"])[0]
    rates = np.cumprod(fit.spec.link.rate(mu), axis=-1)
    shown = [
        f"{words.outcome(outcome)} {words.rates.interval(median, low, high)}"
        for outcome, (low, median, high) in zip(
            fit.outcomes, np.quantile(rates, [0.025, 0.5, 0.975], axis=0).T, strict=True
        )
    ]
    return f"           typical rates before any evidence{words.rates.note}: {', '.join(shown)}"


def _counted(arms: Arms) -> dict[str, int]:
    """Return how much arms of one outcome report: responders, or landmarks and medians."""
    if isinstance(arms, SurvivalArms):
        return {"landmarks": len(arms.landmarks), "medians": len(arms.medians)}
    return {"events": int(arms.events.sum())} if len(arms.outcomes) == 1 else {}


def fit_json(
    result: Fit, diagnostics: Diagnostics, table: pd.DataFrame, saved: Path
) -> dict[str, Any]:
    """Return a fit's verdict, evidence and summary."""
    arms = result.arms
    several = len(arms.outcomes) > 1
    return {
        "diagnostics_ok": diagnostics.ok,
        "diagnostics_level": diagnostics.level,
        "problems": [str(problem) for problem in diagnostics.problems],
        "diagnostics_warnings": [str(warning) for warning in diagnostics.warnings],
        "sampled_again": list(diagnostics.repeats),
        "model": result.spec.name,
        **({"outcomes": list(arms.outcomes)} if several else {}),
        "arms": len(arms),
        "studies": len(arms.studies),
        **_counted(arms),
        "n": int(arms.n.sum()),
        "findings": list(map(asdict, arms.findings)),
        "seed": result.provenance.seed,
        "seconds": result.provenance.seconds,
        "summary": records(table),
        "saved": str(saved),
    }
