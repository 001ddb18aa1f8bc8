"""What a grid of specifications must keep: each rule with its message."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayesmeta.errors import SpecError, listed, nearest
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import ArmEffects, Covariates, Likelihood, StudyEffects
from bayesmeta.multiverse.answer import GridAnswer
from bayesmeta.numeric import is_whole
from bayesmeta.priors import Prior

if TYPE_CHECKING:
    from bayesmeta.multiverse.specification_grid import SpecificationGrid

__all__ = ["PRIORS", "SELECTION", "SEPARATOR", "check_grid", "check_use"]

SELECTION = ("where", "parts", "strata", "derivations", "overlaps", "include", "mixed")
"""Arguments of `EvidenceTable.select` that an inclusion rule may give."""

SEPARATOR = " / "
"""What stands between the choices of a combination where it is written as one line."""

PRIORS = ("mu", "beta", "tau")
"""Parameters whose priors a set of priors may give."""


def check_grid(grid: "SpecificationGrid", axes: Iterable[str]) -> None:
    """Refuse what is of the wrong kind."""
    _check_own(grid)
    for axis in axes:
        choices = getattr(grid, axis)
        _check_axis(axis, choices)
        for name, choice in choices.items():
            _CHECKS[axis](f"{axis}.{name}", choice)


def check_use(grid: "SpecificationGrid") -> None:
    """Refuse priors that no model of the grid has, and covariates of the profile that none uses."""
    given = {key for priors in grid.priors.values() for key in priors}
    if "beta" in given and not any(one.parsed.terms for one in grid.covariates.values()):
        raise SpecError("`priors`: beta has no effect, as no model has covariates. Leave it out.")
    distributions = [grid.effects(name)[0] for name in grid.study_effects]
    if "tau" in given and all(distribution.tau is None for distribution in distributions):
        raise SpecError("`priors`: tau has no effect, as no distribution has one. Leave it out.")
    used = {name for one in grid.covariates.values() for name in one.parsed.columns}
    used |= {distribution.by for distribution in distributions if distribution.by is not None}
    for name in grid.answer.profile:
        if name not in used:
            raise SpecError(
                f"`profile` names '{name}', which no model of the grid uses. {nearest(str(name), used)}"
            )


def _check_own(grid: "SpecificationGrid") -> None:
    """Refuse what is not an axis and of the wrong kind."""
    if not isinstance(grid.name, str) or not grid.name.strip():
        raise SpecError(f"`name` must be text; got {grid.name!r}.")
    kinds = {"answer": GridAnswer, "settings": SamplerSettings}
    for name, kind in kinds.items():
        if not isinstance(getattr(grid, name), kind):
            raise SpecError(f"`{name}` must be {kind.__name__}; got {getattr(grid, name)!r}.")
    seed = grid.seed
    if seed is not None and (not is_whole(seed) or seed < 0):
        raise SpecError(f"`seed` must be a whole number of at least 0; got {seed!r}.")
    if not _is_list_of_text(grid.outcomes):
        raise SpecError(f"`outcomes` must list names; got {grid.outcomes!r}. Write ['ORR'].")
    twice = sorted(one for one, count in Counter(grid.outcomes).items() if count > 1)
    if twice:
        raise SpecError(f"`outcomes` names {listed(twice)} twice. Name each once.")


def _check_axis(axis: str, choices: Any) -> None:
    if not isinstance(choices, Mapping):
        raise SpecError(f"`{axis}` must map names to choices; got {choices!r}.")
    if not choices:
        raise SpecError(f"`{axis}` has no choice. Name one, or leave it out.")
    for name in choices:
        if not isinstance(name, str) or not name.strip() or SEPARATOR in name:
            raise SpecError(
                f"`{axis}`: each choice needs a name, without '{SEPARATOR}'; got {name!r}. Rename it."
            )


def _check_inclusion(place: str, rule: object) -> None:
    if not isinstance(rule, Mapping):
        raise SpecError(f"`{place}` must map arguments of select to values; got {rule!r}.")
    for key in rule:
        if key not in SELECTION:
            raise SpecError(f"`{place}`: unknown key '{key}'. {nearest(str(key), SELECTION)}")
    ways = rule.get("derivations", [])
    if not _is_list_of_text(ways):
        raise SpecError(
            f"`{place}`: `derivations` must list ways; got {ways!r}. Write ['reported']."
        )
    strata = rule.get("strata")
    if not isinstance(strata, str | None):
        raise SpecError(f"`{place}`: `strata` must name a stratum; got {strata!r}.")


def _is_list_of_text(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and all(isinstance(one, str) for one in value)


def _check_covariates(place: str, covariates: object) -> None:
    if not isinstance(covariates, Covariates):
        raise SpecError(
            f"`{place}` must be Covariates; got {covariates!r}. Write Covariates('regimen_class')."
        )


def _check_effects(place: str, effects: object) -> None:
    distribution, *arms = effects if isinstance(effects, tuple) else (effects,)
    is_pair = len(arms) == 1 and isinstance(arms[0], ArmEffects)
    if not isinstance(distribution, StudyEffects) or not (is_pair or not arms):
        raise SpecError(
            f"`{place}` must be a distribution such as NormalEffects(), or a pair of it and ArmEffects(); "
            f"got {effects!r}."
        )


def _check_likelihood(place: str, likelihood: object) -> None:
    if not isinstance(likelihood, Likelihood):
        raise SpecError(f"`{place}` must be Binomial or BetaBinomial; got {likelihood!r}.")


def _check_priors(place: str, priors: object) -> None:
    if not isinstance(priors, Mapping):
        raise SpecError(f"`{place}` must map mu, beta and tau to priors; got {priors!r}.")
    for key, prior in priors.items():
        if key not in PRIORS:
            raise SpecError(f"`{place}`: unknown key '{key}'. {nearest(str(key), PRIORS)}")
        by_label = key == "beta" and isinstance(prior, Mapping)
        each = prior.values() if by_label else [prior]
        if not all(isinstance(one, Prior) for one in each):
            raise SpecError(f"`{place}`: `{key}` must be a prior; got {prior!r}.")


_CHECKS = {
    "inclusion": _check_inclusion,
    "covariates": _check_covariates,
    "study_effects": _check_effects,
    "likelihood": _check_likelihood,
    "priors": _check_priors,
}
