"""What every fit of a comparison is asked, so that the answers can stand side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bayesmeta.comparison.scores import Row
from bayesmeta.errors import ProfileError, SettingsError, nearest
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort
from bayesmeta.estimates.comparisons import level_pairs, level_profiles
from bayesmeta.estimates.count_distributions import LARGEST_LISTED
from bayesmeta.estimates.known_rates import KnownRates
from bayesmeta.estimates.precision import quantile_of
from bayesmeta.estimates.prior_sensitivity import Weighted
from bayesmeta.estimates.profile_rates import predictor_of
from bayesmeta.estimates.profiles import (
    own_part,
    profile_label,
    profile_parts,
    warn_beyond_evidence,
)
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.model import Design
from bayesmeta.model.coding import Coding, Profile

__all__ = [
    "RATES",
    "Answered",
    "Asked",
    "Question",
    "answers",
    "asked_of",
    "check_profile",
    "predictive",
    "profile_asked",
    "profiles_answered",
]

Array = npt.NDArray[np.float64]

NEAR, LEAST = 0.01, 1e-7
"""Rates below which they are kept in steps of one hundredth of themselves, and the least above 0."""

_SMALL = np.geomspace(LEAST, NEAR, 1110)[:-1]

RATES = np.concatenate([[0.0], _SMALL, np.linspace(NEAR, 1 - NEAR, 981), 1 - _SMALL[::-1], [1.0]])
"""Rates (probability) at which the distribution of a new study's rate is kept; finely near 0 and 1."""

EVERY = 32
"""Every so many of them the Monte-Carlo error is computed."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of every fit.

    Parameters
    ----------
    profile : mapping, optional
        Covariate values of the new study; covariates that a model lacks are ignored, and those not
        given stand at the model's reference.
    factor : str, optional
        Factor whose levels are each compared with the first one, in the models that have it.
    cohort : int
        Patients of the new cohort, 10,000 at most.
    ci_prob : float
        Probability of the equal-tailed intervals.

    Raises
    ------
    SettingsError
        If `cohort` or `ci_prob` is out of its range.
    """

    profile: Profile | None = None
    factor: str | None = None
    cohort: int = 40
    ci_prob: float = 0.95

    def __post_init__(self) -> None:
        # The averaged prediction lists every count.
        check_cohort("cohort", self.cohort, LARGEST_LISTED)
        check_ci_prob(self.ci_prob)
        if self.factor is not None and not isinstance(self.factor, str):
            raise SettingsError(
                f"`factor` must be the name of a factor; got {self.factor!r}. Write 'regimen_class'."
            )
        if self.profile is not None and not isinstance(self.profile, Mapping):
            raise ProfileError(
                f"`profile` must map covariates to values; got {self.profile!r}. Write {{'regimen_class': 'ven_hma'}}."
            )

    def as_json(self) -> dict[str, Any]:
        """Return the question as JSON can hold it."""
        return {
            "profile": None if self.profile is None else dict(self.profile),
            "factor": self.factor,
            "cohort": self.cohort,
            "ci_prob": self.ci_prob,
        }


def check_profile(question: Question, designs: Mapping[str, Design]) -> None:
    """Raise unless every covariate asked about, and the factor, belongs to one of the models.

    Warns
    -----
    EvidenceWarning
        If a number of the profile lies outside the range of the evidence.

    Raises
    ------
    ProfileError
        If the profile names an unknown covariate, or a value that a model can't take.
    SettingsError
        If no model has the factor.
    """
    known = {name for design in designs.values() for name in design.coding.columns}
    for name in question.profile or {}:
        if name not in known:
            hint = nearest(name, known) if known else "No model has covariates: leave it out."
            raise ProfileError(f"`profile` names '{name}', which is no covariate. {hint}")
    for design in designs.values():
        own = own_part(design.coding, question.profile)
        design.coding.row(own)
        warn_beyond_evidence(design.coding, own)
    factors = {name for design in designs.values() for name in design.coding.factors}
    if question.factor is not None and question.factor not in factors:
        hint = (
            nearest(question.factor, factors) if factors else "No model has factors: leave it out."
        )
        raise SettingsError(f"`factor` names '{question.factor}', which is no factor. {hint}")


def profile_asked(question: Question, designs: Mapping[str, Design]) -> str:
    """Return the profile asked about as people write it; empty if no model has covariates."""
    parts: dict[str, str] = {}
    for design in designs.values():
        parts |= profile_parts(design.coding, own_part(design.coding, question.profile))
    return ", ".join(f"{name}={text}" for name, text in parts.items())


class Answered(NamedTuple):
    """What a model answers for.

    Parameters
    ----------
    profile : str
        Value of each covariate of the model; ``"all studies"`` where it has none.
    named : int
        Covariates of the model that the question names.
    """

    profile: str
    named: int


