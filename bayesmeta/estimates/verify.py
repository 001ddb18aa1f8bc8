"""`verify`: an MCMC fit against the deterministic posterior of the same model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.posterior import check_one_outcome
from bayesmeta.estimates.precision import Estimate
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.estimates.rates import RatesByQuadrature
from bayesmeta.inference.exact import quadrature_fit
from bayesmeta.inference.result import Fit
from bayesmeta.shown import Shown

PROBABILITIES = (0.025, 0.25, 0.5, 0.75, 0.975)
QUANTITIES = {
    "mu": "mu",
    "tau": "tau",
    "typical rate": "typical",
    "mean rate": "mean",
    "new study": "new_study",
}
"""What is compared, and what a posterior calls it."""

LARGEST_Z = 4.0
LARGEST_DISTANCE = 0.02
COHORT = 40


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Shown):
    """How far an MCMC fit lies from the deterministic posterior.

    Parameters
    ----------
    table : DataFrame
        One row per quantity (`mu`, `tau`, ``typical rate``, ``mean rate``, ``new study``) and
        statistic (mean and quantiles): the MCMC value with its MCSE, the exact value, and z, their
        difference in MCSE.
    total_variation : float
        Half the summed absolute difference of the predictive probabilities of 0 to 40 responders
        of a new cohort of 40.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.verify(bm.fit(bm.load_model("pooled"), arms, seed=1))
    >>> found.ok, found.largest_z < 4
    (True, True)
    """

    table: pd.DataFrame
    total_variation: float

    @property
    def largest_z(self) -> float:
        """Largest absolute difference, in Monte-Carlo standard errors."""
        return float(self.table["z"].abs().max())

    @property
    def ok(self) -> bool:
        """Whether all differ by at most 4 MCSE and the predictive probabilities by at most 0.02."""
        return self.largest_z <= LARGEST_Z and self.total_variation <= LARGEST_DISTANCE

    def __repr__(self) -> str:
        return (
            f"Verification({'ok' if self.ok else 'NOT OK'}: largest difference {self.largest_z:.1f} MCSE, "
            f"predictive total variation {self.total_variation:.4f})"
        )


def verify(fit: Fit) -> Verification:
    """Compare an MCMC fit with the deterministic posterior of the same model and arms.

    Parameters
    ----------
    fit : Fit
        Draws of a model without covariates.

    Returns
    -------
    Verification
        With `ok`, `table` and `total_variation`.

    Raises
    ------
    SpecError
        If the model has covariates, for which there is no deterministic posterior.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.verify(bm.fit(bm.load_model("pooled"), arms, seed=1))
    >>> found.ok
    True
    >>> medians = found.table[found.table["statistic"] == "50.0%"].set_index("quantity")
    >>> medians["exact"].round(2).to_dict()
    {'mu': -1.38, 'tau': 0.77, 'typical rate': 0.2, 'mean rate': 0.23, 'new study': 0.2}
    """
    check_one_outcome(fit, "`verify`")
    check_family(fit, "verify")
    exact, rates = RatesByQuadrature(quadrature_fit(fit.design), None), profile_rates(fit, None)
    rows = []
    for quantity, target in QUANTITIES.items():
        drawn = rates.distribution("theta" if target == "mu" else target)
        truth = exact.distribution(target)
        if drawn is None or truth is None:
            continue
        rows.append(_row(quantity, "mean", drawn.mean(), truth.mean()))
        for p in PROBABILITIES:
            rows.append(_row(quantity, f"{p:.1%}", drawn.quantile(p), truth.quantile(p)))
    distance = np.abs(rates.cohort().pmf(COHORT) - exact.cohort().pmf(COHORT)).sum() / 2
    return Verification(pd.DataFrame(rows), float(distance))


def _row(quantity: str, statistic: str, found: Estimate, exact: Estimate) -> dict[str, object]:
    gap = found.value - exact.value
    z = gap / found.mcse if found.mcse > 0 else (0.0 if gap == 0 else np.inf)
    row = {"quantity": quantity, "statistic": statistic, "mcmc": found.value, "mcse": found.mcse}
    return row | {"exact": exact.value, "z": z}
