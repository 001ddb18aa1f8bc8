"""`contrast`: levels of a factor against each other, with where the information comes from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.identifiability import within_shares
from bayesmeta.estimates.inferred import Inferred, inferred_at
from bayesmeta.estimates.outcome_draws import draws_of
from bayesmeta.estimates.precision import (
    Estimate,
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
from bayesmeta.estimates.within_contrasts import within_contrasts
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

LEAST_RANKED = 3
"""Levels from which on ranks say more than which of two is the higher."""


@dataclass(frozen=True, eq=False, repr=False)
class Contrasts:
    """Levels of a factor against each other, and their ranks.

    Made by `contrast`, where the columns are described.

    Parameters
    ----------
    factor : str
        The factor whose levels are compared.
    profile : str
        Values of the other covariates, blank where there are none.
    ci_prob : float
        Probability of the intervals.
    table : DataFrame
        One row per pair of levels.
    ranks : DataFrame
        One row per level: the probability of each rank. Commands, figures and reports show it unasked
        only where `rankable` holds.
    fit : Fit or None
        What they were made from, as far as that is known.
    outcome : str
        Which of nested outcomes; empty where there is one.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.contrast(bm.fit(bm.load_model("regimen"), arms, seed=1), against="ven_hma")
    >>> found.table[["level", "odds_ratio", "probability_higher", "between_only"]].round(1)
                 level  odds_ratio  probability_higher  between_only
    0  ven_hma_or_ldac         0.6                 0.1          True
    1     ven_targeted         3.1                 1.0          True
    2      ven_various         0.4                 0.0          True
    >>> found.ranks.set_index("level")["sucra"].idxmax()
    'ven_targeted'
    """

    factor: str
    profile: str
    ci_prob: float
    table: pd.DataFrame
    ranks: pd.DataFrame
    fit: Fit | None = None
    outcome: str = ""

    @property
    def rankable(self) -> bool:
        """Whether there are three levels or more, and every pair is compared within studies, too."""
        within = bool((self.table["within_share"] > 0).all())
        return within and len(self.ranks) >= LEAST_RANKED

    def __repr__(self) -> str:
        pairs, held = len(self.table), f" at {self.profile}" if self.profile else ""
        of = f"{self.outcome}, " if self.outcome else ""
        only = int(self.table["between_only"].sum())
        return (
            f"Contrasts({of}{self.factor}{held}: {pairs} {'pair' if pairs == 1 else 'pairs'} of "
            f"{len(self.ranks)} levels, {only} only from differences between studies)"
        )


def contrast(
    fit: Fit,
    factor: str | None = None,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    against: str | None = None,
    ci_prob: float = 0.95,
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
        - mcse_...: the Monte-Carlo standard error of each of these; 0 of a probability that
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

        Its `ranks` has one row per level, with the probability of each rank (``rank_1`` is the
        highest typical rate), mean_rank, sucra and their mcse_... .

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
    drawn = draws_of(fit, outcome)
    check_ci_prob(ci_prob)
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
    ranks = _ranks(log_odds)
    return Contrasts(factor, held, ci_prob, pd.DataFrame(rows), ranks, fit, drawn.outcome)


def contrasts_with_reference(
    fit: Fit, *, outcome: str | None = None, profile: Profile | None, ci_prob: float
) -> tuple[Contrasts, ...]:
    """Return, of each factor, its levels against its reference; the others stand as in the profile."""
    return tuple(
        contrast(fit, factor, outcome=outcome, profile=profile, against=levels[0], ci_prob=ci_prob)
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


def _ranks(log_odds: Mapping[str, Array]) -> pd.DataFrame:
    """Return the probability of each rank by typical rate, 1 the highest, one row per level."""
    # Log-odds never run into 0 or 1 as rates do, and so have no ties.
    order = np.argsort(-np.stack(list(log_odds.values())), axis=0, kind="stable")
    ranks = np.argsort(order, axis=0) + 1.0
    rows = []
    for level, drawn in zip(log_odds, ranks, strict=True):
        mean, others = mean_of(drawn), len(log_odds) - 1
        found = {
            f"rank_{rank}": mean_of((drawn == rank).astype(np.float64))
            for rank in range(1, len(log_odds) + 1)
        }
        found["mean_rank"] = mean
        found["sucra"] = Estimate((len(log_odds) - mean.value) / others, mean.mcse / others)
        rows.append({"level": level, **with_errors(found)})
    return pd.DataFrame(rows)
