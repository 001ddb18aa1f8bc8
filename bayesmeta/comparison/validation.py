"""`validate`: later cohorts predicted from earlier studies, each at its own size and covariates."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd

from bayesmeta.comparison.later_cohorts import extrapolated, overlap_groups, why_unpredicted
from bayesmeta.comparison.left_out import coverage_of, predicted_word
from bayesmeta.comparison.plan import validation_stream
from bayesmeta.comparison.predictions import predictions_of
from bayesmeta.comparison.questions import check_spec
from bayesmeta.comparison.scores import arm_scores, study_scores
from bayesmeta.errors import EvidenceError, ProfileError, listed
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.arms import check_are_arms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.refits import fit_with_retry
from bayesmeta.inference.result import Fit
from bayesmeta.inference.sampling import fit as fitted
from bayesmeta.inference.settings import SamplerSettings, check_settings
from bayesmeta.model import Design, ModelSpec
from bayesmeta.model.limits import check_integrated
from bayesmeta.numeric import check_seed
from bayesmeta.shown import Shown

OVERLAP_RISK = "overlap_risk"


@dataclass(frozen=True, eq=False, repr=False)
class Validation(Shown):
    """Later cohorts held against what earlier studies predicted of them.

    Made by `validate`.

    Parameters
    ----------
    fit : Fit
        Posterior draws, from the earlier studies alone.
    test : Arms
        The later cohorts.
    arms : DataFrame
        One row per arm, and `outcome` where there are several, with the columns of `LeftOut.arms`.
    studies : DataFrame
        One row per study, with `elpd` and `mcse_elpd`; see `LeftOut.studies`.
    diagnostics : Diagnostics
        Of the fit.
    notes : tuple of str
        What is to be known of the cohorts: those that are said to share patients with others.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> train, test = (
    ...     table.select(outcome="CR", venetoclax="yes", source=source) for source in ("001", "003")
    ... )
    >>> found = bm.validate(bm.load_model("pooled"), train=train, test=test, seed=1)
    >>> found.arms[["study", "events", "n", "median", "inside_95", "at_least"]].round(2)
                       study  events   n  median  inside_95  at_least
    0  richardcarpentier2023      13  23       4      False      0.02
    >>> round(found.elpd), found.diagnostics.ok
    (-5, True)
    """

    shown = "arms"

    fit: Fit
    test: Arms
    arms: pd.DataFrame
    studies: pd.DataFrame
    diagnostics: Diagnostics
    notes: tuple[str, ...] = ()

    @property
    def elpd(self) -> float:
        """Sum of the studies' log predictive densities."""
        return float(self.studies["elpd"].sum())

    @property
    def coverage(self) -> pd.DataFrame:
        """Arms inside their prediction intervals, as `LeftOut.coverage` has them."""
        return coverage_of(self.arms)

    def __repr__(self) -> str:
        inside = int(self.arms["inside_95"].sum())
        trouble = "" if self.diagnostics.ok else "; NOT RELIABLE: see diagnostics"
        return (
            f"Validation({self.fit.spec.name}: {len(self.studies)} studies predicted from "
            f"{len(self.fit.arms.studies)}, {inside} of {len(self.arms)} {predicted_word(self.arms)}s in their 95% "
            f"intervals{trouble})"
        )


