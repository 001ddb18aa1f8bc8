"""What the notes below a forest plot say of heterogeneity, thin groups and priors."""

from collections.abc import Mapping, Sequence

import pandas as pd

from bayesmeta.errors import SettingsError, counted, nearest
from bayesmeta.estimates.forest_table import ARM, ForestNumbers
from bayesmeta.estimates.heterogeneity import without_tau
from bayesmeta.estimates.inferred import INFERRED_MARK
from bayesmeta.estimates.outcome_draws import OutcomeDraws
from bayesmeta.estimates.posterior import outcomes_of
from bayesmeta.evidence.columns import STUDY
from bayesmeta.inference.result import Fit
from bayesmeta.model import ModelSpec, OwnModel
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.level_terms import LevelTerm
from bayesmeta.priors import Prior
from bayesmeta.wording import Wording


def check_labels(labels: Mapping[str, str], numbers: ForestNumbers) -> None:
    """Raise if a label has no effect."""
    shown = dict.fromkeys([*numbers.table["label"], *numbers.table["group"], str(numbers.factor)])
    for name in labels:
        if name not in shown:
            raise SettingsError(
                f"`labels` names '{name}', which is not in the figure. {nearest(name, map(str, shown))}"
            )


def about_heterogeneity(numbers: ForestNumbers, spec: ModelSpec, scale: str, words: Wording) -> str:
    """Return how far studies differ, on the scale of the linear predictor."""
    if numbers.tau:
        found = "; ".join(
            f"{words.parameter(name)} {median:.2f} (median; {100 * numbers.ci_prob:g}% CrI {lower:.2f} to {upper:.2f})"
            for name, (median, lower, upper) in numbers.tau.items()
        )
        kind = "standard deviation" if spec.study_effects.tau_is_sd else "scale"
        return f"Heterogeneity between studies: {found}, {kind} of the {scale}."
    return f"Heterogeneity: {without_tau(spec)}."


def about_levels(numbers: ForestNumbers, spec: ModelSpec, scale: str) -> str:
    """Return how far exchangeable levels differ and what a new one is, and how far years do."""
    if not numbers.sigma:
        return ""
    terms = zip(spec.covariates.parsed.levels, numbers.sigma.items(), strict=True)
    told = [
        (term, f"{name} {median:.2f} ({lower:.2f} to {upper:.2f})")
        for term, (name, (median, lower, upper)) in terms
    ]
    steps = "".join(
        f"Drift over calendar years: {found}, standard deviation of the {scale} from a year to the next. "
        for term, found in told
        if term.walk
    )
    others = [term for term, _ in told if not term.walk]
    found = "; ".join(found for term, found in told if not term.walk)
    return f"{steps}{_about_others(others, found, scale)}".strip()


def _about_others(terms: Sequence[LevelTerm], found: str, scale: str) -> str:
    """Return the same of terms that are no random walk; `found` are their scales."""
    if not terms:
        return ""
    if all(STUDY in term.columns for term in terms):
        return f"Heterogeneity of coefficients between studies: {found}, scale of the {scale}."
    return (
        f"Heterogeneity between exchangeable levels: {found}, scale of the {scale}. The effect of a level "
        "that no study has is drawn from their distribution."
    )


def about_thin_groups(numbers: ForestNumbers, what: str = "rates") -> str:
    """Return what to know of groups with one study or none."""
    table = numbers.table
    pooled = table[(table["kind"] == numbers.typical) & (table["group"] != NEW)]
    if (pooled["studies"] > 1).all():
        return ""
    others = " and, through them, on the other groups" if len(pooled) > 1 else ""
    return f"Typical {what} that rest on one study or none depend mostly on the priors{others}."


def about_inferred(table: pd.DataFrame, what: str = "counts", whose: str = "a rate") -> str:
    """Return what the mark says, where an arm has it."""
    arms = table[table["kind"] == ARM]
    few = int((arms["inferred"] > 0).sum())
    if not few:
        return ""
    of = f"{few} of {counted(len(arms), 'arm')}"
    return f"{INFERRED_MARK} The {what} of {of}, or those behind {whose}, are inferred: no source prints them."


def about_priors(fit: Fit, scale: str, words: Wording, outcome: str | None = None) -> str:
    """Return the priors of a fit; `scale` is that of the linear predictor."""
    if isinstance(fit.spec, OwnModel):
        return "Priors: those of the PyMC model."
    if outcomes_of(fit):
        drawn = OutcomeDraws(fit, str(outcome))
        priors = {"mu": fit.design.mu[fit.outcomes.index(str(outcome))]}
        betas = {f"beta[{one.label}]": one.prior for one in drawn.coefficients()}
        alike = len(set(map(repr, betas.values()))) == 1
        priors |= {"beta": next(iter(betas.values()))} if alike else betas
        priors |= {one.label: one.prior for one in drawn.taus()}
        return _written(priors, scale, words)
    priors = {"mu": fit.design.mu[0]}
    own = fit.spec.beta if isinstance(fit.spec.beta, Mapping) else {}
    for name, prior in zip(fit.coding.names, fit.design.beta, strict=True):
        priors[f"beta[{name}]" if name in own else "beta"] = prior
    scalars = fit.design.scalars
    priors |= {one.name: one.prior for one in scalars if not one.name.startswith("x_")}
    return _written(priors, scale, words)


def _written(priors: Mapping[str, Prior], scale: str, words: Wording) -> str:
    written = (f"{words.parameter(name)} ~ {prior!r}" for name, prior in priors.items())
    return f"Priors ({scale}): {'; '.join(written)}."
