"""What is not available for some kinds of arms, with its reason."""

from collections.abc import Callable
from typing import NamedTuple

from bayesmeta.errors import InapplicableError, SettingsError, SpecError, listed
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.columns import SPLIT_BY, STUDY
from bayesmeta.evidence.splits import of_unknown_sizes
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


SEVERAL_OUTCOMES = (
    Limit(
        "a beta-binomial likelihood",
        "overdispersion of nested counts has no density here",
        "Use Binomial",
        lambda spec: spec.likelihood.overdispersed,
    ),
    Limit(
        "`arm_effects`",
        "the joint density has effects of studies alone",
        "Leave them out",
        lambda spec: spec.arm_effects is not None,
    ),
    Limit(
        "a distribution of `study_effects` other than the normal",
        "the effects of a study on several outcomes are multivariate normal",
        "Use NormalEffects",
        lambda spec: not spec.study_effects.is_normal,
    ),
    Limit(
        "tau by a column (`by`)",
        "each outcome has a tau of its own already",
        "Leave `by` out",
        lambda spec: spec.study_effects.by is not None,
    ),
    Limit(
        "imputing covariates (`impute`)",
        "the joint density has no missing values",
        "Leave the column out, or drop arms without it",
        lambda spec: bool(spec.covariates.impute),
    ),
    Limit(
        "exchangeable levels",
        "the joint density has coefficients alone",
        "Use coefficients",
        lambda spec: bool(spec.covariates.parsed.grouping_columns),
    ),
    Limit(
        "a random walk over calendar years",
        "the joint density has coefficients alone",
        "Use a coefficient of the year",
        lambda spec: bool(spec.covariates.parsed.walk_columns),
    ),
    Limit(
        "method='quadrature'",
        "a rule would need two dimensions for each outcome",
        "Leave `method` out",
    ),
    Limit("engine='pymc'", "only the compiled density is sampled", "Leave `engine` out"),
    Limit(
        "a PyMC model",
        "the meaning of its variables for each outcome is not known",
        "Use a ModelSpec",
    ),
    Limit("`verify`", "quadrature would need two dimensions for each outcome", "Use diagnose"),
    Limit("`posterior_predictive_check`", "its statistics are of the counts of one outcome"),
    Limit("`selection`", "a study may be published for any of its outcomes"),
    Limit("`unreported`", "a study may report some of its outcomes"),
    Limit("`certainty`", "bands are of the rate of one outcome"),
    Limit("`bias_adjusted`", "a bias is of the rate of one outcome"),
    Limit("`bias_sensitivity`", "a bias is of the rate of one outcome"),
)
"""Everything that is not available yet where the arms have several outcomes."""


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


OF_CURVES = "a bias of a rate is one number, and one of a curve has a size at each time"

SURVIVAL = (
    Limit(
        "`arm_effects`",
        "arms of a study differ by the shape of their curves",
        "Leave them out",
        lambda spec: spec.arm_effects is not None,
    ),
    Limit(
        "imputing covariates (`impute`)",
        "the density of survival has no missing values",
        "Leave the column out, or drop arms without it",
        lambda spec: bool(spec.covariates.impute),
    ),
    Limit("method='quadrature'", "a curve has a shape beside its median", "Leave `method` out"),
    Limit("a PyMC model", "the meaning of its variables is not known", "Use a ModelSpec"),
    Limit("`bias_adjusted`", OF_CURVES, "Fit the response rates of these studies"),
    Limit("`bias_sensitivity`", OF_CURVES, "Fit the response rates of these studies"),
)
"""What is not available for models of survival."""


def check_outcomes(spec: ModelSpec, arms: Arms) -> None:
    """Refuse parts and covariates that are not available for several outcomes, or for survival."""
    _check_kind(spec, arms)
    for limit in SURVIVAL if spec.curve is not None else ():
        if limit.holds is not None and limit.holds(spec):
            raise InapplicableError(_not_of_survival(limit))
    if len(arms.outcomes) == 1:
        return
    for limit in SEVERAL_OUTCOMES:
        if limit.holds is not None and limit.holds(spec):
            raise InapplicableError(_not_available(limit, arms))
    _check_columns(spec, arms)


def refuse_several(arms: Arms, *asked: str) -> None:
    """Raise if what is asked of a function, as `SEVERAL_OUTCOMES` calls it, is not for these arms."""
    for limit in SEVERAL_OUTCOMES:
        if len(arms.outcomes) > 1 and limit.what in asked:
            raise SettingsError(_not_available(limit, arms))
    for limit in SURVIVAL:
        if isinstance(arms, SurvivalArms) and limit.what in asked:
            raise SettingsError(_not_of_survival(limit))


