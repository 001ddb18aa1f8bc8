"""PyMC models of the user's own: what is demanded of them, and fitting them as they are."""

import sys
import time
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayesmeta.errors import SpecError, listed
from bayesmeta.evidence import Arms
from bayesmeta.inference.draws import statistics_of
from bayesmeta.inference.engines import sampled_again
from bayesmeta.inference.result import Fit, provenance
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Covariates, ModelSpec, OwnModel
from bayesmeta.model.coding import Coding
from bayesmeta.model.terms import PlainTerms


def is_pymc_model(spec: object) -> bool:
    """Return whether `spec` is a PyMC model; PyMC is loaded already if it is."""
    pymc = sys.modules.get("pymc")
    return pymc is not None and isinstance(spec, pymc.Model)


def fit_own(
    model: Any, arms: Arms, seed: int, settings: SamplerSettings, *, progress: bool | None
) -> Fit:
    """Return draws from a PyMC model of the user's own, once it is held to what answers need."""
    from bayesmeta.inference.nuts import sample_pymc

    check_own(model, arms)
    started = time.perf_counter()
    sampler_seed = np.random.SeedSequence(seed).spawn(1)[0]

    def sample(chosen: SamplerSettings) -> Any:
        return sample_pymc(model, chosen, sampler_seed, progress=progress)

    posterior, found, settings, repeats = sampled_again(sample, settings)
    draws = xr.DataTree.from_dict(
        {
            "/posterior": _posterior(posterior, arms),
            "/sample_stats": statistics_of(found),
            "/observed_data": xr.Dataset({"events": ("arm", arms.events)}, {"arm": arms.labels}),
            "/constant_data": xr.Dataset({"n": ("arm", arms.n)}, {"arm": arms.labels}),
        }
    )
    own = OwnModel(str(model.name) or "own", str(model.str_repr()), "tau" in model.named_vars)
    # Answers use of a specification only what an `OwnModel` has.
    spec = cast("ModelSpec", own)
    seconds = time.perf_counter() - started
    origin = provenance(spec, arms, seed=seed, engine="pymc", seconds=seconds, repeats=repeats)
    # Whatever covariates the model has are its own affair.
    coding = Coding(Covariates(), (), {}, {}, np.zeros(0), PlainTerms({}, {}))
    return Fit(spec, arms, settings, draws, provenance=origin, coding=coding)


def check_own(model: Any, arms: Arms) -> None:
    """Raise unless a PyMC model has the variables that answers need, on the data of `arms`."""
    named, studies = model.named_vars, len(arms.studies)
    missing = [name for name in ("mu", "theta", "events") if name not in named]
    if missing:
        raise SpecError(
            f"`spec`: the PyMC model lacks {listed(missing)}. Answers need `mu` (log-odds of the typical "
            "study), `theta` (log-odds of each arm) and `events` (observed responders of each arm); and "
            "`tau` and `u` (study effects) if studies differ."
        )
    wanted = {"mu": (), "theta": (len(arms),), "tau": (), "u": (studies,)}
    for name, shape in wanted.items():
        found = named[name].eval().shape if name in named else shape
        if found != shape:
            raise SpecError(
                f"`spec`: `{name}` of the PyMC model must have shape {shape} on {arms!r}; got {found}."
            )
    if ("tau" in named) != ("u" in named):
        raise SpecError("`spec`: the PyMC model needs both `tau` and `u`, or neither.")
    _check_events(model, arms)


def _check_events(model: Any, arms: Arms) -> None:
    if model.named_vars["events"] not in model.observed_RVs:
        raise SpecError("`spec`: `events` of the PyMC model must be observed. Give it `observed=`.")
    observed = model.rvs_to_values[model.named_vars["events"]].eval()
    if observed.shape != (len(arms),) or not np.array_equal(observed, arms.events):
        raise SpecError(
            "`spec`: the PyMC model has other `events` than `arms`. Build it from arms.events and arms.n."
        )


def _posterior(found: xr.Dataset, arms: Arms) -> xr.Dataset:
    """Return the posterior with our dims for what answers need; the rest as it is."""
    dims: Mapping[str, tuple[str, npt.NDArray[np.object_]]] = {
        "theta": ("arm", arms.labels),
        "u": ("study", arms.studies),
    }
    own = found.drop_vars([name for name in dims if name in found])
    for name, (dim, labels) in dims.items():
        if name in found:
            own = own.drop_vars(dim, errors="ignore")
            own[name] = (("chain", "draw", dim), found[name].to_numpy())
            own = own.assign_coords({dim: labels})
    return own