def profiles_answered(question: Question, designs: Mapping[str, Design]) -> dict[str, Answered]:
    """Return what each model answers for, by name."""
    own = {name: own_part(one.coding, question.profile) for name, one in designs.items()}
    return {
        name: Answered(profile_label(one.coding, own[name]), len(own[name] or {}))
        for name, one in designs.items()
    }


@dataclass(frozen=True, eq=False)
class Asked:
    """A question in the coding of one model, which all fits of the model share.

    Parameters
    ----------
    row : array
        Coded covariates of the profile, shape (covariate,).
    level : int
        Position of the profile's tau among those of the model.
    contrasts : tuple of (str, array, array)
        Label of each pair of levels, and the coded covariates of both.
    cohort, ci_prob
        As in `Question`.
    """

    row: Array
    level: int
    contrasts: tuple[tuple[str, Array, Array], ...]
    cohort: int
    ci_prob: float


def asked_of(coding: Coding, question: Question) -> Asked:
    """Return a question in the coding of a model.

    Raises
    ------
    ProfileError
        If the profile has a value that the model can't take.
    """
    profile = own_part(coding, question.profile)
    return Asked(
        coding.row(profile),
        coding.tau_level(profile),
        tuple(_contrasts(coding, question)),
        question.cohort,
        question.ci_prob,
    )


def _contrasts(coding: Coding, question: Question) -> Iterator[tuple[str, Array, Array]]:
    if question.factor not in coding.factors:
        return
    profiles = level_profiles(coding, question.factor, own_part(coding, question.profile))
    rows = {level: coding.row(one) for level, one in profiles.items()}
    first = coding.factors[question.factor][0]
    for level, versus in level_pairs(coding, question.factor, first):
        yield f"{question.factor}: {level} / {versus}", rows[level], rows[versus]


def answers(rates: KnownRates, asked: Asked, weights: Array | None = None) -> list[Row]:
    """Return what a fit says: the pooled rates, tau and the contrasts asked for.

    Parameters
    ----------
    rates : KnownRates
        Those of the fit.
    asked : Asked
        What is asked.
    weights : array, optional
        Weight of each draw, shape (chain * draw,), where the draws are of another posterior.

    Returns
    -------
    list of dict
        For each `quantity`: `scale`, `estimate` (posterior median), `lower`, `upper` and the
        Monte-Carlo standard error of the median, `mcse`, which weighted draws don't give.
    """
    rows = []
    for (quantity, scale), drawn in _drawn(rates, asked):
        found = _bounds(drawn, asked.ci_prob, weights)
        rows.append({"quantity": quantity, "scale": scale} | found)
    return rows


def _drawn(known: KnownRates, asked: Asked) -> Iterator[tuple[tuple[str, str], Array]]:
    """Yield quantity and scale, and draws, dims (chain, draw) or (chain, draw, node)."""
    rates, fit = known.at(asked.row, asked.level), known.fit
    yield ("typical rate", "probability"), rates.typical
    yield ("mean rate", "probability"), rates.mean
    yield ("new study", "probability"), expit(rates.new_study().theta)
    if "tau" in fit.posterior:
        yield ("tau", fit.spec.link.scale), rates.tau
    for label, *pair in asked.contrasts:
        one, versus = (fit.spec.link.log_odds(predictor_of(fit, row)) for row in pair)
        yield (label, "odds ratio"), np.exp(one - versus)


def _bounds(drawn: Array, ci_prob: float, weights: Array | None) -> Row:
    tails = (1 - ci_prob) / 2, (1 + ci_prob) / 2
    if weights is None:
        median = quantile_of(drawn, 0.5)
        low, high = np.quantile(drawn, tails)
        found = (median.value, float(low), float(high), median.mcse)
    else:
        by_draw = drawn.reshape(weights.size, -1)
        found = (*Weighted.of(by_draw).bounds(weights, ci_prob), float("nan"))
    return dict(zip(("estimate", "lower", "upper", "mcse"), found, strict=True))


def predictive(rates: KnownRates, asked: Asked) -> Row:
    """Return the predictive distributions of a new study and cohort, to be averaged over models.

    Returns
    -------
    dict
        `pmf`: probabilities of 0 to `cohort` responders. `mcse_pmf`: their Monte-Carlo standard
        errors. `cdf`: probabilities that the true rate of a new study is at most each of `RATES`;
        `mcse_cdf`.
    """
    distribution = rates.at(asked.row, asked.level).new_study()
    rate = expit(distribution.theta)
    # Errors change slowly along the rates, and are expensive.
    below = [(rate <= value).mean(axis=-1) for value in RATES[::EVERY]]
    errors = np.nan_to_num(mcse_mean(np.stack(below)))
    return {
        "pmf": distribution.pmf(asked.cohort).tolist(),
        "mcse_pmf": distribution.pmf_mcse(asked.cohort).tolist(),
        "cdf": (np.searchsorted(np.sort(rate, axis=None), RATES, "right") / rate.size).tolist(),
        "mcse_cdf": np.interp(RATES, RATES[::EVERY], errors).tolist(),
    }
