"""What is not available for some kinds of arms, with its reason."""

from collections.abc import Callable
from typing import NamedTuple

from bayesmeta.errors import InapplicableError, listed
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import SPLIT_BY, STUDY
from bayesmeta.model.level_effects import NormalLevels
from bayesmeta.model.links import Logit
from bayesmeta.model.spec import ModelSpec


class Limit(NamedTuple):
    """Something that is not available where arms have several outcomes, or are totals over levels."""

    what: str
    """How messages call it."""
    reason: str
    remedy: str = ""
    holds: Callable[[ModelSpec], bool] | None = None
    """Whether a model has it; None for what is asked of a function."""


TOTALS = (
    Limit(
        "a likelihood other than the binomial",
        "the sum of two beta-binomial counts has no density here",
        "Use Binomial",
        lambda spec: spec.likelihood.overdispersed,
    ),
    Limit(
        "a link other than the logit",
        "only there do the effect of a study and the difference between levels separate",
        "Use Logit",
        lambda spec: not isinstance(spec.link, Logit),
    ),
    Limit(
        "`arm_effects`",
        "the levels of an arm share its effect, which rows by level do not",
        "Leave them out",
        lambda spec: spec.arm_effects is not None,
    ),
    Limit(
        "imputing covariates (`impute`)",
        "a missing value would enter both levels",
        "Leave the column out, or drop arms without it",
        lambda spec: bool(spec.covariates.impute),
    ),
)
"""What is not available where totals over levels stand beside a covariate that tells these apart."""


def check_slopes_by_study(spec: ModelSpec) -> None:
    """Refuse slopes by study beside effects with which they do not add up to a normal one."""
    terms = [term.name for term in spec.covariates.parsed.levels if STUDY in term.columns]
    if not terms:
        return
    normal = all(isinstance(spec.levels_of(name), NormalLevels) for name in terms)
    if not normal or not spec.study_effects.is_normal or not spec.study_effects.pools:
        raise InapplicableError(
            f"slopes by study ({listed(terms)}) are normal, as the effects of studies must be beside them; got "
            f"{spec.study_effects.name} study effects. Use NormalEffects and NormalLevels, or leave the slopes out."
        )


def check_totals(spec: ModelSpec, arms: Arms) -> None:
    """Refuse parts and columns that are not available for totals over levels."""
    if SPLIT_BY not in arms.frame.columns:
        return
    [stratum] = {name for name in arms.frame[SPLIT_BY] if name} or {""}
    totals = listed(arms.labels[(arms.frame[SPLIT_BY] == stratum).to_numpy()])
    if stratum == spec.study_effects.by or stratum in spec.covariates.level_proportions:
        raise InapplicableError(
            f"`by` and `level_proportions` cannot name '{stratum}', of whose levels arms are totals ({totals}). Name "
            "another column."
        )
    for limit in TOTALS if stratum in spec.covariates.parsed.columns else ():
        if limit.holds is not None and limit.holds(spec):
            raise InapplicableError(
                f"{limit.what} is not available for totals over levels of '{stratum}' ({totals}), since "
                f'{limit.reason}. {limit.remedy}, or leave the totals out by bayesmeta.matching(arms, "split_n == 0").'
            )
