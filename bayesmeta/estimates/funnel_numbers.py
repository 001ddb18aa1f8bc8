"""Every number of a funnel plot: arms by size, and the limits within which they are expected."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.drawable import check_drawable
from bayesmeta.estimates.funnel_limits import interpolated_limits, representatives
from bayesmeta.estimates.observed_arms import observed_arms
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.inference.result import Fit

__all__ = ["ARM", "LIMITS", "FunnelNumbers", "funnel_numbers"]

Counts = npt.NDArray[np.int64]

ARM, LIMITS = "arm", "limits"
"""What a row of the table is about."""

SIZES = 80
"""Sizes at which the limits are computed, at most."""

BEYOND = 1.15
"""Largest size in multiples of the largest arm's."""


_COLUMNS = ["kind", "study", "arm", "label", "events", "n", "rate", "chance_lower", "chance_upper"]
_COLUMNS += ["model_lower", "model_upper", "outside"]


@dataclass(frozen=True, eq=False)
class FunnelNumbers:
    """What a funnel plot shows.

    Parameters
    ----------
    table : DataFrame
        The rows; see `funnel_numbers`.
    typical : float
        Posterior median of the typical rate (probability), about which the limits are.
    profile : str
        Covariate values at which it stands.
    ci_prob : float
        Probability that an arm lies within its limits.
    """

    table: pd.DataFrame
    typical: float
    profile: str
    ci_prob: float


def funnel_numbers(fit: Fit, *, ci_prob: float = 0.95) -> FunnelNumbers:
    """Return the numbers of a funnel plot, at the reference profile.

    Parameters
    ----------
    fit : Fit
        Posterior draws.
    ci_prob : float
        Probability that an arm lies within its limits.

    Returns
    -------
    FunnelNumbers
        Its `table` has one row per arm with patients (kind ``arm``) and then one for each of some sizes
        (kind ``limits``), with columns

        - kind, study, arm, label: what the row is for;
        - events, n, rate: responders, patients, and observed rate (probability);
        - chance_lower, chance_upper: limits (probability) for an arm of this size if its true rate is
          the posterior median of the typical rate;
        - model_lower, model_upper: the same if its true rate is that of a new study, whose law has
          the heterogeneity between studies and what is not known of the parameters;
        - outside: for an arm, the limits it lies outside of: nothing, ``chance`` or ``model``.

    Raises
    ------
    SettingsError
        If `fit` is no Fit of one outcome, or `ci_prob` is not between 0 and 1.
    EvidenceError
        If no arm has patients.

    References
    ----------
    Spiegelhalter 2005, doi:10.1002/sim.1970 (limits of proportions).
    """
    check_drawable(fit)
    check_ci_prob(ci_prob)
    rates = profile_rates(fit, None)
    typical = float(np.median(rates.typical))
    new_study = representatives(expit(rates.new_study().theta))
    arms = observed_arms(fit.arms).assign(kind=ARM)
    sizes = pd.DataFrame({"kind": LIMITS, "n": _sizes(int(arms["n"].max()))})
    table = pd.concat([arms, sizes], ignore_index=True)
    n = table["n"].to_numpy(dtype=np.int64)
    for law, nodes in (("chance", np.array([typical])), ("model", new_study)):
        table[f"{law}_lower"], table[f"{law}_upper"] = interpolated_limits(n, nodes, ci_prob)
    table["outside"] = _outside(table)
    text = ["study", "arm", "label"]
    table[text] = table[text].fillna("")
    table = table[_COLUMNS].astype({"events": "Int64"})
    return FunnelNumbers(table, typical, profile_label(fit.design.coding, None), ci_prob)


def _sizes(largest: int) -> Counts:
    """Return sizes from 1 to beyond the largest arm's, even on a square-root scale."""
    roots = np.linspace(1, np.sqrt(BEYOND * largest + 1), SIZES)
    return np.unique(np.round(roots**2).astype(np.int64))


def _outside(table: pd.DataFrame) -> "npt.NDArray[np.str_]":
    """Return the widest limits that each row's rate lies outside of."""
    beyond = {
        law: (table["rate"] < table[f"{law}_lower"]) | (table["rate"] > table[f"{law}_upper"])
        for law in ("chance", "model")
    }
    return np.where(beyond["model"], "model", np.where(beyond["chance"], "chance", ""))
