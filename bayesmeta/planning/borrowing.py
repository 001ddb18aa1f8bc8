"""What borrowing from history changes in a single-arm trial, against a prior that borrows nothing."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.planning.analysis_priors import AnalysisPrior, belief, check_priors
from bayesmeta.planning.arguments import check_mixture
from bayesmeta.planning.design_prior import JointDesign, alternative_of, single_arm_design
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.robust import VAGUE
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.planning.success import Success, as_success

NO_BORROWING = "none"
"""Name of the uniform prior."""


def borrowing(
    n: int,
    success: Success | str,
    priors: Mapping[str, AnalysisPrior],
    *,
    rates: npt.ArrayLike,
    distribution: BetaMixture | None = None,
    alternative: float | None = None,
) -> pd.DataFrame:
    """Return a trial's properties under several priors, and under one that borrows nothing.

    All are exact, by enumeration of the numbers of responders.

    Parameters
    ----------
    n : int
        Patients.
    success : Success or str
        Such as ``"P(rate > 0.35) > 0.9"``.
    priors : mapping of str to BetaMixture or SamPrior
        Priors of the analysis by name; the uniform prior is added as ``"none"``.
    rates : array-like
        True rates (probability).
    distribution : BetaMixture, optional
        Design prior: distribution of the rate over which the decisions are averaged; the first prior
        where None.
    alternative : float, optional
        True rate (probability) of the power, which failure should not miss; the farthest threshold of
        `success` where None.

    Returns
    -------
    DataFrame
        One row per prior and true rate: `prior`, `rate`, probability of `success`, and its `gain` over
        no borrowing; `bias`, `mse` and `ess` of the posterior mean (`SingleArmTrial.estimation`). Of
        the prior: `boundary`, the smallest number of responders that succeeds, `type_one_error`,
        `power`, `expected_success` over `distribution`, and its `expected_gain`; `false_success` and
        `missed` (`BayesianCharacteristics`), missing where none, or all, succeed.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or a prior is named "none".

    Examples
    --------
    >>> from bayesmeta.planning.sam import SamPrior
    >>> history = BetaMixture([1], a=[12], b=[13])
    >>> priors = {"MAP": history, "SAM": SamPrior(history, delta=0.2)}
    >>> found = borrowing(40, "P(rate > 0.35) > 0.9", priors, rates=[0.35, 0.55])
    >>> found.groupby("prior")["boundary"].first().to_dict()
    {'MAP': 16, 'SAM': 17, 'none': 18}
    >>> found.groupby("prior")["false_success"].first().round(3).to_dict()
    {'MAP': 0.02, 'SAM': 0.013, 'none': 0.008}

    See Also
    --------
    plan : The same with a MAP prior, its robust version and, on demand, a SAM prior.
    """
    check_priors(priors)
    if NO_BORROWING in priors:
        raise SettingsError(
            f"`priors` must not use the name '{NO_BORROWING}', which is that of the uniform prior. Choose another."
        )
    success = as_success(success)
    trials = {
        name: SingleArmTrial(n, prior, success)
        for name, prior in {**priors, NO_BORROWING: VAGUE}.items()
    }
    design = belief(next(iter(priors.values()))) if distribution is None else distribution
    check_mixture("distribution", design)
    joint = single_arm_design(design, n, success, alternative_of(success, alternative))
    table = pd.concat([_rows(name, trial, rates, joint) for name, trial in trials.items()])
    none = table[table["prior"] == NO_BORROWING]
    for gain, of in (("gain", "success"), ("expected_gain", "expected_success")):
        table[gain] = table[of] - np.tile(none[of], len(trials))
    columns = ["prior", "rate", "success", "gain", "bias", "mse", "ess", "boundary"]
    columns += ["type_one_error", "power", "expected_success", "expected_gain"]
    columns += ["false_success", "missed"]
    return table[columns].reset_index(drop=True)


def _rows(
    name: str, trial: SingleArmTrial, rates: npt.ArrayLike, joint: JointDesign
) -> pd.DataFrame:
    estimated = trial.estimation(rates).drop(columns="rate")
    table = pd.concat([trial.operating_characteristics(rates), estimated], axis=1)
    found = joint.characteristics(trial.successes)
    return table.assign(
        prior=name,
        boundary=pd.array([trial.boundary] * len(table), dtype="Int64"),
        type_one_error=trial.type_one_error(),
        power=trial.type_one_error(joint.alternative),
        expected_success=found.success,
        false_success=_or_missing(found.false_success),
        missed=_or_missing(found.missed),
    )


def _or_missing(value: float | None) -> float:
    return float("nan") if value is None else value