def refuse_survival(arms: Arms, what: str) -> None:
    """Raise if arms are of survival, for which `what` is not available."""
    if isinstance(arms, SurvivalArms):
        of = f" ({arms.outcome})" if arms.outcome else ""
        raise SettingsError(
            f"{what} is not available for survival{of} yet: it is made of counts of responders. Ask for "
            "`summary`, `predict` or `contrast` of a fit."
        )


def _check_kind(spec: ModelSpec, arms: Arms) -> None:
    """Refuse a model of rates for arms that report survival, and the other way round."""
    if spec.curve is None and isinstance(arms, SurvivalArms):
        raise InapplicableError(
            f"the arms report survival ({arms.outcome or 'one outcome'}), and the model is of response rates. Give it "
            "a family of curves, such as curve=WeibullSurvival()."
        )
    if spec.curve is not None and not isinstance(arms, SurvivalArms):
        raise InapplicableError(
            f"the model is of survival ({spec.curve.words} curves), and the arms report responders. Select them by "
            "read_survival(...).select(...), or leave `curve` out."
        )


def _not_of_survival(limit: Limit) -> str:
    return f"{limit.what} is not available for survival, since {limit.reason}. {limit.remedy}."


def _not_available(limit: Limit, arms: Arms) -> str:
    remedy = f"{limit.remedy}, or fit" if limit.remedy else "Fit"
    return (
        f"{limit.what} is not available for several outcomes ({', '.join(arms.outcomes)}), since {limit.reason}. "
        f"{remedy} each outcome by itself: arms.of({arms.outcomes[0]!r})."
    )


def _check_columns(spec: ModelSpec, arms: Arms) -> None:
    """Refuse covariates that are outcomes, or in which the rows of an arm differ."""
    for name in arms.selection.get("differing", []):
        if name in spec.covariates.parsed.columns:
            raise SpecError(
                f"`formula` names '{name}', in which the rows of an arm differ from outcome to outcome, so that it "
                "belongs to no arm. Correct the table, or leave it out."
            )
    for outcome in arms.outcomes:
        if outcome in spec.covariates.parsed.columns:
            raise SpecError(
                f"`formula` names '{outcome}', which is an outcome of the model. Leave it out."
            )


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


def why_not_integrated(spec: object, arms: Arms) -> str:
    """Return why study effects cannot be integrated out of the likelihood of arms; empty if they can."""
    unknown = of_unknown_sizes(arms.frame)
    if unknown.any():
        return (
            f"study effects cannot be integrated out of totals over levels of unknown sizes ({listed(arms.labels[unknown])}); "
            "leave them out by unknown_sizes='drop'"
        )
    if not isinstance(spec, ModelSpec) or spec.curve is None:
        return ""
    effects = spec.study_effects
    if effects.has_effects and not effects.is_normal:
        return (
            f"of survival, study effects whose distribution is {effects.name} cannot be integrated out of the "
            "likelihood; use NormalEffects"
        )
    return ""


def check_integrated(spec: ModelSpec, arms: Arms) -> None:
    """Raise if study effects cannot be integrated out of the likelihood of arms."""
    if reason := why_not_integrated(spec, arms):
        raise InapplicableError(f"Studies cannot be left out: {reason}.")


def check_totals(spec: ModelSpec, arms: Arms) -> None:
    """Refuse parts and columns that are not available for totals over levels."""
    if SPLIT_BY not in arms.frame.columns:
        return
    [stratum] = {name for name in arms.frame[SPLIT_BY] if name} or {""}
    totals = listed(arms.labels[(arms.frame[SPLIT_BY] == stratum).to_numpy()])
    split = [one.column for one in spec.covariates.parsed.split]
    walks = spec.covariates.parsed.walk_columns
    if stratum in (spec.study_effects.by, *spec.covariates.level_proportions, *split, *walks):
        raise InapplicableError(
            f"`by`, `level_proportions`, walk(), within() and between() cannot name '{stratum}', of whose levels arms are "
            f"totals ({totals}). Name another column."
        )
    for limit in TOTALS if stratum in spec.covariates.parsed.columns else ():
        if limit.holds is not None and limit.holds(spec):
            raise InapplicableError(
                f"{limit.what} is not available for totals over levels of '{stratum}' ({totals}), since "
                f'{limit.reason}. {limit.remedy}, or leave the totals out by bayesmeta.matching(arms, "split_n == 0").'
            )
