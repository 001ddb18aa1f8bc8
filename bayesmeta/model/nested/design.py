"""A joint model meets its evidence: the numbers that the definition and the fast density use."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import EvidenceWarning, ModelWarning, SpecError, listed
from bayesmeta.evidence import Arms
from bayesmeta.model.coding import Coding
from bayesmeta.model.default_priors import priors_of, wide_priors
from bayesmeta.model.learning import learn_coding, missing_covariates
from bayesmeta.model.nested.spec import NestedSpec
from bayesmeta.priors import Prior

__all__ = ["NestedDesign", "Segments", "make_nested_design"]

Array = npt.NDArray[np.float64]


class Segments(NamedTuple):
    """What arms report, as binomial counts of one reported outcome among the one around it.

    An arm that does not report an outcome between the two contributes through the product of ratios
    from one to the other: CR_CRi alone, of a nest with ORR around it, is Binomial(n, r1 r2).
    """

    arm: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    """First ratio of the product, shape (segment,)."""
    last: npt.NDArray[np.int64]
    """Last ratio of the product, which is that of the outcome reported."""
    trials: Array
    """Patients with the outcome around, or all patients of the arm."""
    events: Array
    """Patients with the outcome reported."""

    def spans(self, levels: int) -> Array:
        """Return 1 for each ratio of a segment's product and 0 for the others, dims (segment, level)."""
        level = np.arange(levels)
        return ((level >= self.first[:, None]) & (level <= self.last[:, None])).astype(np.float64)


@dataclass(frozen=True, eq=False)
class NestedDesign:
    """A specification with the arms it is fitted to and the coding learnt from them.

    Made by `make_nested_design`, its specification has no default prior left that depends on the arms.
    """

    spec: NestedSpec
    arms: Arms
    coding: Coding

    @cached_property
    def matrix(self) -> Array:
        """Coded covariates, dims (arm, covariate)."""
        return self.coding.matrix(self.arms.frame)

    @property
    def mu(self) -> tuple[Prior, ...]:
        """Prior of each outcome's mu."""
        return tuple(self.spec.prior_of("mu", outcome) for outcome in self.arms.outcomes)

    @property
    def beta(self) -> tuple[Prior, ...]:
        """Prior of each coefficient, the same for every outcome."""
        return priors_of(self.spec.priors("beta"), self.coding.names)

    @property
    def tau(self) -> tuple[Prior, ...]:
        """Prior of each outcome's tau."""
        return tuple(self.spec.prior_of("tau", outcome) for outcome in self.arms.outcomes)

    @property
    def pairs(self) -> tuple[str, ...]:
        """Names of the pairs of outcomes whose effects are correlated; none where they are not."""
        if self.spec.correlation is None:
            return ()
        return tuple(f"{one}, {other}" for one, other in combinations(self.arms.outcomes, 2))

    @cached_property
    def segments(self) -> Segments:
        """The counts that arms report, as binomial counts."""
        rows = []
        for arm, (n, counts) in enumerate(zip(self.arms.n, self.arms.counts, strict=True)):
            around, start = float(n), 0
            for level, count in enumerate(counts):
                if not np.isnan(count):
                    rows.append((arm, start, level, around, count))
                    around, start = count, level + 1
        arm, first, last, trials, events = np.array(rows, dtype=np.float64).T.copy()
        whole = np.int64
        return Segments(arm.astype(whole), first.astype(whole), last.astype(whole), trials, events)


def make_nested_design(spec: NestedSpec, arms: Arms) -> NestedDesign:
    """Return the design of `spec` on `arms`, leaving out arms whose covariates are missing.

    Warns
    -----
    EvidenceWarning
        If arms are left out; they are named, and kept in `arms.excluded`.
    ModelWarning
        If the prior of a number's coefficient allows what no evidence shows.

    Raises
    ------
    SpecError
        If the covariates can't be coded on these arms, or a prior belongs to nothing there is.
    """
    try:
        _check_columns(spec, arms)
        arms = _complete(spec, arms)
        coding = learn_coding(spec.covariates, arms.frame)
        for name, valid in (("mu", arms.outcomes), ("tau", arms.outcomes), ("beta", coding.names)):
            spec.check_labels(name, tuple(valid))
    except SpecError as error:
        raise type(error)(f"{spec.name}: {error}") from error
    spec = spec.completed(coding)
    for message in wide_priors(priors_of(spec.priors("beta"), coding.names), spec.link, coding):
        warnings.warn(f"{spec.name}: {message}", ModelWarning, stacklevel=3)
    return NestedDesign(spec, arms, coding)


def _check_columns(spec: NestedSpec, arms: Arms) -> None:
    for name in arms.selection.get("differing", []):
        if name in spec.covariates.parsed.columns:
            raise SpecError(
                f"`formula` names '{name}', in which the rows of an arm differ from outcome to outcome, so that it "
                "belongs to no arm. Correct the table, or leave it out."
            )
    for outcome in arms.outcomes:
        if outcome in spec.covariates.parsed.columns:
            raise SpecError(
                f"`formula` names '{outcome}', which is an outcome of the model. Leave it out."
            )


def _complete(spec: NestedSpec, arms: Arms) -> Arms:
    missing = missing_covariates(spec.covariates, arms.frame)
    if not len(missing.columns):
        return arms
    rows = missing.any(axis=1).to_numpy(dtype=bool)
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
        stacklevel=4,
    )
    return arms.drop(rows, f"covariate: {', '.join(columns)} is missing")
