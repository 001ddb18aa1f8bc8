"""`level_effects`: exchangeable levels, how far each stands by its own evidence, and which is best."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.posterior import check_draws
from bayesmeta.estimates.precision import Draws, Row, interval_of, mean_of, with_errors
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.evidence.derivations import inferred_counts
from bayesmeta.inference.result import Fit
from bayesmeta.model import NormalLevels
from bayesmeta.model.coded_levels import CodedLevels
from bayesmeta.model.coding import Coding


def level_effects(fit: Fit, *, ci_prob: float = 0.95) -> pd.DataFrame:
    """Return the exchangeable levels of a fit, with the evidence behind each.

    Parameters
    ----------
    fit : Fit
        Draws of a model with exchangeable levels, such as ``(1 | regimen_class)``.
    ci_prob : float
        Probability of the equal-tailed intervals.

    Returns
    -------
    DataFrame
        One row per level: `term`, `level`; `studies`, `arms`, `events`, `n` at it, and `inferred`, arms
        whose count no source prints; `effect` and
        `effect_sd`, posterior mean and standard deviation of its effect b (scale of the link);
        `rate` (posterior median of the typical rate, probability), `lower`, `upper` and their
        Monte-Carlo errors `mcse_...`; `weight`, of normal effects, from 0 (the effect is as drawn from
        the distribution of all levels) to 1 (its own evidence decides); `probability_best`, that no
        other level of the term has a higher typical rate; of an EXNEX model `probability_exchangeable`,
        that its effect is exchangeable with the others.

        All other covariates stand at the reference or the centre, other columns of levels at a new
        level. Steps of a random walk are no levels. A level of few studies can be best by chance: read
        `probability_best` beside `studies`.

    Raises
    ------
    SettingsError
        If the fit has no exchangeable levels, is a QuadratureFit, or `ci_prob` is not between 0 and 1.

    References
    ----------
    Neuenschwander, Wandel, Roychoudhury & Bailey 2016, doi:10.1002/pst.1730 (EXNEX).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> table = bm.level_effects(bm.fit(bm.load_model("exchangeable_regimens"), arms, seed=1))
    >>> table.set_index("level").loc[["ven_hma", "ven_ldac"], ["studies", "weight"]].round(1)
              studies  weight
    level
    ven_hma        10     0.8
    ven_ldac        1     0.4
    """
    check_draws(fit)
    check_ci_prob(ci_prob)
    if not has_level_rates(fit.coding):
        raise SettingsError(
            "`fit` is of a model without exchangeable levels. Fit one with a term such as (1 | regimen_class)."
        )
    table = pd.DataFrame(list(_rows(fit, ci_prob)))
    # Of a model in which all levels are exchangeable nothing was estimated.
    return table.dropna(axis="columns", how="all")


def has_level_rates(coding: Coding) -> bool:
    """Return whether levels have rates of their own, which slopes and steps of a walk have not."""
    return any(one.term.has_rates for one in coding.exchangeable)


def _rows(fit: Fit, ci_prob: float) -> Iterator[Row]:
    place = 0
    for term, coded in enumerate(fit.coding.exchangeable):
        if coded.term.has_rates:
            yield from _rows_of_term(fit, term, place, ci_prob)
        place += len(coded.levels)


def _rows_of_term(fit: Fit, term: int, first: int, ci_prob: float) -> Iterator[Row]:
    coded = fit.coding.exchangeable[term]
    rates = [_typical(fit, coded, level) for level in coded.levels]
    best = np.argmax([log_odds for _, log_odds in rates], axis=0)
    sigma = np.asarray(fit.posterior["sigma"])[..., term]
    normal = isinstance(fit.design.level_effects[term], NormalLevels)
    for place, (level, evidence) in enumerate(
        zip(coded.levels, _evidence(fit, coded), strict=True)
    ):
        effect = np.asarray(fit.posterior["b"])[..., first + place]
        # Of an effect that may stand by itself, sigma is not the prior's width.
        weight = float(np.clip(1 - effect.var() / (sigma**2).mean(), 0, 1)) if normal else np.nan
        numbers = {
            "effect": mean_of(effect),
            "probability_best": mean_of((best == place).astype(np.float64)),
            "probability_exchangeable": mean_of(_exchangeable(fit, term, effect, sigma)),
        }
        yield {
            "term": coded.term.name,
            "level": "/".join(level),
            **evidence,
            **interval_of(Draws(rates[place][0]), ci_prob, "rate"),
            **with_errors(numbers),
            "effect_sd": float(effect.std()),
            "weight": weight,
        }


def _typical(fit: Fit, coded: CodedLevels, level: tuple[str, ...]) -> tuple[Array, Array]:
    """Return draws of the typical rate of a level, and of its log-odds."""
    rates = profile_rates(fit, dict(zip(coded.term.columns, level, strict=True)))
    return rates.typical, rates.typical_log_odds


def _evidence(fit: Fit, coded: CodedLevels) -> Iterator[Row]:
    """Yield the studies, arms and patients at each level."""
    arms = fit.arms
    frame, inferred = arms.frame, inferred_counts(arms.frame)
    levels_of = fit.coding.covariates.levels_of
    each = list(zip(*(levels_of(name, frame[name]) for name in coded.term.columns), strict=True))
    for level in coded.levels:
        own = np.array([one == level for one in each]) & (arms.n > 0)
        yield {
            "studies": int(frame.loc[own, "study"].nunique()),
            "arms": int(own.sum()),
            "events": int(arms.events[own].sum()),
            "n": int(arms.n[own].sum()),
            "inferred": int(inferred[own].sum()),
        }


def _exchangeable(fit: Fit, term: int, effect: Array, sigma: Array) -> Array:
    """Return the probability that an effect is exchangeable, in each draw."""
    distribution = fit.design.level_effects[term]
    probability, apart = distribution.mixture
    if probability == 1:
        return np.full(effect.shape, np.nan)
    one = np.log(probability) + distribution.standard.logpdf(effect / sigma) - np.log(sigma)
    other = np.log1p(-probability) + apart.logpdf(effect)
    return np.asarray(np.exp(one - np.logaddexp(one, other)))
