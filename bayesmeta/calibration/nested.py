"""Cases of nested outcomes: any `NestedSpec`, on arms some of which report only some outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesmeta.calibration.layouts import empty_nested_arms
from bayesmeta.calibration.protocol import Probed
from bayesmeta.inference.nested.sampling import sample_nested
from bayesmeta.inference.nested.simulation import (
    draw_counts,
    nested_log_likelihood,
    nested_prior_draws,
    rates_of,
)
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model.nested import NestedDesign, NestedSpec, make_nested_design, nested_to_toml

__all__ = ["NestedCase"]

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Variables = Mapping[str, Array]

NEW_STUDIES = 4
"""Random new studies for each draw in a predictive distribution. With 4 of 495 draws its tails stray
less by these than by the draws."""


@dataclass(frozen=True)
class NestedCase:
    """A joint model of nested outcomes and the layout of its evidence.

    Parameters
    ----------
    name : str
        What the case is called; its random numbers depend on it and the seed alone.
    part : str
        The part of the model family that it is about.
    spec : NestedSpec
        The model that is fitted, and that truths are drawn from.
    studies : int
        Number of studies; see `bayesmeta.calibration.layouts`.
    """

    name: str
    part: str
    spec: NestedSpec
    studies: int

    @property
    def judged(self) -> bool:
        """Truths are drawn from the model that is fitted."""
        return True

    @property
    def designs(self) -> tuple[NestedDesign, NestedDesign]:
        """The model on arms without responders, as what is fitted and as what truths are drawn from."""
        design = make_nested_design(self.spec, empty_nested_arms(self.studies))
        return design, design

    @property
    def text(self) -> str:
        """The model as TOML and the hash of the arms."""
        return f"{nested_to_toml(self.spec)}\n{empty_nested_arms(self.studies).hash}"

    def simulate(self, truth: NestedDesign, rng: np.random.Generator) -> tuple[Variables, Counts]:
        """Return a truth and the counts of each arm and outcome."""
        true = nested_prior_draws(truth, rng, ())
        return true, draw_counts(truth, true["theta"], rng)

    def observed(self, design: NestedDesign, counts: Counts) -> NestedDesign:
        """Return the design with other counts, where arms report them; its coding and matrix stay."""
        frame = design.arms.frame.copy()
        for level, outcome in enumerate(design.arms.outcomes):
            # A sum with what is missing is missing.
            frame[outcome] = frame[outcome] * 0 + counts[:, level]
        seen = replace(design, arms=replace(design.arms, frame=frame))
        vars(seen)["matrix"] = design.matrix
        return seen

    def sample(
        self, design: NestedDesign, settings: SamplerSettings, seed: np.random.SeedSequence
    ) -> tuple[Variables, Mapping[str, npt.NDArray[Any]]]:
        """Return draws from the compiled density."""
        return sample_nested(design, settings, seed)

    def parameters(self, design: NestedDesign, variables: Variables) -> dict[str, Array]:
        """Return each outcome's mu, tau and coefficients, and each correlation, one number a draw."""
        outcomes = design.arms.outcomes
        coefficients = [", ".join(label) for label in product(outcomes, design.coding.names)]
        labels = {
            "mu": outcomes,
            "beta": coefficients,
            "tau": outcomes,
            "correlation": design.pairs,
        }
        head = variables["mu"].shape[:-1]
        flat = {
            name: variables[name].reshape(*head, len(own)) for name, own in labels.items() if own
        }
        return {
            f"{name}[{label}]": values[..., k]
            for name, values in flat.items()
            for k, label in enumerate(labels[name])
        }

    def log_likelihood(self, design: NestedDesign, variables: Variables) -> Array:
        """Return the joint log likelihood of all counts, given all effects."""
        return np.asarray(nested_log_likelihood(design, variables).sum(axis=-1))

    def random_rates(
        self, design: NestedDesign, variables: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return the rate of each outcome in a new study at the reference profile, one a draw."""
        return _new_study_rates(design, variables, rng.standard_normal(variables["mu"].shape))

    def predicted_rates(
        self, design: NestedDesign, draws: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return rates of each outcome in some random new studies for each draw."""
        shape = (NEW_STUDIES, *draws["mu"].shape)
        return _new_study_rates(design, draws, rng.standard_normal(shape))

    def probed(self, design: NestedDesign, rate: float) -> Probed:
        """Return the density on evidence with about this share of each outcome in the one around it."""
        from bayesmeta.inference.nested.coordinates import nested_size, nested_variables
        from bayesmeta.inference.nested.data import nested_data
        from bayesmeta.inference.nested.log_density import log_density

        shares = rate ** np.arange(1, len(design.arms.outcomes) + 1)
        counts = np.round(design.arms.n[:, None] * shares).astype(np.int64)
        data = nested_data(self.observed(design, counts))
        return Probed(
            nested_size(data),
            lambda point, gradient: float(log_density(point, data, gradient)),
            partial(nested_variables, data),
        )


def _new_study_rates(design: NestedDesign, variables: Variables, z: Array) -> dict[str, Array]:
    """Return rates at the reference profile of a study with standard effects z, dims (..., level)."""
    u = z
    if "correlation" in variables:
        levels = z.shape[-1]
        first, second = np.triu_indices(levels, 1)
        matrix = np.zeros((*variables["correlation"].shape[:-1], levels, levels)) + np.eye(levels)
        matrix[..., first, second] = matrix[..., second, first] = variables["correlation"]
        u = np.einsum("...jm,...m->...j", np.linalg.cholesky(matrix), z)
    rates = rates_of(design, variables["mu"] + variables["tau"] * u)
    return {outcome: rates[..., level] for level, outcome in enumerate(design.arms.outcomes)}
