"""A case of calibration: any model, of one outcome or of several, on arms without responders."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesmeta.arrays import Array, Integers
from bayesmeta.calibration.layouts import LAYOUTS
from bayesmeta.calibration.profiles import new_levels, profile_name, shift_of, typical_rates
from bayesmeta.errors import ModelWarning
from bayesmeta.evidence import Arms
from bayesmeta.inference.draws import DIMS
from bayesmeta.inference.lattice import SOURCES, spread, spread_levels
from bayesmeta.inference.nested.simulation import rates_of
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.inference.simulation import draw_events, log_likelihood, new_study_rates, prior_draws
from bayesmeta.inference.survival.drawn_reports import draw_reports
from bayesmeta.inference.survival.simulation import new_study_survival, survival_log_likelihood
from bayesmeta.inference.targets import Target, target_of
from bayesmeta.model import Design, ModelSpec, make_design
from bayesmeta.model.coding import Profile
from bayesmeta.model.files import to_toml
from bayesmeta.model.survival_reports import Reports

Variables = Mapping[str, Array]

Seen = Integers | Reports
"""What is drawn of arms: their responders, or what they report of survival."""

Sampler = Callable[
    [Design, SamplerSettings, np.random.SeedSequence],
    tuple[Variables, Mapping[str, npt.NDArray[Any]]],
]
"""What fits a design: variables and sampler statistics, both with dims (chain, draw, ...)."""

SURVIVAL_TIME = 12.0
"""Months at which the survival of a new study stands for its rate."""

STRATA = 16
"""Points that represent each draw's new study in a predictive distribution."""

NEW_STUDIES = 4
"""Random new studies for each draw in a predictive distribution of several outcomes. With 4 of 495 draws
its tails stray less by these than by the draws."""


