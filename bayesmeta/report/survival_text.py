"""Models, evidence and contrasts of survival as text."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.contrast_table import Contrasts
from bayesmeta.estimates.survival_prior_meanings import exp_range
from bayesmeta.estimates.survival_summary import conditional_note
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.evidence import SurvivalArms
from bayesmeta.evidence.survival.columns import (
    MEDIAN,
)
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design
from bayesmeta.model.curves import PRECISION
from bayesmeta.priors import Prior
from bayesmeta.report.document import Block, Items, Table
from bayesmeta.rounding import (
    error_text,
    interval_of,
    interval_text,
    number_texts,
    probability_text,
)
from bayesmeta.wording import PLAIN, Wording

NOT_REACHED = "not reached"


def told_of(arms: SurvivalArms) -> str:
    """Return how many medians and landmarks arms report."""
    reached = np.isfinite(arms.medians[MEDIAN]).sum()
    unreached = len(arms.medians) - reached
    medians = counted(len(arms.medians), "median") + (
        f" ({unreached} {NOT_REACHED})" if unreached else ""
    )
    return f"{medians} and {counted(len(arms.landmarks), 'landmark')}"


def survival_model_lines(fit: Fit) -> list[str]:
    """Return the model in symbols and its priors, each with the range it allows."""
    spec, design, curve = fit.spec, fit.design, fit.design.curve
    levels = [one.term.in_predictor for one in design.coding.exchangeable]
    terms = ["mu", *spec.covariates.parsed.term_names, *levels]
    effects = ["u(study)"] * bool(spec.study_effects.symbol)
    [mu] = design.mu
    return [
        f"Model      {spec.name}: {curve.words} curves, {curve.symbol}",
        f"           theta = log median (months) = {' + '.join([*terms, *effects])}",
        f"Priors     mu ~ {mu!r}: typical median {exp_range(mu)} months with 95% probability",
        *(f"           {line}" for line in _prior_lines(design)),
    ]


def _prior_lines(design: Design) -> Iterator[str]:
    spec, curve = design.spec, design.curve
    for prior in dict.fromkeys(design.beta):
        yield f"beta ~ {prior!r}: ratio of medians, per unit, {_ratio_range(prior)}"
    named = zip(design.coding.exchangeable, design.level_effects, design.sigmas, strict=True)
    for coded, one, sigma in named:
        yield f"{coded.term.stated(one.symbol)}, sigma ~ {sigma!r}: {_range(sigma)}"
    for tau in design.tau:
        yield f"{spec.study_effects.symbol}, tau ~ {tau!r}: {_range(tau)} (log months)"
    for name, prior in spec.study_effects.parameters.items():
        yield f"{name} ~ {prior!r}: {_range(prior)}"
    if curve.has_shape:
        kappa, tau_k = curve.parameters["kappa"], curve.parameters["tau_k"]
        low, high = np.exp(kappa.interval(0.95))
        yield (
            f"log(k) ~ Normal(kappa, tau_k), kappa ~ {kappa!r}: typical k {interval_text(*number_texts(low, high))}; "
            f"tau_k ~ {tau_k!r}: {_range(tau_k)}"
        )
    if design.places(PRECISION):
        prior = curve.retention
        yield (
            f"{PRECISION} ~ {prior!r}: share of patients that an estimate without an interval is worth, {_range(prior)}"
        )


def _range(prior: Prior) -> str:
    return f"95% between {' and '.join(number_texts(*prior.interval(0.95)))}"


def _ratio_range(prior: Prior) -> str:
    return f"95% between {' and '.join(number_texts(*np.exp(prior.interval(0.95))))}"


def survival_contrast_blocks(contrasts: Contrasts, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield the pairs of levels, with what their contrasts mean."""
    held = f", at {words.text(contrasts.profile)}" if contrasts.profile else ""
    arms = None if contrasts.fit is None else contrasts.fit.arms
    title = f"Contrasts of {words.column(contrasts.factor)}{held}: median and {100 * contrasts.ci_prob:g}% interval"
    rows = contrasts.table.to_dict("records")
    cells = [_pair(row, contrasts, words) for row in rows]
    yield Table(title, pd.DataFrame(cells))
    ratio = (contrasts.table["mcse_median_ratio"] / contrasts.table["median_ratio"]).max()
    points = words.rates.error(contrasts.table["mcse_survival_difference"].max())
    note = conditional_note(arms)
    yield Items(
        (
            *([note] if note else []),
            f"Ratio of medians: of typical medians; it is no hazard ratio. Difference: of typical {words_of_outcome(arms).share} at "
            f"{contrasts.time:g} months{words.rates.unit_of_differences}. P(longer): that the first has the longer median.",
            "Where no study has both levels, studies are compared, with everything else in which they differ.",
            f"Monte-Carlo standard errors: median ratios at most {100 * ratio:.1g}% of themselves, differences {points} "
            f"{words.rates.points_short}, P(longer) {error_text(contrasts.table['mcse_probability_longer'].max(), 3)}.",
        )
    )


def differences_table(contrasts: Contrasts, words: Wording = PLAIN) -> Table:
    """Return the differences of typical survival at the time of contrasts, one pair a row."""
    held = f", at {words.text(contrasts.profile)}" if contrasts.profile else ""
    cells = [_pair(row, contrasts, words) for row in contrasts.table.to_dict("records")]
    difference = f"difference at {contrasts.time:g} months"
    return Table(
        f"Differences of typical survival at {contrasts.time:g} months by {words.column(contrasts.factor)}{held}: median and "
        f"{100 * contrasts.ci_prob:g}% interval{words.rates.unit_of_differences}",
        pd.DataFrame(cells)[["pair", difference]],
    )


def _pair(row: Mapping[Hashable, Any], contrasts: Contrasts, words: Wording) -> dict[str, str]:
    levels = [words.level(contrasts.factor, row[end]) for end in ("level", "versus")]
    return {
        "pair": " vs ".join(levels),
        "ratio of medians": interval_of(row, "median_ratio", number_texts),
        f"difference at {contrasts.time:g} months": interval_of(
            row, "survival_difference", words.rates.differences
        ),
        "P(longer)": probability_text(row["probability_longer"], 2),
        "studies": f"{row['studies_level']} and {row['studies_versus']}, {row['studies_both']} both",
    }
