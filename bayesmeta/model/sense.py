"""Whether a model makes sense on its evidence: what is refused, and what is warned of."""

import warnings
from collections.abc import Iterable

import numpy as np

from bayesmeta.errors import InapplicableError, ModelWarning, listed
from bayesmeta.evidence import Arms
from bayesmeta.model.coding import Coding, grouped
from bayesmeta.model.default_priors import priors_of, wide_priors
from bayesmeta.model.levels import level_text
from bayesmeta.model.spec import ModelSpec

__all__ = ["check_sense", "warn_of_little_evidence"]

FEWEST_FOR_TAU = 3
LARGEST_INFORMED_RHO = 0.1
"""Upper 95% bound of a prior of rho up to which it is called informative."""


def check_sense(spec: ModelSpec, arms: Arms) -> None:
    """Refuse parts that the evidence can't tell apart.

    Raises
    ------
    SpecError
        If arm effects have no study of several arms, or the column of `by` varies within studies.
    """
    _check_by(spec, arms)
    _check_arm_effects(spec, arms)


def warn_of_little_evidence(spec: ModelSpec, arms: Arms, coding: Coding) -> None:
    """Warn of parts that the evidence says little or nothing about, and of priors far wider than any.

    Warns
    -----
    ModelWarning
        If a part rests on its prior, or the prior of a number's coefficient is far wider.
    """
    for message in (
        *_about_shape(spec, arms),
        *_about_tau(spec, arms),
        *_about_overlap(spec, arms),
        *_about_independent(spec, arms, coding),
        *wide_priors(priors_of(spec.beta_priors, coding.names), spec.link, coding),
    ):
        warnings.warn(f"{spec.name}: {message}", ModelWarning, stacklevel=4)


def _tau_levels(spec: ModelSpec, arms: Arms) -> list[str]:
    """Return each arm's level of the column that tau goes by."""
    by = str(spec.study_effects.by)
    groups = spec.covariates.groups.get(by, {})
    return [grouped(level_text(value), groups) for value in arms.frame[by]]


def _check_by(spec: ModelSpec, arms: Arms) -> None:
    by = spec.study_effects.by
    if by is None:
        return
    levels = arms.frame.assign(level=_tau_levels(spec, arms))[["study", "level"]]
    several = levels.groupby("study")["level"].nunique()
    mixed = list(several.index[several > 1])
    if mixed:
        raise InapplicableError(
            f"`by` must name a study-level column; the arms of {listed(mixed)} differ in '{by}'. Name another."
        )
    if levels["level"].nunique() < 2:  # noqa: PLR2004
        raise InapplicableError(
            f"`by`: '{by}' has one level only, '{levels['level'].iloc[0]}', in these arms. Leave it out."
        )
    if levels["level"].nunique() == len(several):
        raise InapplicableError(
            f"`by`: '{by}' has a level for each study, none of which shows how studies differ. "
            "Name a column whose levels have several studies."
        )


def _check_arm_effects(spec: ModelSpec, arms: Arms) -> None:
    if spec.arm_effects is not None and not _has_several_arms(arms):
        instead = "Leave them out" if spec.study_effects.has_effects else "Use NormalEffects"
        raise InapplicableError(
            "`arm_effects` need studies of several arms; here each has one, so that effects of arms and "
            f"of studies are the same thing. {instead}."
        )


def _has_several_arms(arms: Arms) -> bool:
    return bool((np.bincount(arms.study_index, weights=arms.n > 0) > 1).any())


def _about_shape(spec: ModelSpec, arms: Arms) -> Iterable[str]:
    distribution, studies = spec.study_effects, arms.frame.loc[arms.n > 0, "study"].nunique()
    if studies < distribution.fewest_studies:
        yield (
            f"{studies} studies can't show {distribution.feature}: `{listed(distribution.units)}` rests on its "
            "prior. NormalEffects assumes less."
        )


def _about_tau(spec: ModelSpec, arms: Arms) -> Iterable[str]:
    if spec.study_effects.by is None:
        return
    frame = arms.frame.assign(level=_tau_levels(spec, arms))
    # A level of studies without patients has none that count.
    counted = frame["study"].where(arms.n > 0)
    levels = counted.groupby(frame["level"]).nunique()
    few = [f"{level} ({studies})" for level, studies in levels.items() if studies < FEWEST_FOR_TAU]
    if few:
        yield (
            f"tau rests on its prior where there are fewer than {FEWEST_FOR_TAU} studies: {listed(few)}. "
            "Group levels, or share one tau."
        )


def _about_overlap(spec: ModelSpec, arms: Arms) -> Iterable[str]:
    likelihood = spec.likelihood
    if (
        not likelihood.overdispersed
        or not spec.study_effects.has_effects
        or _has_several_arms(arms)
    ):
        return
    for name, prior in likelihood.parameters.items():
        if prior.interval(0.95)[1] > LARGEST_INFORMED_RHO:
            yield (
                f"with one arm per study, `{name}` of the {likelihood.words} likelihood and the study effects can't "
                "be told apart; their priors decide. Use CommonEffect with it, or a Binomial likelihood."
            )


def _about_independent(spec: ModelSpec, arms: Arms, coding: Coding) -> Iterable[str]:
    if spec.study_effects.pools or not coding.names:
        return
    matrix = coding.matrix(arms.frame)
    _, first = np.unique(arms.study_index, return_index=True)
    apart = matrix - matrix[first][arms.study_index]
    between = [name for name, column in zip(coding.names, apart.T, strict=True) if not column.any()]
    if between:
        yield (
            f"{listed(between)} vary between studies only, so that without pooling they rest on their "
            "priors. Use NormalEffects, or leave them out."
        )
