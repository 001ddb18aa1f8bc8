"""`identifiability`: what each parameter of a fit is known from."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.information import coefficient_basis
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_by_outcome
from bayesmeta.estimates.overlap import prior_overlap
from bayesmeta.inference.result import Fit

__all__ = ["identifiability"]

Array = npt.NDArray[np.float64]
Row = dict[str, Any]

_COLUMNS = ["coefficient", "studies", "within_share", "between_only", "prior_overlap"]


def identifiability(fit: Fit) -> pd.DataFrame:
    """Return what each coefficient, and tau, is known from.

    Parameters
    ----------
    fit : Fit
        Posterior draws.

    Returns
    -------
    DataFrame
        One row per coefficient, one for tau (or each of them) and one for each parameter of another
        part (nu, outlier_proportion, tau_arm, rho), as far as the model has them, with columns

        - outcome, first, of nested outcomes only: whose conditional probability it is of;
        - coefficient: ``regimen_class[ven_ldac]``, ..., ``tau``;
        - studies: how many studies with patients inform it: of a column of zeros and ones, such
          as a level's, the studies with an arm at one; of another column, the studies with an arm off
          the column's commonest value, without which there would be no differences; of tau, all (of
          its level);
        - within_share: share, from 0 to 1, of the information on the coefficient that is within
          studies, see `within_shares`; NaN where the evidence has none, and of other parameters;
        - between_only: whether all of it comes from differences between studies; False of other
          parameters, which are about nothing else;
        - prior_overlap: overlap of the densities of prior and posterior, from 0 to 1.

    Raises
    ------
    SettingsError
        If `fit` has no draws, or is of a user-supplied PyMC model.

    References
    ----------
    Berlin et al. 2002, doi:10.1002/sim.1023 (ecological bias in meta-regression).
    Garrett & Zeger 2000, doi:10.1111/j.0006-341X.2000.01055.x (overlap of prior and posterior).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from bayesmeta.estimates.identifiability import identifiability
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> table = identifiability(bm.fit(bm.load_model("regimen"), arms, seed=1))
    >>> table.loc[table["studies"] < 3, "coefficient"].tolist()
    ['regimen_class[ven_dli]', 'regimen_class[ven_ldac]', 'regimen_class[ven_targeted]']
    """
    each = draws_by_outcome(fit)
    check_family(fit, "identifiability")
    rows = [{"outcome": drawn.outcome, **row} for drawn in each for row in _rows(drawn)]
    columns = ["outcome", *_COLUMNS] if len(each) > 1 else _COLUMNS
    return pd.DataFrame(rows, columns=columns).astype({"studies": "int64", "between_only": "bool"})


def _rows(drawn: OutcomeDraws) -> Iterator[Row]:
    """Yield the rows of one outcome: its coefficients, each tau, and parameters of other parts."""
    known = coefficient_basis(drawn)
    matrix, informative, study = known.matrix, known.informative, known.study
    for i, (name, prior, draws) in enumerate(drawn.coefficients()):
        studies, share = _informing(matrix[:, i], informative, study), known.shares[i]
        yield _row(name, studies, share, prior_overlap(prior, draws))
    level_of_study = drawn.tau_of_study[np.unique(drawn.arms.study_index[drawn.arms.n > 0])]
    several = len(drawn.tau_levels) > 1
    for level, (name, prior, draws) in enumerate(drawn.taus()):
        studies = int((level_of_study == level).sum()) if several else level_of_study.size
        studies = int(np.unique(study[informative]).size) if drawn.outcome else studies
        yield _row(name, studies, np.nan, prior_overlap(prior, draws))
    for name, prior, draws in drawn.others():
        yield _row(name, level_of_study.size, np.nan, prior_overlap(prior, draws))


def _row(name: str, studies: int, share: float, overlap: float) -> Row:
    found = name, studies, share, share == 0, overlap
    return dict(zip(_COLUMNS, found, strict=True))


def _informing(column: Array, there: npt.NDArray[np.bool_], study: npt.NDArray[np.int64]) -> int:
    """Return how many studies, with arms that are `there`, inform the coefficient of a column."""
    values, counts = np.unique(column[there], return_counts=True)
    if not values.size:
        return 0
    idle = 0.0 if np.isin(column, (0, 1)).all() else values[counts.argmax()]
    return int(np.unique(study[there & (column != idle)]).size)
