"""Predictive checks: of counts replicated from a posterior, and of arms held out of a fit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from bayesmeta.arrays import Integers
from bayesmeta.calibration.bands import band
from bayesmeta.comparison.left_out import coverage_of
from bayesmeta.errors import EvidenceError, counted
from bayesmeta.estimates.posterior import check_one_outcome
from bayesmeta.inference.blocks import blocks
from bayesmeta.inference.result import Fit
from bayesmeta.inference.simulation import draw_events
from bayesmeta.numeric import check_seed
from bayesmeta.shown import Shown

STATISTICS = ("chi-square", "sd of rates")


@dataclass(frozen=True, eq=False, repr=False)
class PosteriorPredictiveCheck(Shown):
    """Counts replicated from a posterior, beside those that were seen.

    Made by `posterior_predictive_check`.

    Parameters
    ----------
    model : str
        Name of the model.
    table : DataFrame
        One row per `statistic`: ``"chi-square"``, Pearson's, of the arms' counts against their
        pooled rate, and ``"sd of rates"``, the standard deviation (n - 1) of the arms' rates
        events / n (probability). `observed`; the replicated `lower`, `median` and `upper`
        (2.5%, 50%, 97.5%); `p`, the probability that a replicated one is at least so high, those
        that are equal counted half, and its Monte-Carlo error `mcse_p`, as if draws were
        independent.
    arms : DataFrame
        Study, arm, `events` and `n` of the arms with patients.
    events : array
        Replicated responders, shape (chain * draw, arm), in the order of `arms`.
    statistics : DataFrame
        The replicated statistics, one row per replicate.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1)
    >>> check = bm.posterior_predictive_check(fit, seed=1)
    >>> bool((check.table["p"] < 0.001).all())  # one rate does not make arms that differ so
    True
    """

    model: str
    table: pd.DataFrame
    arms: pd.DataFrame
    events: Integers
    statistics: pd.DataFrame

    def __repr__(self) -> str:
        told = ", ".join(f"{row.statistic} p = {row.p:.3f}" for row in self.table.itertuples())
        return f"PosteriorPredictiveCheck({counted(len(self.arms), 'arm')}; {told})"


def posterior_predictive_check(fit: Fit, *, seed: int) -> PosteriorPredictiveCheck:
    """Replicate the counts of every arm from the posterior, and compare how much arms differ.

    Each draw replicates the arms once, with the effects that it has of these studies and arms: the
    check of whether the fit makes data like those seen. Arms of a
    beta-binomial likelihood get new rates. The p-values are conservative, near 0.5
    where each study has an effect of its own, since an effect follows its counts: a p near 0 or 1 is
    a misfit, one near 0.5 is little praise. A check with new effects for every study, the mixed one
    of Marshall and Spiegelhalter, asks instead whether such studies could come from the
    distribution of the effects; `leave_one_study_out` asks that, without use of a study's own counts.

    Parameters
    ----------
    fit : Fit
        Posterior draws, those of arms among them.
    seed : int
        Random seed.

    Returns
    -------
    PosteriorPredictiveCheck
        `table` has the statistics, `events` the replicated counts.

    Raises
    ------
    SettingsError
        If the fit is not a fit of one outcome or kept no draws of arms, or the seed is out of range.
    EvidenceError
        If fewer than two arms have patients.

    References
    ----------
    Gelman, Meng & Stern 1996, Statistica Sinica 6:733-807 (the check).
    Marshall & Spiegelhalter 2003, doi:10.1002/sim.1403 (the mixed check).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> check = bm.posterior_predictive_check(fit, seed=1)
    >>> bool(check.table["p"].between(0.05, 0.95).all())
    True
    """
    check_one_outcome(fit, "`posterior_predictive_check`")
    rng = np.random.default_rng(check_seed(seed))
    fit.require("theta", "`posterior_predictive_check`")
    informed = fit.arms.n > 0
    if informed.sum() < 2:  # noqa: PLR2004 - arms that can differ
        raise EvidenceError(
            f"`posterior_predictive_check` needs two arms with patients; got {informed.sum()}."
        )
    arms = fit.arms.frame.loc[informed, ["study", "arm", "events", "n"]].reset_index(drop=True)
    n = arms["n"].to_numpy(dtype=np.int64)
    events = np.concatenate([part[:, informed] for part in _replicates(fit, rng)])
    replicated = _statistics(events, n)
    observed = _statistics(arms["events"].to_numpy(dtype=np.int64)[None], n)
    table = pd.DataFrame(
        [_row(name, float(observed[name].iloc[0]), replicated[name]) for name in STATISTICS]
    )
    return PosteriorPredictiveCheck(fit.spec.name, table, arms, events, replicated)


def _replicates(fit: Fit, rng: np.random.Generator) -> Iterator[Integers]:
    """Yield the replicated responders of some draws, shape (draw, arm)."""
    posterior = fit.posterior
    names = ["theta", *fit.design.spec.likelihood.parameters]
    # Of a total over levels, the coefficients say how its levels differ.
    names += [name for name in ("beta", "b") if fit.design.totals.arm.size and name in posterior]
    for chain, rows in blocks(posterior.sizes["chain"], posterior.sizes["draw"], len(fit.arms)):
        part = {name: np.asarray(posterior[name].variable[chain, rows]) for name in names}
        yield draw_events(fit.design, part, rng)


def _statistics(events: Integers, n: Integers) -> pd.DataFrame:
    """Return the statistics of each row of counts, dims (replicate, arm)."""
    pooled = events.sum(axis=1, keepdims=True) / n.sum()
    variance = n * pooled * (1 - pooled)
    squares = (events - n * pooled) ** 2
    # Without a responder, or with nothing else, arms do not differ.
    chi = np.divide(squares, variance, out=np.zeros_like(variance), where=variance > 0)
    return pd.DataFrame(
        dict(zip(STATISTICS, (chi.sum(axis=1), (events / n).std(axis=1, ddof=1)), strict=True))
    )


def _row(name: str, observed: float, replicated: "pd.Series[float]") -> dict[str, float | str]:
    drawn = replicated.to_numpy()
    lower, median, upper = np.quantile(drawn, (0.025, 0.5, 0.975))
    equal = np.isclose(drawn, observed, rtol=1e-9, atol=1e-12)
    score = np.where(equal, 0.5, drawn > observed)
    return {
        "statistic": name,
        "observed": observed,
        "lower": lower,
        "median": median,
        "upper": upper,
        "p": float(score.mean()),
        "mcse_p": float(score.std() / np.sqrt(len(score))),
    }


BAND = 0.95
"""Probability with which the band holds the whole line if predictions are right."""

PLACES = 50
"""Places at which the distribution function of the PITs is looked at, at most."""

FEW = 20
"""Arms below which a check finds only gross errors."""


def pit_table(arms: pd.DataFrame) -> pd.DataFrame:
    """Return how the distribution function of the PITs of arms strays from even, and what chance allows.

    Columns: `place` from 0 to 1; `difference`, the share of PITs up to there minus the place; `lower`
    and `upper`, the band that holds all differences at once with probability 95% if the PITs are
    independent and uniform; `outside`.

    References
    ----------
    Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6.
    """
    pit = np.sort(arms["pit"].to_numpy(dtype=np.float64))
    places = max(2, min(PLACES, len(pit)))
    place = np.arange(places + 1) / places
    count = np.searchsorted(pit, place, side="right")
    limits = band(len(pit), places, BAND)
    lower, upper = (np.array([0, *edge, len(pit)]) for edge in (limits.lower, limits.upper))
    return pd.DataFrame(
        {
            "place": place,
            "difference": count / len(pit) - place,
            "lower": lower / len(pit) - place,
            "upper": upper / len(pit) - place,
            "outside": (count < lower) | (count > upper),
        }
    )


def coverage_table(arms: pd.DataFrame) -> pd.DataFrame:
    """Return `coverage_of` with the exact 95% interval of each share, as if arms were independent.

    References
    ----------
    Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
    """
    table = coverage_of(arms)
    inside, number = table["inside"].to_numpy(float), table["arms"].to_numpy(float)
    tail = (1 - BAND) / 2
    with np.errstate(invalid="ignore"):
        lower = np.where(
            inside > 0, betaincinv(np.maximum(inside, 1), number - inside + 1, tail), 0.0
        )
        upper = np.where(
            inside < number, betaincinv(inside + 1, np.maximum(number - inside, 1), 1 - tail), 1.0
        )
    return table.assign(lower=lower, upper=upper)
