"""How every fit of a comparison is made: its seed, settings and question, and its random streams."""

from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.questions import Question
from bayesmeta.inference.settings import SamplerSettings, check_settings
from bayesmeta.numeric import check_seed

SETTINGS = SamplerSettings(warmup=400, draws=1000, arm_draws=False)
"""Of each of many fits: 4,000 draws know the score of a study to about 0.01."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How every model of a comparison is fitted and asked."""

    seed: int
    settings: SamplerSettings
    question: Question
    exact: bool = True
    """Whether each study is left out by a refit, or by PSIS where that holds."""
    marginal: bool = False
    """Whether log marginal likelihoods are wanted."""

    def adapted(self, cores: int | None) -> "Plan":
        """Return the plan of fits that run on so many processors and need no draws of arms."""
        return replace(self, settings=replace(self.settings, cores=cores, arm_draws=False))

    def longer(self, times: int) -> "Plan":
        """Return the plan with so many times as many draws."""
        return replace(self, settings=replace(self.settings, draws=times * self.settings.draws))

    def as_json(self) -> dict[str, Any]:
        """Return what the fit without a study depends on, as JSON can hold it."""
        settings = asdict(self.settings)
        # Draws do not depend on it.
        del settings["cores"]
        question = asdict(self.question)
        # All outcomes are asked about.
        del question["outcome"]
        return {"seed": self.seed, "settings": settings, "question": question}


def make_plan(
    seed: object,
    settings: SamplerSettings | None,
    question: Question,
    *,
    method: str = "exact",
    marginal: bool = False,
) -> Plan:
    """Return a plan after checking it; with `SETTINGS` where `settings` is None."""
    check_settings(settings)
    if method not in ("exact", "psis"):
        raise SettingsError(f"`method` must be 'exact' or 'psis'; got {method!r}.")
    return Plan(
        seed=check_seed(seed),
        settings=settings or SETTINGS,
        question=question,
        exact=method == "exact",
        marginal=marginal,
    )


PIT, WEIGHTS = 3, 5
"""First part of the key of the random numbers of PITs and of weights; refits have 2, predictions of
studies left out 4."""


def number_of(text: str) -> int:
    """Return a number for a text, by which a stream is known."""
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big")


def pit_stream(seed: int, study: str) -> np.random.Generator:
    """Return the random numbers of the PITs of a study's arms, whichever fit predicts them."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PIT, number_of(study))))


def validation_stream(seed: int) -> np.random.Generator:
    """Return the random numbers of the PITs of cohorts that a model is validated on."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PIT,)))


def weights_stream(seed: int) -> np.random.Generator:
    """Return the random numbers of the bootstrap samples of studies by which models are weighted."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(WEIGHTS,)))
