"""`contrast`: levels of a factor against each other, with where the information comes from."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.contrast_table import Contrasts, ranks_of
from bayesmeta.estimates.identifiability import within_shares
from bayesmeta.estimates.inferred import Inferred, inferred_at
from bayesmeta.estimates.outcome_draws import draws_of
from bayesmeta.estimates.posterior import asked_time, check_draws, checked_outcome
from bayesmeta.estimates.precision import (
    Row,
    bounds_of,
    exponential,
    mean_of,
    quantile_of,
    sd_of,
    with_errors,
)
from bayesmeta.estimates.profiles import (
    Pair,
    checked_factor,
    coded_differences,
    level_pairs,
    level_profiles,
    profile_label,
    studies_by_level,
)
from bayesmeta.estimates.survival_contrasts import survival_contrasts
from bayesmeta.estimates.within_contrasts import within_contrasts
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile


def contrast(
    fit: Fit,
    factor: str | None = None,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    against: str | None = None,
    ci_prob: float = 0.95,
    time: float | None = None,
) -> Contrasts:
    """Return the difference between each two levels of a factor, and the ranks of the levels.

    Covariates are study-level: where `between_only` holds, a difference between levels is that of
    the studies which have them, with everything else in which those studies differ. Of a factor with
    parts ``within`` and ``between`` (see `Covariates`), `odds_ratio` and all that goes with it compare
    studies that have the one level with studies that have the other: the contrast between studies. That
    of arms of one study, and the conflict of the two, have columns of their own.

    Parameters
    ----------
    fit : Fit
        Posterior draws of a model with a factor.
    factor : str, optional
        Factor whose levels are compared; the first of the formula where None.
    outcome : str, optional
        Which of nested outcomes; rates are among all patients, and the information is that on the rate.
    profile : mapping, optional
        Values of the other covariates; what is left out stands at the reference level or the centre.
        One of `factor` itself has no part in it, so that one profile serves all answers.
    against : str, optional
        Level that all others are compared with; every pair of levels where None.
    ci_prob : float
        Probability of the equal-tailed intervals.
    time : float, optional
        Months at which survival is compared, of fits of survival only; 12 where None.

    Returns
    -------
    Contrasts
        Its `table` has one row per pair, with columns

        - level, versus, profile: what is compared with what, and where other covariates stand;
        - odds_ratio, odds_ratio_lower, odds_ratio_upper: of the typical rate of `level` to that of
          `versus`, posterior median and interval;
        - log_odds_ratio, log_odds_ratio_sd: posterior mean and standard deviation;
        - rate_difference, rate_difference_lower, rate_difference_upper: of the typical rates
          (probability), median and interval;
        - probability_higher: that the typical rate of `level` is the higher one;
        - ``mcse_...``: the Monte-Carlo standard error of each of these; 0 of a probability that
          is 0 or 1 because no draw, or every draw, is so;
        - within_share: share, from 0 to 1, of the information on the contrast that is within
          studies; NaN where the evidence says nothing about it;
        - between_only: whether all of it comes from differences between studies;
        - studies_level, studies_versus, studies_both: studies with patients at either level, and
          at both;
        - arms_level, arms_versus, inferred_level, inferred_versus: arms with patients at either level,
          and those of them whose count is inferred, as in `summary`;
        - of a factor with parts within and between studies also within_odds_ratio,
          within_odds_ratio_lower, within_odds_ratio_upper: of an arm at `level` to an arm at `versus` of
          one study, median and interval; conflict, conflict_lower, conflict_upper: the log-odds ratio
          between studies less that within, median and interval; probability_conflict_above_0; and
          within_compared: whether the evidence compares the two levels within studies, without which
          the contrast within studies rests on priors.

        Of survival the estimates are median_ratio (of the typical median of `level` to that of
        `versus`; no hazard ratio), log_median_ratio, survival_difference (of the typical survival at
        `time`, probability) and probability_longer; there is no within_share, and `between_only` is
        whether no study has both levels.

        Its `ranks` has one row per level, with the probability of each rank (``rank_1`` is the
        highest typical rate, or the longest typical median), mean_rank, sucra and their ``mcse_...``.

        Rank probabilities and SUCRA say nothing about how large differences are, nor how sure: of
        levels that hardly differ, or are hardly known, one still ranks first.

    Warns
    -----
    EvidenceWarning
        If a number of the profile lies outside the range of the evidence.

    Raises
    ------
    SettingsError
        If the fit is a QuadratureFit or has no factor, `factor` is none of its factors, `against` none
        of the levels, `ci_prob` is not between 0 and 1, or `outcome` is missing or none of the fit's.
    ProfileError
        If the profile cannot be coded, or stands where the model has one rate for two levels.

    References
    ----------
    Salanti, Ades & Ioannidis 2011, doi:10.1016/j.jclinepi.2010.03.016 (ranks, SUCRA).
    Mbuagbaw et al. 2017, doi:10.1186/s13643-017-0473-z (what ranks do not say).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from bayesmeta.estimates.contrasts import contrast
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> contrast(bm.fit(bm.load_model("regimen"), arms, seed=1), against="ven_hma")
    Contrasts(regimen_class: 7 pairs of 8 levels, 7 only from differences between studies)
    """
    check_draws(fit, survival=True)
    check_ci_prob(ci_prob)
    months = asked_time(fit, time)
    if months is not None:
        checked_outcome(fit, outcome)
        return survival_contrasts(
            fit, months, factor, profile=profile, against=against, ci_prob=ci_prob
        )
    drawn = draws_of(fit, outcome)
    coding = drawn.coding
    factor = checked_factor(coding, factor)
    pairs = level_pairs(coding, factor, against)
    profiles = level_profiles(coding, factor, profile)
    held = profile_label(coding, profile, without=factor)
    rates = {level: drawn.rates(one) for level, one in profiles.items()}
    typical = {level: (one.typical, one.typical_log_odds) for level, one in rates.items()}
    shares = within_shares(drawn, coded_differences(coding, profiles, pairs, held))
    studies = studies_by_level(coding, drawn.arms, factor)
    counts = {level: inferred_at(fit, one, drawn.outcome) for level, one in profiles.items()}
    log_odds = {level: one for level, (_, one) in typical.items()}
    split: Iterable[Row] = [{}] * len(pairs)
    if factor in coding.parts.split:
        split = within_contrasts(drawn, profiles, pairs, log_odds=log_odds, ci_prob=ci_prob)
    rows = [
        {
            **{"level": pair[0], "versus": pair[1], "profile": held},
            **_numbers(typical, pair, ci_prob),
            **{"within_share": share, "between_only": bool(share == 0)},
            **_basis([studies[level] for level in pair], [counts[level] for level in pair]),
            **within,
        }
        for pair, share, within in zip(pairs, shares, split, strict=True)
    ]
    ranks = ranks_of(log_odds)
    return Contrasts(factor, held, ci_prob, pd.DataFrame(rows), ranks, fit, drawn.outcome)


def contrasts_with_reference(
    fit: Fit,
    *,
    outcome: str | None = None,
    profile: Profile | None,
    ci_prob: float,
    time: float | None = None,
) -> tuple[Contrasts, ...]:
    """Return, of each factor, its levels against its reference; the others stand as in the profile."""
    return tuple(
        contrast(
            fit,
            factor,
            outcome=outcome,
            profile=profile,
            against=levels[0],
            ci_prob=ci_prob,
            time=time,
        )
        for factor, levels in fit.coding.factors.items()
    )


def _basis(studies: Sequence[frozenset[str]], counts: Sequence[Inferred]) -> Row:
    """Return the studies and arms at either level of a pair, and how many counts are inferred."""
    (level, versus), (here, there) = counts, studies
    return {
        "studies_level": len(here),
        "studies_versus": len(there),
        "studies_both": len(here & there),
        "arms_level": level.arms,
        "arms_versus": versus.arms,
        "inferred_level": level.inferred,
        "inferred_versus": versus.inferred,
    }


def _numbers(typical: Mapping[str, tuple[Array, Array]], pair: Pair, ci_prob: float) -> Row:
    """Return the estimates of one contrast of typical rates and log-odds, with Monte-Carlo errors."""
    (rate, log_odds), (rate_versus, log_odds_versus) = (typical[level] for level in pair)
    ratio, difference = log_odds - log_odds_versus, rate - rate_versus
    low, middle, high = bounds_of(ci_prob)
    bounds = {"": middle, "_lower": low, "_upper": high}
    found = {
        **{f"odds_ratio{end}": exponential(quantile_of(ratio, p)) for end, p in bounds.items()},
        "log_odds_ratio": mean_of(ratio),
        "log_odds_ratio_sd": sd_of(ratio),
        **{f"rate_difference{end}": quantile_of(difference, p) for end, p in bounds.items()},
        "probability_higher": mean_of((ratio > 0).astype(np.float64)),
    }
    return with_errors(found)
