"""The model as PyMC writes it: the definition that every other computation is held to."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.evidence import Arms
from bayesmeta.model.design import Design, make_design
from bayesmeta.model.spec import ModelSpec

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["build", "build_design"]


def build(spec: ModelSpec, arms: Arms) -> "pm.Model":
    """Return the PyMC model of `spec` on `arms`.

    Parameters
    ----------
    spec : ModelSpec
        What is assumed.
    arms : Arms
        What was observed.

    Returns
    -------
    pymc.Model
        Variables, all on the log-odds scale: `mu`; `beta` with dim covariate; `tau`; `z` and `u`
        with dim study; `theta` with dim arm. Observed: `events` with dim arm.

    Raises
    ------
    SpecError
        If the covariates can't be coded on these arms.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> sorted(bm.build(bm.load_model("pooled"), arms).named_vars)
    ['events', 'mu', 'tau', 'theta', 'u', 'z']
    """
    return build_design(make_design(spec, arms))


def build_design(design: Design) -> "pm.Model":
    """Return the PyMC model of a design; see `build`."""
    import pymc as pm

    spec, arms = design.spec, design.arms
    coords = {"arm": arms.labels, "study": arms.studies, "covariate": list(design.coding.names)}
    with pm.Model(coords=coords) as model:
        predictor = spec.mu.to_pymc("mu")
        if design.coding.names:
            predictor = predictor + design.matrix @ _beta(design)
        u = spec.study_effects.to_pymc()
        study = (
            arms.study_index
            if spec.study_effects.tau is not None
            else np.zeros(len(arms), dtype=int)
        )
        theta = pm.Deterministic("theta", predictor + u[study], dims="arm")
        pm.Binomial("events", n=arms.n, logit_p=theta, observed=arms.events, dims="arm")
    return model


def _beta(design: Design) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    if len(set(design.beta)) == 1:
        return design.beta[0].to_pymc("beta", dims="covariate")
    each = [prior.to_pymc(f"beta_{i}") for i, prior in enumerate(design.beta)]
    return pm.Deterministic("beta", pt.stack(each), dims="covariate")
