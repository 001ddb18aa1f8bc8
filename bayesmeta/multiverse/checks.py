"""What a specification grid must keep: each rule with its message."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bayesmeta.errors import SpecError, listed, nearest
from bayesmeta.model import LKJ, ArmEffects, Covariates, Likelihood, StudyEffects
from bayesmeta.numeric import is_whole
from bayesmeta.priors import Prior

SELECTION = (
    "where",
    "parts",
    "strata",
    "unknown_sizes",
    "derivations",
    "overlaps",
    "include",
    "mixed",
)
"""Arguments of `EvidenceTable.select` that an inclusion rule may give."""

SEPARATOR = " / "
"""What stands between the choices of a combination where it is written as one line."""

PRIORS = ("mu", "beta", "tau", "correlation")
"""Parameters whose priors a set of priors may give."""


def check_axis(axis: str, choices: Any) -> None:
    """Refuse choices of an axis that are of the wrong kind."""
    _check_names(axis, choices)
    for name, choice in choices.items():
        place = f"{axis}.{name}"
        if axis == "covariates":
            check_kind(place, choice, Covariates, remedy=" Write Covariates('regimen_class').")
        elif axis == "likelihood":
            check_kind(place, choice, Likelihood, "Binomial or BetaBinomial")
        else:
            _CHECKS[axis](place, choice)


def check_kind(name: str, value: object, kind: type, said: str = "", *, remedy: str = "") -> None:
    """Refuse a part that is of the wrong kind."""
    if not isinstance(value, kind):
        raise SpecError(f"`{name}` must be {said or kind.__name__}; got {value!r}.{remedy}")


def check_plain(name: object, outcomes: Any, seed: object) -> None:
    """Refuse a name, outcomes or a seed of the wrong kind."""
    if not isinstance(name, str) or not name.strip():
        raise SpecError(f"`name` must be text; got {name!r}.")
    if seed is not None and (not is_whole(seed) or seed < 0):
        raise SpecError(f"`seed` must be a whole number of at least 0; got {seed!r}.")
    is_list = isinstance(outcomes, Sequence) and not isinstance(outcomes, str)
    if not is_list or not all(isinstance(one, str) or _is_nest(one) for one in outcomes):
        raise SpecError(
            f"`outcomes` must list names, or lists of nested outcomes; got {outcomes!r}. Write ['ORR'], "
            "or [['ORR', 'CR']]."
        )
    counts = Counter(one if isinstance(one, str) else " > ".join(one) for one in outcomes)
    twice = sorted(one for one, count in counts.items() if count > 1)
    if twice:
        raise SpecError(f"`outcomes` names {listed(twice)} twice. Name each once.")


def _check_names(axis: str, choices: Any) -> None:
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


def _is_nest(value: Any) -> bool:
    """Return whether this lists two outcomes or more, each once."""
    return _is_list_of_text(value) and len(value) == len(set(value)) > 1


def _is_list_of_text(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and all(isinstance(one, str) for one in value)


def _check_effects(place: str, effects: object) -> None:
    distribution, *arms = effects if isinstance(effects, tuple) else (effects,)
    is_pair = len(arms) == 1 and isinstance(arms[0], ArmEffects)
    if not isinstance(distribution, StudyEffects) or not (is_pair or not arms):
        raise SpecError(
            f"`{place}` must be a distribution such as NormalEffects(), or a pair of it and ArmEffects(); "
            f"got {effects!r}."
        )


_KINDS = {"correlation": "LKJ(eta) or None"}


def _check_priors(place: str, priors: object) -> None:
    if not isinstance(priors, Mapping):
        raise SpecError(
            f"`{place}` must map mu, beta, tau or correlation to priors; got {priors!r}."
        )
    for key, prior in priors.items():
        if key not in PRIORS:
            raise SpecError(f"`{place}`: unknown key '{key}'. {nearest(str(key), PRIORS)}")
        is_correlation = key == "correlation" and isinstance(prior, LKJ | None)
        by_label = key == "beta" and isinstance(prior, Mapping)
        each = prior.values() if by_label else [prior]
        if not is_correlation and not all(isinstance(one, Prior) for one in each):
            by_outcome = " Write one for all outcomes." if isinstance(prior, Mapping) else ""
            raise SpecError(
                f"`{place}`: `{key}` must be {_KINDS.get(key, 'a prior')}; got {prior!r}.{by_outcome}"
            )


_CHECKS = {
    "inclusion": _check_inclusion,
    "study_effects": _check_effects,
    "priors": _check_priors,
}
