"""What a case gives, whatever its kind of model: its identity, its simulation and its fit.

What is common to all kinds (ranks, tallies, running, what makes a result stale) is written once, in
terms of this.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.settings import SamplerSettings

__all__ = ["Case", "Probed", "Sampler"]

Array = npt.NDArray[np.float64]
Variables = Mapping[str, Array]

Sampler = Callable[
    [Any, SamplerSettings, np.random.SeedSequence],
    tuple[Variables, Mapping[str, npt.NDArray[Any]]],
]
"""What fits a design: variables and sampler statistics, both with dims (chain, draw, ...)."""


class Probed(NamedTuple):
    """A density that can be evaluated anywhere."""

    size: int
    """Number of coordinates."""
    log_density: Callable[[Array, Array], float]
    """Log density at a point; writes its gradient into the second array."""
    variables: Callable[[Array], Variables]
    """The model's variables at a point."""


class Case[Design](Protocol):
    """A model, the layout of its evidence, and how the truth is drawn."""

    @property
    def name(self) -> str:
        """What the case is called; its random numbers depend on it and the seed alone."""

    @property
    def part(self) -> str:
        """The part of the model family that it is about."""

    @property
    def studies(self) -> int:
        """Number of studies; see `bayesmeta.calibration.layouts`."""

    @property
    def judged(self) -> bool:
        """Whether truths are drawn from the model that is fitted, so that ranks can be judged."""

    @property
    def designs(self) -> tuple[Design, Design]:
        """The model that is fitted and the one that truths are drawn from, on arms without counts."""

    @property
    def text(self) -> str:
        """The models and the layout of the evidence, as text that differs where they do."""

    def simulate(self, truth: Design, rng: np.random.Generator) -> tuple[Variables, Any]:
        """Return a truth and the counts it gave rise to."""

    def observed(self, design: Design, counts: Any) -> Design:
        """Return the design with other counts."""

    def sample(
        self, design: Design, settings: SamplerSettings, seed: np.random.SeedSequence
    ) -> tuple[Variables, Mapping[str, npt.NDArray[Any]]]:
        """Return draws from the compiled density; see `Sampler`."""

    def parameters(self, design: Design, variables: Variables) -> dict[str, Array]:
        """Return every parameter that is not of a single study or arm, each one number a draw."""

    def log_likelihood(self, design: Design, variables: Variables) -> Array:
        """Return the joint log likelihood of all counts, given all effects."""

    def random_rates(
        self, design: Design, variables: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return the rates of a new study at the reference profile, one a draw, by outcome."""

    def predicted_rates(
        self, design: Design, draws: Variables, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Return rates of some new studies for each draw, of which a prediction is made, by outcome."""

    def probed(self, design: Design, rate: float) -> Probed:
        """Return the density on counts of about `rate` times the patients around."""
