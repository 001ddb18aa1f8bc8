"""What a tau means for rates: the range of study rates about the typical rate, tau by tau."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_of
from bayesmeta.estimates.precision import Row, bounds_of, spread_of
from bayesmeta.estimates.profile_rates import own_parameters
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.links import Logit

BAND, GUIDE, POSTERIOR = "band", "guide", "posterior"
"""What a row of the table is about."""

GUIDES: Final[Mapping[str, float]] = {
    "small": 0.125,
    "moderate": 0.25,
    "substantial": 0.5,
    "large": 1.0,
    "very large": 2.0,
}
"""Heterogeneity by tau on the log-odds scale, on which the reference scale is 2 (Neuenschwander et al.
2010, doi:10.1177/1740774509356002, and the R package RBesT)."""

POINTS = 121
"""Values of tau at which the band is computed."""

BEYOND, LEAST_END = 1.2, 0.3
"""End of the values of tau in multiples of the posterior's upper bound, and the least end."""

_COLUMNS = ["kind", "name", "tau", "tau_lower", "tau_upper", "typical", "lower", "upper"]


@dataclass(frozen=True, eq=False)
class TauNumbers:
    """What a heterogeneity plot shows."""

    table: pd.DataFrame
    profile: str
    level: str
    distribution: Mapping[str, float]
    ci_prob: float


def tau_numbers(
    fit: Fit,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
) -> TauNumbers:
    """Return the range of true rates of studies by tau, at the posterior median of the typical rate.

    Returns
    -------
    TauNumbers
        Its `table` has one row per value of tau (kind ``band``), one for each guide value among them
        (kind ``guide``; none unless tau is of log-odds), and one for the posterior of tau (kind
        ``posterior``), with columns

        - kind, name: what the row is for;
        - tau: scale of the study effects (scale of the link); of the posterior, its median;
        - tau_lower, tau_upper: of the posterior, its equal-tailed interval;
        - typical: posterior median of the typical rate (probability);
        - lower, upper: between which the true rates of studies lie with probability `ci_prob`, by
          the distribution of study effects at this tau.

    References
    ----------
    Neuenschwander, Capkun-Niggli, Branson & Spiegelhalter 2010, doi:10.1177/1740774509356002.
    """
    drawn = draws_of(fit, outcome)
    check_ci_prob(ci_prob)
    _check_tau(drawn)
    coding, (low, _, high) = drawn.coding, bounds_of(ci_prob)
    level, rates = coding.tau_level(profile), drawn.rates(profile)
    tau = spread_of("tau", rates.tau, ci_prob)
    theta = float(np.median(rates.theta))
    distribution = {
        name: float(np.median(found))
        for name, found in own_parameters(drawn.fit, drawn.effects.parameters).items()
    }
    end = max(BEYOND * tau["tau_upper"], LEAST_END)
    guides = GUIDES if isinstance(drawn.link, Logit) else {}
    rows: list[Row] = [
        *({"kind": BAND, "name": "", "tau": at} for at in np.linspace(0, end, POINTS)),
        *({"kind": GUIDE, "name": name, "tau": at} for name, at in guides.items() if at <= end),
        {"kind": POSTERIOR, "name": "tau", **tau},
    ]
    table, rate = pd.DataFrame(rows), drawn.link.rate
    for name, p in (("lower", low), ("upper", high)):
        effects = drawn.effects.quantile(p, table["tau"].to_numpy(), **distribution)
        table[name] = rate(theta + effects)
    table = table.assign(typical=float(rate(theta))).reindex(columns=_COLUMNS)
    named = drawn.tau_levels[level] if coding.by else ""
    return TauNumbers(table, profile_label(coding, profile), named, distribution, ci_prob)


def _check_tau(drawn: OutcomeDraws) -> None:
    if "tau" not in drawn.fit.posterior:
        raise SettingsError(
            f"`fit` must be of a model with tau; '{drawn.fit.spec.name}' has {drawn.effects.name} study "
            "effects, which have none. Fit one with NormalEffects."
        )
