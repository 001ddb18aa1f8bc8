"""What borrowing from history changes in a single-arm trial, against a prior that borrows nothing."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.planning.arguments import check_priors
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.planning.success import Success

NO_BORROWING = "none"
VAGUE = BetaMixture((1.0,), (1.0,), (1.0,))
"""The prior that borrows nothing: every rate is as probable as another."""


def borrowing(
    n: int,
    success: Success | str,
    priors: Mapping[str, BetaMixture],
    *,
    rates: npt.ArrayLike,
    distribution: BetaMixture | None = None,
) -> pd.DataFrame:
    """Return a trial's properties under several priors, and under one that borrows nothing.

    Parameters
    ----------
    n : int
        Patients.
    success : Success or str
        Such as ``"P(rate > 0.35) > 0.9"``.
    priors : mapping of str to BetaMixture
        Priors of the analysis by name; the uniform prior is added as ``"none"``.
    rates : array-like
        True rates (probability).
    distribution : BetaMixture, optional
        Distribution of the rate over which success is averaged; the first prior where None.

    Returns
    -------
    DataFrame
        One row per prior and true rate: `prior`, `rate`, probability of `success`, and its `gain` over
        no borrowing. Of the prior: `boundary`, the smallest number of responders that succeeds,
        `type_one_error`, `expected_success` over `distribution`, and its `expected_gain`.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or a prior is named "none".

    Examples
    --------
    >>> found = borrowing(
    ...     40, "P(rate > 0.35) > 0.9", {"MAP": BetaMixture([1], a=[12], b=[13])}, rates=[0.35, 0.55]
    ... )
    >>> found.groupby("prior")["boundary"].first().to_dict()
    {'MAP': 16, 'none': 18}
    """
    check_priors(priors)
    if NO_BORROWING in priors:
        raise SettingsError(
            f"`priors` must not use the name '{NO_BORROWING}', which is that of the uniform prior. Choose another."
        )
    distribution = next(iter(priors.values())) if distribution is None else distribution
    trials = {
        name: SingleArmTrial(n, prior, success)  # type: ignore[arg-type]
        for name, prior in {**priors, NO_BORROWING: VAGUE}.items()
    }
    table = pd.concat([_rows(name, trial, rates, distribution) for name, trial in trials.items()])
    none = table[table["prior"] == NO_BORROWING]
    for gain, of in (("gain", "success"), ("expected_gain", "expected_success")):
        table[gain] = table[of] - np.tile(none[of], len(trials))
    columns = ["prior", "rate", "success", "gain", "boundary"]
    columns += ["type_one_error", "expected_success", "expected_gain"]
    return table[columns].reset_index(drop=True)


def _rows(
    name: str, trial: SingleArmTrial, rates: npt.ArrayLike, distribution: BetaMixture
) -> pd.DataFrame:
    table = trial.operating_characteristics(rates)
    return table.assign(
        prior=name,
        boundary=pd.array([trial.boundary] * len(table), dtype="Int64"),
        type_one_error=trial.type_one_error(),
        expected_success=trial.probability_of_success(distribution),
    )
