"""`notes`: what the evidence of a fit cannot tell, in plain sentences."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import listed
from bayesmeta.estimates.identifiability import identifiability
from bayesmeta.estimates.log_priors import SENSITIVE, tau_scaling
from bayesmeta.estimates.outcome_draws import OutcomeDraws, Parameter, draws_by_outcome
from bayesmeta.estimates.overlap import prior_overlap
from bayesmeta.estimates.posterior import check_draws, is_survival
from bayesmeta.estimates.profile_rates import predictors_of
from bayesmeta.estimates.profiles import default_profiles, profile_label, studies_by_level
from bayesmeta.estimates.survival_notes import survival_notes
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

FEWEST_STUDIES = 3
"""Studies from which on an estimate is not called one of few studies."""

UNCHANGED = 0.8
"""Overlap above which a posterior is called its prior."""

PULLED = 0.5
"""Overlap above which power-scaling is no reason to say that prior and evidence pull apart."""

UPPER_TAIL = 0.95
"""Probability of the prior of tau below its upper tail."""

MIDDLE = (0.025, 0.975)
"""Probabilities between which the middle of the prior of a rate lies."""

CONFLICT = 0.5
"""Share of the posterior in such a tail above which prior and evidence are said to disagree."""


def notes(fit: Fit) -> tuple[str, ...]:
    """Return what the evidence of a fit cannot tell, in plain sentences; none if there is nothing.

    Levels and coefficients of fewer than 3 studies; coefficients estimated only from differences
    between studies; posteriors that overlap their prior by more than 0.8; coefficients without
    any evidence; a tau with more than half of its posterior above the 95% quantile of its prior, or of
    which power-scaling says that prior and evidence may pull apart; and mu or a typical rate with more
    than half of its posterior outside the middle 95% of its prior. Of survival: standard
    errors that are estimated, how the shape of curves is known, and medians
    that are left out because they were not reached.

    Parameters
    ----------
    fit : Fit
        Posterior draws.

    Raises
    ------
    SettingsError
        If `fit` is not a Fit, or is of a user-supplied PyMC model.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.notes(bm.fit(bm.load_model("pooled"), arms, seed=1))
    ()
    """
    check_draws(fit, survival=True)
    if is_survival(fit):
        return survival_notes(fit)
    table = identifiability(fit)
    # Of parameters other than coefficients no share is within studies, whatever the evidence.
    table["silent"] = table["within_share"].isna() & table["coefficient"].isin(fit.coding.names)
    table["shared"] = table["silent"] & (table["studies"] > 0)
    if "outcome" in table:
        table["coefficient"] += " of " + table["outcome"]
    return tuple([*_unpooled(fit), *_few_studies(fit, table), *_weak(table), *_conflicts(fit)])


def _unpooled(fit: Fit) -> Iterator[str]:
    """Yield what independent studies do not tell."""
    if not fit.spec.study_effects.pools:
        yield (
            "Without pooling, mu and the rates of a new study have their priors: studies do not inform one "
            "that is not among them."
        )


def _few_studies(fit: Fit, table: pd.DataFrame) -> Iterator[str]:
    """Yield which estimates, and which reference levels, rest on fewer than 3 studies."""
    rows = table[table["studies"] < FEWEST_STUDIES]
    if len(rows):
        pairs = zip(rows["coefficient"], rows["studies"], strict=True)
        named = [f"{name} ({studies})" for name, studies in pairs]
        yield (
            f"Fewer than {FEWEST_STUDIES} studies inform {listed(named)}: "
            "one study's peculiarities cannot be separated from the effect, and the prior matters."
        )
    references = {
        f"{factor}[{levels[0]}]": len(studies_by_level(fit.coding, fit.arms, factor)[levels[0]])
        for factor, levels in fit.coding.factors.items()
        if factor not in fit.coding.grouping
    }
    few = [f"{name} ({count})" for name, count in references.items() if count < FEWEST_STUDIES]
    if few:
        yield (
            f"Fewer than {FEWEST_STUDIES} studies have the reference level {listed(few)}, "
            "with which all other levels are compared: name another reference, or group levels."
        )


def _weak(table: pd.DataFrame) -> Iterator[str]:
    """Yield which coefficients are ecological, without evidence, or left as the prior had them."""
    between = table.loc[table["between_only"], "coefficient"]
    if len(between):
        yield (
            f"Estimated only from differences between studies: {listed(between)}. Whatever else "
            "differs between those studies (patients, definitions of response, years) is confounded with them."
        )
    shared = table.loc[table["shared"], "coefficient"]
    if len(shared):
        yield (
            f"The evidence does not distinguish between {listed(shared)}: it tells a sum of them, of which their priors "
            "give each its part."
        )
    silent = table.loc[table["silent"] & ~table["shared"], "coefficient"]
    if len(silent):
        yield f"The evidence has no information about {listed(silent)}: the posterior is the prior."
    same = table[table["prior_overlap"] > UNCHANGED]
    if len(same):
        pairs = zip(same["coefficient"], same["prior_overlap"], strict=True)
        named = [f"{name} ({100 * overlap:.0f}%)" for name, overlap in pairs]
        yield (
            f"The evidence hardly changed the prior of {listed(named)} (overlap of prior "
            "and posterior). Another prior would change the estimates."
        )


def _conflicts(fit: Fit) -> Iterator[str]:
    """Yield where prior and evidence disagree about tau, mu or a typical rate, outcome by outcome."""
    scaled = tau_scaling(fit) if "tau" in fit.posterior else {}
    each = draws_by_outcome(fit)
    for drawn in each:
        for tau in drawn.taus():
            label = f"tau[{drawn.outcome}]" if drawn.outcome else tau.label
            yield from _about_tau(tau._replace(label=drawn.named(tau.label)), scaled[label])
    for drawn in each:
        yield from _about_mu(drawn)
    # The outermost rate is its conditional probability, whose mu is told of above.
    for place, profile in enumerate(default_profiles(fit.coding)):
        for drawn in each if place else each[1:]:
            yield from _about_rate(drawn, profile, at_reference=not place)


def _about_tau(tau: Parameter, scaled: tuple[float, float]) -> Iterator[str]:
    """Yield that a tau lies in the upper tail of its prior, or that power-scaling finds it pulled."""
    label, prior, draws = tau
    quantile = float(prior.quantile(UPPER_TAIL))
    share, (moved, by_likelihood) = float((draws > quantile).mean()), scaled
    if share > CONFLICT:
        yield (
            f"Prior and evidence disagree about {label}: {100 * share:.0f}% of its posterior lies above "
            f"{quantile:.2f}, the {100 * UPPER_TAIL:.0f}% quantile of its prior {prior!r}. Studies may "
            f"differ more than the prior allows: fit again with a wider prior of {label}, and compare."
        )
    elif moved >= SENSITIVE <= by_likelihood:
        overlap = prior_overlap(prior, draws)
        if overlap < PULLED:
            yield (
                f"Power-scaling: prior and evidence may conflict about {label} (sensitivity {moved:.2f} to the priors and "
                f"{by_likelihood:.2f} to the likelihood, from {SENSITIVE:g} on each); prior {prior!r} and posterior "
                f"overlap by {100 * overlap:.0f}%. Fit with other priors and compare."
            )


def _about_mu(drawn: OutcomeDraws) -> Iterator[str]:
    """Yield that mu lies in a tail of its prior."""
    mu = drawn.mu
    rates = drawn.link.rate(np.asarray(mu.prior.interval(MIDDLE[1] - MIDDLE[0])))
    whose = " (its conditional probability)" if drawn.outcome else ""
    prior = f" {mu.prior!r}"
    yield from _outside(f"{drawn.named('mu')}{whose}", drawn.link.rate(mu.draws), rates, prior)


def _about_rate(drawn: OutcomeDraws, profile: Profile, *, at_reference: bool) -> Iterator[str]:
    """Yield that the typical rate of a profile lies in a tail of its prior."""
    fit = drawn.fit
    rates, expected = (
        drawn.rate_at(predictors_of(fit, fit.coding.row(profile), fit.draws[group].to_dataset()))
        for group in ("posterior", "prior")
    )
    where = "" if at_reference else f" at {profile_label(fit.coding, profile)}"
    label = f"{drawn.named('the typical rate')}{where}"
    yield from _outside(label, rates, np.quantile(expected, MIDDLE))


def _outside(label: str, rates: Array, ends: Array, prior: str = "") -> Iterator[str]:
    """Yield that most of the posterior of a rate lies beyond an end of its prior's middle."""
    for side, beyond, rate in (
        ("below", rates < ends[0], ends[0]),
        ("above", rates > ends[1], ends[1]),
    ):
        share = float(beyond.mean())
        if share > CONFLICT:
            yield (
                f"Prior and evidence disagree about {label}: {100 * share:.0f}% of its posterior lies {side} a rate of "
                f"{100 * rate:.2g}%, where its prior{prior} has 2.5%. Fit again with a wider prior, and compare."
            )
