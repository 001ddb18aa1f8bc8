"""Cases of one outcome: any `ModelSpec`."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesmeta.calibration.layouts import empty_arms
from bayesmeta.calibration.protocol import Probed
from bayesmeta.errors import ModelWarning
from bayesmeta.evidence import Arms
from bayesmeta.inference.draws import DIMS
from bayesmeta.inference.lattice import SOURCES, spread
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.inference.simulation import (
    draw_events,
    log_likelihood,
    new_study_rates,
    prior_draws,
)
from bayesmeta.model import Design, ModelSpec, make_design
from bayesmeta.model.files import to_toml

__all__ = ["SingleCase", "sample_compiled"]

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Variables = Mapping[str, Array]

STRATA = 16
"""Points that represent each draw's new study in a predictive distribution."""


@dataclass(frozen=True)
class SingleCase:
    """A model of one outcome, the layout of its evidence, and how the truth is drawn.

    Parameters
    ----------
    name : str
        What the case is called; its random numbers depend on it and the seed alone.
    part : str
        The part of the model family that it is about.
    spec : ModelSpec
        The model that is fitted.
    studies : int
        Number of studies; see `bayesmeta.calibration.layouts`.
    truth : ModelSpec, optional
        The model that parameters are drawn from where that is not `spec`; nothing is then judged.
    """

    name: str
    part: str
    spec: ModelSpec
    studies: int
    truth: ModelSpec | None = None

    @property
    def judged(self) -> bool:
        """Whether truths are drawn from the model that is fitted."""
        return self.truth is None

    @property
    def designs(self) -> tuple[Design, Design]:
        """The model that is fitted and the one that truths are drawn from, on empty arms."""
        design = _design(self.spec, empty_arms(self.studies))
        return design, design if self.truth is None else _design(self.truth, design.arms)

    @property
    def text(self) -> str:
        """The models as TOML and the hash of the arms."""
        models = [spec for spec in (self.spec, self.truth) if spec is not None]
        return "\n".join([*map(to_toml, models), empty_arms(self.studies).hash])

    def simulate(self, truth: Design, rng: np.random.Generator) -> tuple[Variables, Counts]:
        """Return a truth and the responders of each arm."""
        true = prior_draws(truth, rng, ())
        return true, draw_events(truth, true, rng)

    def observed(self, design: Design, counts: Counts) -> Design:
        """Return the design with other responders; its coding and matrix stay."""
        arms = replace(design.arms, frame=design.arms.frame.assign(events=counts))
        seen = replace(design, arms=arms)
        # Coding the covariates again would take as long as the fit.
        for name in ("matrix", "imputed", "scalars", "tau_of_study"):
            vars(seen)[name] = getattr(design, name)
        return seen

    def sample(
        self, design: Design, settings: SamplerSettings, seed: np.random.SeedSequence
    ) -> tuple[Variables, Mapping[str, npt.NDArray[Any]]]:
        """Return draws from the compiled density."""
        return sample_compiled(design, settings, seed)

    def parameters(self, design: Design, variables: Variables) -> dict[str, Array]:
        """Return every parameter that is not of a single study or arm, each one number a draw."""
        found: dict[str, Array] = {}
        for name, values in variables.items():
            dims = DIMS.get(name, ())
            if not dims and values.ndim == variables["mu"].ndim:
                found[name] = values
            elif dims == ("covariate",):
                labels = (f"{name}[{label}]" for label in design.coding.names)
                found |= {label: values[..., k] for k, label in enumerate(labels)}
            elif not {"arm", "study"} & set(dims):
                found |= {f"{name}[{k}]": values[..., k] for k in range(values.shape[-1])}
        return found

    def log_likelihood(self, design: Design, variables: Variables) -> Array:
        """Return the joint log likelihood of all responders, given all effects."""
        return np.asarray(log_likelihood(design, variables).sum(axis=-1))

    def random_rates(
        self, design: Design, variables: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return the rate of a new study at the reference profile, one a draw."""
        shape = variables["mu"].shape
        points = {source: np.asarray(rng.random(shape)) for source in SOURCES}
        return {"": new_study_rates(design, variables, points)}

    def predicted_rates(
        self, design: Design, draws: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return rates of new studies for each draw, evenly spread without `rng`."""
        points = {source: spread(source, draws["mu"].size, STRATA).T for source in SOURCES}
        return {"": new_study_rates(design, draws, points)}

    def probed(self, design: Design, rate: float) -> Probed:
        """Return the density on evidence with about this share of responders."""
        from bayesmeta.inference.density.arrays import density_data
        from bayesmeta.inference.density.coordinates import size, translate
        from bayesmeta.inference.density.log_density import log_density

        events = np.round(rate * design.arms.n).astype(np.int64)
        data = density_data(self.observed(design, events))
        return Probed(
            size(data),
            lambda point, gradient: float(log_density(point, data, gradient)),
            partial(translate, data),
        )


def sample_compiled(
    design: Design,
    settings: SamplerSettings,
    seed: np.random.SeedSequence,
    *,
    address: int | None = None,
) -> tuple[Mapping[str, Array], Mapping[str, npt.NDArray[Any]]]:
    """Return draws from the compiled density, or from the one at `address`; see `sample_density`."""
    from bayesmeta.inference.density.arrays import density_data
    from bayesmeta.inference.density.coordinates import variables
    from bayesmeta.inference.nuts import sample_density

    data = density_data(design)
    raw = sample_density(data, settings, seed, progress=False, address=address)
    return variables(design, data, raw.points), raw.statistics


def _design(spec: ModelSpec, arms: Arms) -> Design:
    """Return a design, of evidence that may be too little to advise the model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return make_design(spec, arms)