def validate(
    spec: ModelSpec,
    *,
    train: Arms,
    test: Arms,
    seed: int,
    settings: SamplerSettings | None = None,
    progress: bool | None = None,
) -> Validation:
    """Return how a model made from earlier studies predicts later cohorts.

    Every later study is taken as a new one, with one effect for all its arms. Covariates are coded as
    learnt from the earlier studies.

    Parameters
    ----------
    spec : ModelSpec
        What is assumed.
    train : Arms
        The earlier studies, from which the model is fitted.
    test : Arms
        The later cohorts; those without patients are left out.
    seed : int
        Random seed.
    settings : SamplerSettings, optional
        Of the fit; if its diagnostics fail it is done again, once, with more care.
    progress : bool, optional
        Show a progress bar; where None, only where a person watches.

    Returns
    -------
    Validation
        With `arms`, `studies`, `coverage`, `elpd` and the `fit`.

    Raises
    ------
    EvidenceError
        If a study is among both, cohorts of both may share patients (one overlap group), they are
        of different outcomes, or `test` has no patients.
    ProfileError
        If a later cohort has a level of a factor that no earlier study has, or lacks a covariate.
    SpecError
        If the model does not fit the earlier studies.
    SamplingError
        If the sampler cannot start or stops.

    References
    ----------
    Debray et al. 2017, doi:10.1136/bmj.i6460 (external validation).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> train, test = (
    ...     table.select(outcome="ORR", venetoclax="yes", source=source) for source in ("001", "003")
    ... )
    >>> bm.validate(bm.load_model("pooled"), train=train, test=test, seed=1)
    Validation(pooled: 6 studies predicted from 20, 4 of 6 arms in their 95% intervals)
    """
    check_spec(spec)
    _check_apart(train, test)
    check_integrated(spec, train)
    seed = check_seed(seed)
    check_settings(settings)

    make = partial(fitted, spec, train, seed=seed, progress=progress)
    fit, diagnostics = fit_with_retry(make, settings or SamplerSettings())
    test = _with_patients(test)
    _check_known(fit, test)
    new, predictions = Design(fit.spec, test, fit.coding), predictions_of(fit)
    arms = arm_scores(predictions, new, validation_stream(seed))
    return Validation(
        fit,
        test,
        pd.DataFrame(arms),
        pd.DataFrame(study_scores(predictions, new)),
        diagnostics,
        (*_notes(train, test), *extrapolated(fit.coding, test)),
    )


def _check_apart(train: Arms, test: Arms) -> None:
    """Raise unless the later cohorts are other patients, of the same outcome."""
    for name, arms in (("train", train), ("test", test)):
        check_are_arms(arms, name)
    if isinstance(train, SurvivalArms) != isinstance(test, SurvivalArms):
        raise EvidenceError(
            "`train` and `test` must both be of survival, or both of response rates."
        )
    outcomes = [listed(arms.outcomes) for arms in (train, test)]
    if outcomes[0] != outcomes[1]:
        raise EvidenceError(
            f"`train` and `test` must be of the same outcomes; got {outcomes[0]} and {outcomes[1]}."
        )
    both = sorted(set(map(str, train.studies)) & set(map(str, test.studies)))
    if both:
        raise EvidenceError(
            f"A study cannot be both in `train` and in `test`: {listed(both)}. Leave it out of one."
        )
    groups = [overlap_groups(arms) for arms in (train, test)]
    shared = sorted(set(groups[0]) & set(groups[1]))
    if shared:
        pairs = [f"{groups[1][one]} and {groups[0][one]} (group '{one}')" for one in shared]
        raise EvidenceError(
            f"Cohorts of `test` and of `train` may share patients: {listed(pairs)}. Leave one of each out."
        )


def _with_patients(test: Arms) -> Arms:
    empty = ~test.informed
    if empty.all():
        raise EvidenceError("`test` has no patients. Select arms with patients.")
    return test.drop(empty, "validation: no patients") if empty.any() else test


def _check_known(fit: Fit, test: Arms) -> None:
    """Raise unless the coding learnt from the earlier studies covers the later ones."""
    coding = fit.design.coding
    absent = [name for name in coding.columns if name not in test.frame]
    if absent:
        raise ProfileError(f"`test` has no column {listed(absent)}, which the model uses. Add it.")
    rows = zip(test.labels, test.frame.iterrows(), strict=True)
    found = {str(label): why_unpredicted(coding, row) for label, (_, row) in rows}
    reasons = {label: reason for label, reason in found.items() if reason}
    if reasons:
        raise ProfileError(
            f"`test`: the model cannot predict {listed(reasons)}; of the first: {next(iter(reasons.values()))} "
            "Leave them out, or take a model without that covariate."
        )


def _notes(train: Arms, test: Arms) -> Iterator[str]:
    """Yield what the table says of patients that cohorts of both may share."""
    if OVERLAP_RISK not in test.frame:
        return
    said = test.frame.drop_duplicates("study").set_index("study")[OVERLAP_RISK].fillna("")
    for study, text in said.items():
        named = [
            one for one in map(str, train.studies) if re.search(rf"\b{re.escape(one)}\b", text)
        ]
        if named:
            yield f"{study} may share patients with {listed(named)}, from which it is predicted: {text}"
