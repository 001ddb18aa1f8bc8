"""The deterministic posterior of a model without covariates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.evidence import Arms
from bayesmeta.model import Binomial, Design, Logit, ModelSpec
from bayesmeta.model.coding import Coding
from bayesmeta.model.weights import weighted_counts
from bayesmeta.shown import Shown

if TYPE_CHECKING:
    from bayesmeta.inference.quadrature.posterior import QuadraturePosterior


Biases = Mapping[str, tuple[float, float]]
"""Mean and standard deviation of biases by study (log-odds)."""


@dataclass(frozen=True, eq=False, repr=False)
class QuadratureFit(Shown):
    """The posterior of a model by quadrature: no draws, no Monte-Carlo error.

    Made by ``bayesmeta.fit(..., method="quadrature")``; `summary` and `predict` take it.

    Parameters
    ----------
    spec : ModelSpec
        What was assumed; a model without covariates.
    arms : Arms
        What was observed.
    coding : Coding
        The coding of no covariates, so that a profile is read as by any other fit.
    posterior : QuadraturePosterior
        Means, quantiles, predictive probabilities and the log marginal likelihood.
    bias : mapping
        Mean and standard deviation of the bias of each study that has one (log-odds); see
        `bias_adjusted`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> round(exact.log_marginal_likelihood, 2)
    -42.73
    >>> tau = exact.posterior.marginal("tau")
    >>> tau.quantile([0.025, 0.5, 0.975]).round(2).tolist()  # log-odds
    [0.35, 0.77, 1.44]
    """

    shown = ""

    spec: ModelSpec
    arms: Arms
    coding: Coding
    posterior: "QuadraturePosterior"
    bias: Biases = field(default_factory=dict)

    @cached_property
    def design(self) -> Design:
        """The model on its arms."""
        return Design(self.spec, self.arms, self.coding)

    @property
    def log_marginal_likelihood(self) -> float:
        """Log probability of the evidence under the model; it depends on the priors throughout."""
        return self.posterior.log_marginal_likelihood

    def __repr__(self) -> str:
        return f"QuadratureFit({self.spec!r}, {self.arms!r})"


def quadrature_fit(design: Design, bias: Biases | None = None) -> QuadratureFit:
    """Return the deterministic posterior of a design, if it is one that quadrature can compute.

    `bias` holds mean and standard deviation of the bias of each study that has one (log-odds).
    """
    # Imported here: those who only ask whether a fit is a QuadratureFit do not need it.
    from bayesmeta.inference.quadrature.posterior import quadrature_posterior

    _check_covered(design)
    arms = design.arms
    # Arms of a study share its rate, so they are one binomial but for the coefficients.
    events, n, coefficients = (
        np.bincount(arms.study_index, weights=counts)
        for counts in weighted_counts(arms, design.weights)
    )
    posterior = quadrature_posterior(
        events,
        n,
        design.mu[0],
        design.tau[0] if design.tau else None,
        log_coefficients=coefficients,
        published=design.published if len(design.published) else None,
        bias=np.array([bias.get(str(name), (0.0, 0.0)) for name in arms.studies]) if bias else None,
    )
    return QuadratureFit(design.spec, arms, design.coding, posterior, bias or {})


def _check_covered(design: Design) -> None:
    """Raise unless the model is one that quadrature can compute."""
    spec = design.spec
    if design.matrix.shape[1]:
        raise SpecError(
            f"method='quadrature' takes models without covariates; {spec.name} has "
            f"'{spec.covariates.formula}'. Use method='nuts'."
        )
    distribution = spec.study_effects
    covered = not distribution.has_effects or (distribution.is_normal and distribution.by is None)
    if not covered or spec.likelihood != Binomial(Logit()) or spec.arm_effects is not None:
        raise SpecError(
            "method='quadrature' takes a binomial logit likelihood with normal study effects of one tau, or a "
            f"common effect; got {spec!r}. Use method='nuts'."
        )