@dataclass(frozen=True)
class Case:
    """A model, the layout of its evidence, and how the truth is drawn.

    Random numbers depend on `name` and the seed alone. `part` is that of the model family, `spec` the
    model that is fitted, `studies` the number of studies of the layout; `truth` the model that
    parameters are drawn from where that is another (nothing is then judged); `layout` the name of that
    of the evidence; `profiles` those whose rates are ranked, of one outcome.
    """

    name: str
    part: str
    spec: ModelSpec
    studies: int
    truth: ModelSpec | None = None
    layout: str = "arms"
    profiles: tuple[Profile, ...] = ({},)

    @property
    def judged(self) -> bool:
        """Whether truths are drawn from the model that is fitted."""
        return self.truth is None

    @property
    def arms(self) -> Arms:
        """The arms, without responders."""
        make, _ = LAYOUTS[self.layout]
        return make(self.studies)

    @property
    def designs(self) -> tuple[Design, Design]:
        """The model that is fitted and the one that truths are drawn from, on empty arms."""
        design = _design(self.spec, self.arms)
        return design, design if self.truth is None else _design(self.truth, design.arms)

    @property
    def text(self) -> str:
        """The models as TOML, the hash of the arms, and the profiles other than the reference."""
        models = [spec for spec in (self.spec, self.truth) if spec is not None]
        names = [name for name in map(profile_name, self.profiles) if name]
        return "\n".join([*map(to_toml, models), self.arms.hash, *names])

    def simulate(self, truth: Design, rng: np.random.Generator) -> tuple[Variables, Seen]:
        """Return a truth, and the responders of each arm or what they report of survival."""
        true = prior_draws(truth, rng, ())
        draw = draw_events if self.spec.curve is None else draw_reports
        return true, draw(truth, true, rng)

    def observed(self, design: Design, counts: Seen) -> Design:
        """Return the design with other responders or reports, where arms have them; its coding stays."""
        if isinstance(counts, Reports):
            return self._with_coding(design, design.arms, reports=counts)
        frame = design.arms.frame.copy()
        columns = design.outcomes if design.several else ("events",)
        for name, values in zip(columns, counts.reshape(len(frame), -1).T, strict=True):
            # A sum with what is missing is missing.
            frame[name] = frame[name] * 0 + values
        return self._with_coding(design, replace(design.arms, frame=frame))

    def _with_coding(self, design: Design, arms: Arms, **own: Any) -> Design:
        """Return the design of other evidence: coding the covariates again takes as long as a fit."""
        seen = replace(design, arms=arms)
        for name in ("matrix", "imputed", "scalars", "tau_of_study"):
            vars(seen)[name] = getattr(design, name)
        vars(seen).update(own)
        return seen

    def parameters(self, design: Design, variables: Variables) -> dict[str, Array]:
        """Return every parameter that is not of a single study or arm, each one number a draw."""
        if design.several:
            return _joint_parameters(design, variables)
        found: dict[str, Array] = {}
        labels = {
            ("covariate",): design.coding.names,
            ("level_term",): design.coding.level_terms,
            ("level_effect",): design.coding.level_names,
        }
        for name, values in variables.items():
            dims = DIMS.get(name, ())
            if not dims and values.ndim == variables["mu"].ndim:
                found[name] = values
            elif dims in labels:
                found |= {f"{name}[{one}]": values[..., k] for k, one in enumerate(labels[dims])}
            elif not {"arm", "study"} & set(dims):
                found |= {f"{name}[{k}]": values[..., k] for k in range(values.shape[-1])}
        return found

    def log_likelihood(self, design: Design, variables: Variables) -> Array:
        """Return the joint log likelihood of all that is observed, given all effects."""
        density = log_likelihood if self.spec.curve is None else survival_log_likelihood
        return np.asarray(density(design, variables).sum(axis=-1))

    def random_rates(
        self, design: Design, variables: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return the rate of each outcome, or at each profile, in a new study, one a draw.

        Of several outcomes the profile is the reference. A rate that is the only one has no name. Of
        survival it is that of patients alive at `SURVIVAL_TIME`.
        """
        shape = variables["mu"].shape
        if design.several:
            return _joint_rates(design, variables, rng.standard_normal(shape))
        points = {source: np.asarray(rng.random(shape)) for source in SOURCES}
        levels = rng.random((*shape, len(design.coding.exchangeable)))
        return self._rates(design, variables, points, levels)

    def typical_rates(
        self, design: Design, variables: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return the rate of a typical study at each profile other than the reference, one a draw."""
        levels = rng.random((*variables["mu"].shape, len(design.coding.exchangeable)))
        new = new_levels(design, variables, levels)
        return {
            name: typical_rates(design, variables, profile, new)
            for profile in self.profiles
            if (name := profile_name(profile))
        }

    def predicted_rates(
        self, design: Design, draws: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return rates as `random_rates` names them; of one outcome evenly spread, without `rng`."""
        if design.several:
            shape = (NEW_STUDIES, *draws["mu"].shape)
            return _joint_rates(design, draws, rng.standard_normal(shape))
        size, terms = draws["mu"].size, len(design.coding.exchangeable)
        points = {source: spread(source, size, STRATA).T for source in SOURCES}
        return self._rates(design, draws, points, spread_levels(size, terms))

    def _rates(
        self, design: Design, variables: Variables, points: Variables, levels: Array
    ) -> dict[str, Array]:
        """Return rates at each profile; `points` and `levels` are probabilities of what is new."""
        new = new_levels(design, variables, levels)
        rates = new_study_rates
        if self.spec.curve is not None:
            rates = partial(new_study_survival, time=SURVIVAL_TIME)
        return {
            profile_name(profile): rates(
                design, variables, points, shift_of(design, variables, profile, new)
            )
            for profile in self.profiles
        }

    def probed(self, design: Design, rate: float) -> Target:
        """Return the density on evidence of about this rate of each outcome within the enclosing one.

        Of survival it is that on the reports of the layout.
        """
        if self.spec.curve is not None:
            return target_of(design)
        rates = rate ** np.arange(1, len(design.outcomes) + 1)
        counts = np.round(design.arms.n[:, None] * rates).astype(np.int64)
        return target_of(self.observed(design, counts))


def _joint_parameters(design: Design, variables: Variables) -> dict[str, Array]:
    """Return each outcome's mu, tau and coefficients, and each correlation, one number a draw."""
    labels = {
        "mu": design.outcomes,
        "beta": [", ".join(label) for label in product(design.outcomes, design.coding.names)],
        "tau": design.outcomes,
        "correlation": design.pairs,
    }
    head = variables["mu"].shape[:-1]
    return {
        f"{name}[{label}]": values
        for name, own in labels.items()
        if own
        for label, values in zip(
            own, np.moveaxis(variables[name].reshape(*head, len(own)), -1, 0), strict=True
        )
    }


def _joint_rates(design: Design, variables: Variables, z: Array) -> dict[str, Array]:
    """Return rates at the reference profile of a study with standard effects z, dims (..., outcome)."""
    u = z
    if "correlation" in variables:
        size = z.shape[-1]
        first, second = np.triu_indices(size, 1)
        matrix = np.zeros((*variables["correlation"].shape[:-1], size, size)) + np.eye(size)
        matrix[..., first, second] = matrix[..., second, first] = variables["correlation"]
        u = np.einsum("...jm,...m->...j", np.linalg.cholesky(matrix), z)
    rates = rates_of(design, variables["mu"] + variables["tau"] * u)
    return {outcome: rates[..., place] for place, outcome in enumerate(design.outcomes)}


def _design(spec: ModelSpec, arms: Arms) -> Design:
    """Return a design, of evidence that may be too little to advise the model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return make_design(spec, arms)
