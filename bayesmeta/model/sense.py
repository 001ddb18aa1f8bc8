"""Whether a model makes sense on its evidence: what is refused, and what is warned of."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import (
    InapplicableError,
    ModelWarning,
    counted,
    issue_warning,
    listed,
)
from bayesmeta.evidence import Arms
from bayesmeta.model.coding import Coding
from bayesmeta.model.default_priors import priors_of, wide_priors
from bayesmeta.model.limits import check_slopes_by_study, check_totals
from bayesmeta.model.spec import ModelSpec
from bayesmeta.model.study_parts import not_compared

FEWEST_FOR_TAU = 3
FEWEST_FOR_SIGMA = 3
LARGEST_INFORMED_RHO = 0.1
"""Upper 95% bound of a prior of rho up to which it is called informative."""


def check_sense(spec: ModelSpec, arms: Arms) -> None:
    """Refuse parts that the evidence cannot tell apart: arm effects, and the column of `by`."""
    check_totals(spec, arms)
    check_slopes_by_study(spec)
    _check_by(spec, arms)
    _check_arm_effects(spec, arms)


def warn_of_little_evidence(spec: ModelSpec, arms: Arms, coding: Coding) -> None:
    """Warn of parts that the evidence says little or nothing about, and of priors far wider than any."""
    for message in (
        *_about_shape(spec, arms),
        *_about_tau(spec, arms),
        *_about_overlap(spec, arms),
        *_about_levels(spec, arms, coding),
        *_about_parts(arms, coding),
        *_about_independent(spec, arms, coding),
        *wide_priors(priors_of(spec.beta_priors, coding.names), spec.scale, coding),
    ):
        issue_warning(f"{spec.name}: {message}", ModelWarning)


def _tau_levels(spec: ModelSpec, arms: Arms) -> list[str]:
    """Return each arm's level of the column that tau goes by."""
    by = str(spec.study_effects.by)
    return spec.covariates.levels_of(by, arms.frame[by])


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
    return bool((np.bincount(arms.study_index, weights=arms.informed) > 1).any())


def _about_shape(spec: ModelSpec, arms: Arms) -> Iterable[str]:
    distribution, studies = spec.study_effects, arms.frame.loc[arms.informed, "study"].nunique()
    if studies < distribution.fewest_studies:
        yield (
            f"{studies} studies cannot identify {distribution.feature}: `{listed(distribution.units)}` depends on its "
            "prior. NormalEffects assumes less."
        )


def _about_tau(spec: ModelSpec, arms: Arms) -> Iterable[str]:
    if spec.study_effects.by is None:
        return
    frame = arms.frame.assign(level=_tau_levels(spec, arms))
    # A level of studies without patients has none that count.
    counted = frame["study"].where(arms.informed)
    levels = counted.groupby(frame["level"]).nunique()
    few = [f"{level} ({studies})" for level, studies in levels.items() if studies < FEWEST_FOR_TAU]
    if few:
        yield (
            f"tau depends on its prior where there are fewer than {FEWEST_FOR_TAU} studies: {listed(few)}. "
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
                f"with one arm per study, `{name}` of the {likelihood.words} likelihood and the study effects cannot "
                "be distinguished; their priors decide. Use CommonEffect with it, or a Binomial likelihood."
            )


def _about_levels(spec: ModelSpec, arms: Arms, coding: Coding) -> Iterable[str]:
    """Yield what the evidence cannot tell of exchangeable levels."""
    frame = arms.frame[arms.informed]
    for one in coding.exchangeable:
        if one.term.walk:
            yield from _about_years(frame, one.term.columns[0], one.term.name)
            continue
        each = [spec.covariates.levels_of(name, frame[name]) for name in one.term.columns]
        pairs = set(zip(frame["study"], zip(*each, strict=True), strict=True))
        studies, levels = (len(set(part)) for part in zip(*pairs, strict=True))
        name = one.term.name
        if levels < FEWEST_FOR_SIGMA:
            shown = "one level" if levels == 1 else f"{levels} levels"
            yield (
                f"sigma of {name} rests on its prior: the evidence has {shown} of it, fewer than "
                f"{FEWEST_FOR_SIGMA}. Use coefficients, or leave the term out."
            )
        if one.term.slope in coding.centres and not _slopes_show(frame[one.term.slope], each):
            yield (
                f"'{one.term.slope}' has one value at each level of {', '.join(one.term.columns)}, so that slopes by "
                "level rest on the prior of their sigma. Leave the slope out."
            )
        if one.term.slope is None and len(pairs) == levels == studies > 1:
            yield (
                f"each study has a level of {name} of its own, so that effects of levels and of studies cannot be "
                "told apart; the priors of sigma and tau decide. Group levels, or leave the term out."
            )


def _about_years(frame: pd.DataFrame, column: str, name: str) -> Iterable[str]:
    """Yield whether too few years have arms for a random walk over them."""
    years = frame[column].nunique()
    if years < FEWEST_FOR_SIGMA:
        yield (
            f"sigma of {name} rests on its prior: the evidence has {counted(years, 'year')} with patients, fewer than "
            f"{FEWEST_FOR_SIGMA}. Leave the term out, or expect the prior's drift."
        )


def _slopes_show(numbers: "pd.Series[Any]", levels: Sequence[Sequence[str]]) -> bool:
    """Return whether a number differs between the arms of a level."""
    grouped = numbers.groupby([list(one) for one in levels])
    return bool((grouped.max() > grouped.min()).any())


def _about_parts(arms: Arms, coding: Coding) -> Iterable[str]:
    """Yield which effects within studies rest on their priors."""
    if not coding.parts.split:
        return
    lost = not_compared(coding.parts, coding.whole(arms.frame), arms.frame)
    if lost:
        yield (
            f"no study tells {listed(coding.names[place] for place in lost)} within studies: the priors of "
            "differences between its parts decide. Group levels, or write the column in place of its parts."
        )


def _about_independent(spec: ModelSpec, arms: Arms, coding: Coding) -> Iterable[str]:
    names = (*coding.names, *coding.level_names)
    if spec.study_effects.pools or not names:
        return
    matrix = coding.matrix(arms.frame)
    _, first = np.unique(arms.study_index, return_index=True)
    apart = matrix - matrix[first][arms.study_index]
    between = [name for name, column in zip(names, apart.T, strict=True) if not column.any()]
    if between:
        yield (
            f"{listed(between)} vary between studies only, so that without pooling they depend on their "
            "priors. Use NormalEffects, or leave them out."
        )
