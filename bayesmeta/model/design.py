"""A model meets its evidence: the numbers that both the definition and the fast density use."""

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import SpecError, listed, nearest
from bayesmeta.evidence import Arms
from bayesmeta.model.coding import Coding
from bayesmeta.model.learning import learn_coding, missing_covariates
from bayesmeta.model.spec import ModelSpec
from bayesmeta.priors import Prior

__all__ = ["Design", "EvidenceWarning", "make_design"]


class EvidenceWarning(UserWarning):
    """Rows of the evidence were left out of a fit."""


@dataclass(frozen=True, eq=False)
class Design:
    """A specification with the arms it is fitted to and the coding learnt from them."""

    spec: ModelSpec
    arms: Arms
    coding: Coding

    @cached_property
    def matrix(self) -> npt.NDArray[np.float64]:
        """Coded covariates, dims (arm, covariate)."""
        return self.coding.matrix(self.arms.frame)

    @property
    def beta(self) -> tuple[Prior, ...]:
        """Prior of each coefficient, in the order of the columns."""
        priors = self.spec.beta_priors
        return tuple(priors.get(name, priors["default"]) for name in self.coding.names)


def make_design(spec: ModelSpec, arms: Arms) -> Design:
    """Return the design of `spec` on `arms`, leaving out arms whose covariates are missing.

    Warns
    -----
    EvidenceWarning
        If arms are left out; they are named, and kept in `arms.excluded`.

    Raises
    ------
    SpecError
        If the covariates can't be coded on these arms; see `learn_coding`.
    """
    try:
        return _design(spec, arms)
    except SpecError as error:
        raise SpecError(f"{spec.name}: {error}") from error


def _design(spec: ModelSpec, arms: Arms) -> Design:
    arms = _complete(spec, arms)
    coding = learn_coding(spec.covariates, arms.frame)
    for label in spec.beta_priors:
        if label != "default" and label not in coding.names:
            raise SpecError(
                f"`beta` has a prior for '{label}', which is no coefficient. {nearest(label, coding.names)}"
            )
    return Design(spec, arms, coding)


def _complete(spec: ModelSpec, arms: Arms) -> Arms:
    missing = missing_covariates(spec.covariates, arms.frame)
    rows = (
        missing.any(axis=1).to_numpy(dtype=bool)
        if len(missing.columns)
        else np.zeros(len(arms), dtype=bool)
    )
    if not rows.any():
        return arms
    columns = [str(name) for name in missing.columns[missing.any()]]
    if rows.all():
        raise SpecError(
            f"No arm has all covariates of the model; missing: {listed(columns)}. Use a smaller model."
        )
    warnings.warn(
        f"{rows.sum()} of {len(arms)} arms are left out because {listed(columns)} is missing: {listed(arms.labels[rows])}.",
        EvidenceWarning,
        stacklevel=5,
    )
    return arms.drop(rows, f"covariate: {', '.join(columns)} is missing")
