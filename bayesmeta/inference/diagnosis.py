"""`diagnose`: whether draws may be used, as a value; raising is the caller's choice."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.arrays import Array
from bayesmeta.errors import DiagnosticsError, SettingsError, listed
from bayesmeta.inference.convergence import (
    convergence_table,
    e_bfmi as energy_fractions,
    largest_mcse_of_limits,
)
from bayesmeta.inference.result import Fit
from bayesmeta.shown import Shown


class Thresholds(NamedTuple):
    """What draws must keep to be used."""

    r_hat: float = 1.01
    """Largest rank-normalised split R-hat of a parameter."""
    ess: float = 400
    """Smallest bulk and tail effective sample size of a parameter."""
    e_bfmi: float = 0.3
    """Smallest energy fraction of missing information of a chain."""
    chains: int = 2
    """Fewest chains: one cannot show that chains disagree."""
    divergent: float = 0.001
    """Largest share of transitions that may diverge where all else is well. Divergences mark a region
    that the draws may miss. One of 0.1% moves the 2.5% beyond a limit to at most 2.6%: less than the
    Monte-Carlo error that an ESS of 400 leaves, 0.8 percentage points."""
    limits: float = 0.1
    """Largest Monte-Carlo standard error of the 95% limits of mu, in posterior standard deviations,
    without a warning."""


THRESHOLDS: Final = Thresholds()
"""Vehtari et al. 2021 (doi:10.1214/20-BA1221) for R-hat and ESS; Betancourt 2017 (arXiv:1701.02434)
for E-BFMI."""

REMEDIES: Final = {
    "chains": "Sample four.",
    "stuck": "Fit again with another seed, or raise target_accept.",
    "r_hat": "Sample longer; if that does not help, use stronger priors or a simpler model.",
    "ess": "Keep more draws.",
    "tree_depth": "Raise max_treedepth.",
    "e_bfmi": "Use a stronger prior on tau, or sample longer.",
    "divergences": "Raise target_accept towards 1, or use a stronger prior on tau.",
    "limits": "Keep more draws, or use a stronger prior on mu.",
}
"""What to do about each kind of problem."""


@dataclass(frozen=True)
class Problem:
    """One way in which draws fail.

    Parameters
    ----------
    kind : str
        ``r_hat``, ``ess``, ``divergences``, ``tree_depth``, ``e_bfmi``, ``chains``, ``stuck`` or
        ``limits``.
    message : str
        What was found, against which threshold.
    remedy : str
        What to do.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> one_chain = bm.SamplerSettings(chains=1)
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=one_chain)
    >>> problem = bm.diagnose(fit).problems[0]
    >>> problem.kind, problem.remedy
    ('chains', 'Sample four.')
    """

    kind: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


@dataclass(frozen=True, eq=False, repr=False)
class Diagnostics(Shown):
    """The diagnosis of a fit.

    Parameters
    ----------
    table : DataFrame
        One row per scalar parameter: r_hat, ess_bulk, ess_tail.
    problems : tuple of Problem
        What is wrong; empty for draws that may be used.
    divergences : int
        Divergent transitions after warm-up.
    e_bfmi : tuple of float
        Energy fraction of missing information of each chain.
    unchecked : tuple of str
        Parameters that the model has but whose draws the fit did not keep.
    warnings : tuple of Problem
        What to know of draws that may be used: a few divergences, limits that are not precise.
    repeats : tuple of str
        Why the fit was sampled again, and at what cost.
    limits : float
        Monte-Carlo standard error of the 95% limits of mu, in posterior standard deviations.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.diagnose(bm.fit(bm.load_model("pooled"), arms, seed=1)).raise_for_problems()
    """

    table: pd.DataFrame
    problems: tuple[Problem, ...]
    divergences: int
    e_bfmi: tuple[float, ...]
    unchecked: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    repeats: tuple[str, ...] = ()
    limits: float = float("nan")

    @property
    def level(self) -> Literal["ok", "warning", "failed"]:
        """The grade of the draws; with a warning they may be used."""
        if self.problems:
            return "failed"
        return "warning" if self.warnings else "ok"

    @property
    def ok(self) -> bool:
        """Whether the draws may be used."""
        return not self.problems

    def raise_for_problems(self) -> None:
        """Raise a DiagnosticsError that lists the problems, if there are any."""
        if self.problems:
            raise DiagnosticsError(
                "These draws should not be used. " + " ".join(map(str, self.problems))
            )

    def __repr__(self) -> str:
        words = {"ok": "ok", "warning": "ok with a warning: ", "failed": "NOT RELIABLE: "}
        told = "; ".join(one.message for one in self.problems or self.warnings)
        verdict = words[self.level] + told
        unchecked = f"; {listed(self.unchecked)} not kept, not checked" if self.unchecked else ""
        return (
            f"Diagnostics({verdict}; largest R-hat {self.table['r_hat'].max():.3f}, smallest ESS bulk "
            f"{self.table['ess_bulk'].min():.0f} and tail {self.table['ess_tail'].min():.0f}, "
            f"{self.divergences} divergences{unchecked})"
        )


def diagnose(fit: Fit) -> Diagnostics:
    """Return the diagnosis of a fit: convergence of every parameter, and the sampler's own signs.

    Checked: R-hat at most 1.01 and bulk and tail ESS at least 400 for each parameter; no divergences;
    no trajectory at its greatest depth; E-BFMI at least 0.3 in each chain; two chains or more; no chain
    that stands still. Where all else is well, divergences of at most 0.1% of the transitions are a
    warning. Parameters whose draws were not kept are named by `unchecked`.

    Parameters
    ----------
    fit : Fit
        Posterior draws.

    Returns
    -------
    Diagnostics
        With `ok`, `problems`, `table` and `raise_for_problems()`.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, doi:10.1214/20-BA1221 (R-hat, ESS).
    Betancourt 2016, arXiv:1604.00695 (E-BFMI).
    Betancourt 2017, arXiv:1701.02434 (its threshold).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.diagnose(bm.fit(bm.load_model("pooled"), arms, seed=1))
    >>> found.ok, found.divergences
    (True, 0)
    """
    # The arguments of users may be anything.
    if not isinstance(fit, Fit):
        raise SettingsError(f"`fit` must be a Fit; got {type(fit).__name__}. Make one by bm.fit.")
    table, statistics = convergence_table(fit.posterior), fit.draws["sample_stats"].to_dataset()
    e_bfmi = energy_fractions(np.asarray(statistics["energy"]))
    divergences = int(np.asarray(statistics["diverging"]).sum())
    problems = (
        *_about_parameters(table, np.asarray(fit.posterior["mu"])),
        *_about_sampler(statistics, e_bfmi),
    )
    limits, drawn = largest_mcse_of_limits(fit.posterior["mu"]), statistics["diverging"].size
    few = not problems and divergences <= THRESHOLDS.divergent * drawn
    diverged = tuple(_about_divergences(divergences, drawn))
    return Diagnostics(
        table,
        problems if few else (*problems, *diverged),
        divergences,
        tuple(map(float, e_bfmi)),
        _unchecked(fit),
        (*(diverged if few else ()), *_about_limits(limits)),
        fit.provenance.repeats,
        limits,
    )


def _unchecked(fit: Fit) -> tuple[str, ...]:
    """Return the parameters of studies and arms that the model has and the fit did not keep."""
    there = {
        "u": fit.spec.study_effects.has_effects,
        "w": fit.spec.arm_effects is not None,
        "x": bool(fit.design.imputed),
    }
    return tuple(name for name, has in there.items() if has and name not in fit.posterior)


def _about_parameters(table: pd.DataFrame, mu: Array) -> Iterable[Problem]:
    alone = len(mu) < THRESHOLDS.chains
    if alone:
        yield _problem("chains", "There is one chain, which cannot show that chains disagree.")
    still = [str(chain) for chain, draws in enumerate(mu) if draws.size > 1 and np.ptp(draws) == 0]
    if still:
        yield _problem("stuck", f"Chain {listed(still)} does not move.")
    # NaN fails too: a statistic that cannot be computed cannot speak for the draws.
    unlike = table.index[~(table["r_hat"].to_numpy() <= THRESHOLDS.r_hat)]
    # That of one chain is never known, which has been said.
    if len(unlike) and not alone:
        limit = f"exceeds {THRESHOLDS.r_hat} or is undefined"
        yield _problem("r_hat", f"R-hat {limit} for {listed(unlike)}: the chains disagree.")
    for what in ("bulk", "tail"):
        few = table.index[~(table[f"ess_{what}"].to_numpy() >= THRESHOLDS.ess)]
        if len(few):
            least = f"The {what} ESS is below {THRESHOLDS.ess:.0f}"
            yield _problem("ess", f"{least} for {listed(few)}: the estimates are noisy.")


def _about_sampler(statistics: xr.Dataset, e_bfmi: Array) -> Iterable[Problem]:
    deepest = int(np.asarray(statistics["reached_max_treedepth"]).sum())
    if deepest:
        ended = f"{deepest} trajectories ended at the greatest tree depth"
        yield _problem("tree_depth", f"{ended}: the chains move slowly.")
    if (e_bfmi < THRESHOLDS.e_bfmi).any():
        least = f"E-BFMI is {e_bfmi.min():.2f} in a chain, below {THRESHOLDS.e_bfmi}"
        yield _problem("e_bfmi", f"{least}: the tails are explored badly.")


def _about_divergences(divergences: int, drawn: int) -> Iterable[Problem]:
    if divergences:
        share = f"{divergences:,} of {drawn:,} transitions diverged"
        yield _problem("divergences", f"{share}: part of the posterior may be missed.")


def _about_limits(limits: float) -> Iterable[Problem]:
    if limits > THRESHOLDS.limits:
        error = f"The Monte-Carlo error of the 95% limits of mu is {limits:.2f} posterior"
        yield _problem("limits", f"{error} standard deviations.")


def _problem(kind: str, message: str) -> Problem:
    return Problem(kind, message, REMEDIES[kind])
