"""The verdict on draws as values: what they must keep, what is wrong, and the grade."""

from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from bayesmeta.errors import DiagnosticsError, listed

__all__ = ["THRESHOLDS", "Diagnostics", "Problem", "Thresholds"]


@dataclass(frozen=True)
class Thresholds:
    """What draws must keep to be used.

    Parameters
    ----------
    r_hat : float
        Largest rank-normalised split R-hat of a parameter.
    ess : float
        Smallest bulk and tail effective sample size of a parameter.
    e_bfmi : float
        Smallest energy fraction of missing information of a chain.
    chains : int
        Fewest chains: one can't show that chains disagree.
    divergent : float
        Largest share of transitions that may diverge where all else is well. Divergences mark a region
        that the draws may miss. One of 0.1% moves the 2.5% beyond a limit to at most 2.6%: less than the
        Monte-Carlo error that an ESS of 400 leaves, 0.8 percentage points.
    limits : float
        Largest Monte-Carlo standard error of the 95% limits of mu, in posterior standard deviations,
        that goes without saying.
    """

    r_hat: float = 1.01
    ess: float = 400
    e_bfmi: float = 0.3
    chains: int = 2
    divergent: float = 0.001
    limits: float = 0.1


THRESHOLDS: Final = Thresholds()
"""Vehtari et al. 2021 (doi:10.1214/20-BA1221) for R-hat and ESS; Betancourt 2017 (arXiv:1701.02434)
for E-BFMI."""


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
class Diagnostics:
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
