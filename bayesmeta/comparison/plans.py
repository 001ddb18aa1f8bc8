"""How every fit of a comparison is made, and what it is asked."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from bayesmeta.estimates.questions import Question
from bayesmeta.inference.settings import SamplerSettings

__all__ = ["SETTINGS", "Plan"]

SETTINGS = SamplerSettings(warmup=400, draws=1000, arm_draws=False)
"""Of each of many fits: 4,000 draws know the score of a study to about 0.01."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How every model of a comparison is fitted and asked.

    Parameters
    ----------
    seed : int
        Random seed.
    settings : SamplerSettings
        Of every fit.
    question : Question
        What every fit is asked.
    exact : bool
        Whether each study is left out by a refit, or by PSIS where that holds.
    marginal : bool
        Whether log marginal likelihoods are wanted.
    """

    seed: int
    settings: SamplerSettings
    question: Question
    exact: bool = True
    marginal: bool = False

    def longer(self, times: int) -> "Plan":
        """Return the plan with so many times as many draws."""
        return replace(self, settings=replace(self.settings, draws=times * self.settings.draws))

    def as_json(self) -> dict[str, Any]:
        """Return what the fit without a study depends on, as JSON can hold it."""
        settings = asdict(self.settings)
        # Draws don't depend on it.
        del settings["cores"]
        question = asdict(self.question)
        # All outcomes are asked about.
        del question["outcome"]
        return {"seed": self.seed, "settings": settings, "question": question}
