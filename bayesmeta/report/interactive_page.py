"""The interactive page as a value: priors of profiles, and the plan that it starts with."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.inferred import inferred_words
from bayesmeta.estimates.posterior import check_draws, checked_outcome, outcomes_of
from bayesmeta.estimates.profiles import default_profiles
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.planning.arguments import check_open, check_patients, check_rates
from bayesmeta.planning.map_prior import MapPrior, map_prior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan_priors import MAP, MOST_ERROR, effective_sizes
from bayesmeta.planning.robust import vague_component
from bayesmeta.planning.success import Condition, Success, as_success
from bayesmeta.report.document import Titled
from bayesmeta.report.plan_words import mixture_lines, mixture_warnings
from bayesmeta.wording import Wording

MOST_PATIENTS = 500
"""Patients of the largest trial: the page enumerates all smaller ones at each change."""

LARGEST_VAGUE = 1_000_000
"""Largest effective sample size of the vague component: up to it the page keeps nine decimals."""

CERTAINTY = 0.9
"""Certainty of the success rule where none is given."""

LEAST_RATE = 0.01
"""Smallest threshold of the slider."""

VAGUE_DEFAULTS = {"mean": 0.5, "n": 1.0}
"""The vague component of a command without options about it."""


@dataclass(frozen=True)
class Start:
    """The plan that the page shows first, and what its controls leave as it is.

    `rates` are as in `plan`; `success` is None where the first prior is to give the rule.
    """

    n: int
    success: Success | None
    weight: float
    vague: BetaMixture
    vague_options: tuple[str, ...]
    rates: tuple[float, ...] | None


@dataclass(frozen=True)
class ProfilePrior:
    """The MAP prior of one outcome at one profile, and the options by which commands name it."""

    prior: MapPrior
    shown: str
    options: tuple[str, ...]

    @property
    def label(self) -> str:
        """The profile as the address of the page has it; labels may change."""
        return self.prior.profile

    def json(self, words: Wording) -> dict[str, Any]:
        """Return the mixture and what is told of it."""
        found = {"label": self.label, "shown": self.shown, "options": list(self.options)}
        return found | asdict(self.prior.mixture) | {"told": list(_told(self.prior, words))}


@dataclass(frozen=True)
class InteractivePage(Titled):
    """All that the page holds; `run` is the run as commands name it."""

    warning: str
    made: str
    run: str
    profiles: tuple[ProfilePrior, ...]
    start: Start
    words: Wording

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of success at the start; without a rule, on the mean of the first prior."""
        given = self.start.success
        if given is not None:
            return given.conditions
        mean = round(self.profiles[0].prior.mixture.mean, 2)
        return (Condition(min(max(mean, LEAST_RATE), 1 - LEAST_RATE), CERTAINTY),)

    @property
    def data(self) -> dict[str, Any]:
        """What the script of the page works on."""
        rates = self.start.rates
        listed = [] if rates is None else [f"--rates {','.join(map(repr, rates))}"]
        unreliable = ["--allow-unreliable"] if self.warning else []
        return {
            "run": shlex.quote(self.run),
            "options": [*self.start.vague_options, *listed, *unreliable],
            "profiles": [each.json(self.words) for each in self.profiles],
            "vague": asdict(self.start.vague),
            "rates": rates,
            "most_error": MOST_ERROR,
            "start": {
                "n": self.start.n,
                "weight": self.start.weight,
                "conditions": [asdict(each) for each in self.conditions],
            },
        }


def profile_priors(
    fit: Fit, *, profile: Profile | None, outcome: str | None, reliable: bool, words: Wording
) -> tuple[ProfilePrior, ...]:
    """Return the priors of a page: the profile asked for first, then each other level of each factor.

    Of a fit of several outcomes they are of `outcome`, or of each where None.
    """
    check_draws(fit)
    several = outcomes_of(fit)
    names = several if several and outcome is None else (checked_outcome(fit, outcome) or None,)
    return tuple(
        _profile_prior(fit, each, name, reliable=reliable, words=words)
        for name in names
        for each in default_profiles(fit.coding, profile)
    )


def _profile_prior(
    fit: Fit, profile: Profile, outcome: str | None, *, reliable: bool, words: Wording
) -> ProfilePrior:
    prior = map_prior(fit, profile=profile, outcome=outcome, force=not reliable)
    named = [] if outcome is None else [f"--outcome {shlex.quote(outcome)}"]
    given = (
        f"--profile {shlex.quote(f'{name}={_as_typed(value)}')}" for name, value in profile.items()
    )
    return ProfilePrior(prior, words.text(prior.profile), (*named, *given))


def _as_typed(value: object) -> str:
    """Return a value of a profile as commands take it, with all its digits."""
    if isinstance(value, Mapping):
        return "+".join(f"{level}:{_as_typed(share)}" for level, share in value.items())
    return repr(float(value)) if isinstance(value, float) else str(value)


def start_of(
    *,
    n: int,
    success: Success | str | None,
    rate_above: float | None,
    robust: float,
    vague_mean: float,
    vague_n: float,
    rates: object,
) -> Start:
    """Return the plan that a page starts with, after checking it."""
    if check_patients("n", n) > MOST_PATIENTS:
        raise SettingsError(
            f"`n` of an interactive page must be at most {MOST_PATIENTS} patients; got {n}. For larger trials, use `plan`."
        )
    vague = vague_component(mean=vague_mean, n=vague_n, names=("vague_mean", "vague_n"))
    if vague_n > LARGEST_VAGUE:
        raise SettingsError(
            f"`vague_n` of an interactive page must be at most {LARGEST_VAGUE:,} patients; got {vague_n:g}. For more, use "
            "`plan`."
        )
    given = {"mean": vague_mean, "n": vague_n}
    options = tuple(
        f"--vague-{name} {float(value)!r}"
        for name, value in given.items()
        if value != VAGUE_DEFAULTS[name]
    )
    weight = check_open("robust", robust)
    true = None if rates is None else tuple(map(float, check_rates("rates", rates)))
    return Start(int(n), _rule(success, rate_above), weight, vague, options, true)


def _rule(success: Success | str | None, rate_above: float | None) -> Success | None:
    """Return the rule of success asked for; None where nothing was."""
    if success is None:
        if rate_above is None:
            return None
        return Success((Condition(check_open("rate_above", rate_above), CERTAINTY),))
    if rate_above is not None:
        raise SettingsError(
            "`rate_above` has no effect with `success`, which has thresholds. Leave one out."
        )
    rule = as_success(success)
    if rule.of_two_arms:
        raise SettingsError(
            f"`success` of an interactive page is of one arm, on the rate; got {rule}. Two arms have a boundary for each "
            "number of control responders: use `plan` without the page."
        )
    return rule


def _told(prior: MapPrior, words: Wording) -> Iterator[str]:
    """Yield the mixture, what it is worth, and how near it is to the draws."""
    sizes = effective_sizes({MAP: prior.mixture})[MAP]
    yield from (line.strip() for line in mixture_lines(prior.mixture, sizes, words.rates))
    yield f"Kolmogorov distance between mixture and draws: {prior.ecdf_difference:.4f}."
    yield from mixture_warnings(prior)
    yield from inferred_words([] if prior.inferred is None else [prior.inferred])
