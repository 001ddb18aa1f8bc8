"""`update`: a fit made again on newer evidence, what moved, and what the first fit predicted of it."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, Unpack, cast

import pandas as pd

from bayesmeta.comparison.moves import coding_notes, decisions, moves, version_note
from bayesmeta.comparison.new_studies import predicted_studies, shared_patients
from bayesmeta.comparison.updated import Update
from bayesmeta.errors import (
    EvidenceError,
    EvidenceWarning,
    ModelWarning,
    ProfileError,
    SettingsError,
)
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort, check_family
from bayesmeta.estimates.events import BoundKeywords, Event, asked_event, cohort_event
from bayesmeta.estimates.posterior import asked_time, check_draws
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.questions import Question
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.columns import ARM, OUTCOME, STRATUM, STUDY
from bayesmeta.evidence.named_tables import AnyTable
from bayesmeta.evidence.row_changes import RowChanges, plain, row_changes
from bayesmeta.evidence.selected_again import read_again, selected_again
from bayesmeta.evidence.sources import Source
from bayesmeta.evidence.survival.columns import TIME
from bayesmeta.inference.engines import Engine, asked_settings
from bayesmeta.inference.result import Fit, load_fit
from bayesmeta.inference.sampling import fit as fitted
from bayesmeta.model import Design, make_design
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.sensitivity.tipping_point import check_decision

OF_AN_ARM = (STUDY, ARM, STRATUM)


class DecisionKeywords(BoundKeywords, total=False):
    """Events that are decided on, as keywords; see `EventKeywords`."""

    event: str | Event | Sequence[str | Event] | None
    n: int


def update(
    fit: Fit | str | PathLike[str],
    evidence: AnyTable | Source,
    *,
    profile: Profile | None = None,
    time: float | None = None,
    certainty: float | None = None,
    ci_prob: float = 0.95,
    progress: bool | None = None,
    **event: Unpack[DecisionKeywords],
) -> Update:
    """Fit a model again on newer evidence, and return what moved.

    The same selection takes the arms; the same model is fitted with the same settings and seed. The
    fit is that of `bayesmeta.fit` on these arms, to the last digit. Covariates are coded anew. Default
    priors of numeric covariates, which a first fit sets by their spread, stay as they were.

    Parameters
    ----------
    fit : Fit or path
        Draws of a model, or the folder of a saved run.
    evidence : EvidenceTable, SurvivalTable, or a source
        The newer evidence: a table; or the name of a bundled one, a file or a frame, which is read as
        that of `fit` was. It holds the studies that are kept as well as the new ones.
    profile : mapping, optional
        Covariate values that rates and events are for, in both fits; others stand at the reference or
        the centre of the first fit.
    time : float, optional
        Months, of fits of survival only: the rate is the survival at this time, 12 where None.
    certainty : float, optional
        Probability that a decision requires of each event, above 0.5 and below 1.
    ci_prob : float
        Probability of the equal-tailed intervals of what moved.
    progress : bool, optional
        Show a progress bar; where None, only where a person watches.
    **event
        Events that are decided on, each by itself: ``rate_above=0.3``, ``events_at_least=12, n=40`` or
        ``event="rate > 0.3"``, or a list of such texts. Of several outcomes each is asked about.

    Returns
    -------
    Update
        With the fit `after`, what `moves`, what was predicted of `new_studies`, and `decisions`.

    Raises
    ------
    EvidenceError
        If the selection takes nothing from the evidence, or the very arms of `fit`; or the arms of `fit`
        keep no selection.
    SettingsError
        If `fit` has no draws, is of a PyMC model or was made by `refit`; or an argument is out of its
        range.
    ProfileError
        If the profile cannot be coded in both fits.
    RunError
        If `fit` is a folder that cannot be read.
    SpecError
        If the model does not fit the evidence.
    SamplingError
        If the sampler cannot start or stops.

    Notes
    -----
    Intervals of repeated updates are Bayesian: conditional on the evidence at hand, and not adjusted for
    looks.

    References
    ----------
    Elliott et al. 2017, doi:10.1016/j.jclinepi.2017.08.010 (living systematic reviews).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> early = bm.read_evidence(table.frame.query("year < 2021"), text=["ref"])
    >>> arms = early.select(outcome="CR", venetoclax="yes")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> first = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=few)
    >>> found = bm.update(first, table, rate_above=0.1, certainty=0.9)
    >>> found.new_studies[["study", "events", "n", "inside_95"]].head(2)
          study  events   n  inside_95
    0  feld2021       5  39       True
    1   italy57      14  57       True
    """
    before = load_fit(fit) if isinstance(fit, str | PathLike) else fit
    _check(before)
    check_ci_prob(ci_prob)
    months = asked_time(before, time)
    events = _events(event, months, before.arms)
    check_decision(certainty, events[0] if events else None)
    whole, label = before.coding.resolved(profile), profile_label(before.coding, profile)
    arms = selected_again(read_again(evidence, before.arms), before.arms)
    design = _design(before, arms)
    if design.arms.hash == before.provenance.arms_hash:
        raise EvidenceError(NOTHING_NEW)
    _check_profile(design.coding, whole)
    after = fitted(
        before.spec,
        arms,
        seed=before.provenance.seed,
        settings=asked_settings(before),
        engine=cast("Engine", before.provenance.engine),
        progress=progress,
    )
    fits = before, after
    predicted, unpredicted = predicted_studies(before, after.arms)
    return Update(
        before,
        after,
        changes_of_arms(before.arms, after.arms),
        moves(fits, Question(whole, ci_prob=ci_prob, time=months)),
        predicted,
        decisions(fits, whole, events, certainty=certainty, time=months),
        label,
        ci_prob,
        certainty,
        (
            *coding_notes(before.coding, after.coding),
            *unpredicted,
            *shared_patients(before.arms, after.arms),
            *version_note(before, after),
        ),
    )


NOTHING_NEW = (
    "`evidence` holds nothing new for this fit: the same selection takes the very same arms. There is nothing to "
    "update."
)


def brings_something_new(fit: Fit, table: AnyTable) -> bool:
    """Return whether the selection behind a fit takes other arms, or other values, from a table."""
    _check(fit)
    arms = selected_again(table, fit.arms)
    return _design(fit, arms).arms.hash != fit.provenance.arms_hash


def _check(fit: Fit) -> None:
    """Raise unless a fit can be made again by `fit`."""
    check_draws(fit, survival=True)
    check_family(fit, "update")
    if fit.provenance.stream:
        raise SettingsError(
            "`fit` was made by `refit`, from a stream of its seed that `fit` does not use. Update the fit that it was made "
            "from."
        )


def _design(fit: Fit, arms: Arms) -> Design:
    with warnings.catch_warnings():
        # The fit tells them.
        warnings.simplefilter("ignore", EvidenceWarning)
        warnings.simplefilter("ignore", ModelWarning)
        return make_design(fit.spec, arms)


def _check_profile(coding: Coding, whole: Profile) -> None:
    """Raise unless the profile of the first fit can be coded as learnt from the newer evidence."""
    try:
        coding.row(whole)
    except ProfileError as error:
        raise ProfileError(
            f"The newer evidence cannot answer for the profile of the first fit: {error} Give a `profile` that both know."
        ) from error


def _events(asked: DecisionKeywords, time: float | None, arms: Arms) -> list[Event]:
    """Return the event of each keyword, and of each text; `n` is the patients of those that count."""
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    n, texts = given.pop("n", None), given.pop("event", [])
    texts = texts if isinstance(texts, list | tuple) else [texts]
    each = [{name: value} for name, value in (*given.items(), *(("event", one) for one in texts))]
    if n is None:
        found = [asked_event(one) for one in each]
    else:
        n = check_cohort("n", n)
        found = [cohort_event(n, one) for one in each]
    if n is not None and not any(one is not None and one.n for one in found):
        # It has no effect, which this says.
        asked_event({**(each[0] if each else {}), "n": n})
    own: dict[str, Any] = {} if time is None else {"time": time, "outcome": words_of_outcome(arms)}
    return [replace(one, **own) for one in found if one is not None]


def changes_of_arms(old: Arms, new: Arms) -> RowChanges:
    """Return which arms, or of survival which reports, were added, removed and changed.

    Removed ones have the `rule` by which the selection leaves them out now; blank if they are gone.
    """
    if isinstance(old, SurvivalArms) and isinstance(new, SurvivalArms):
        found = row_changes(old.reports, new.reports, (*OF_AN_ARM, OUTCOME, TIME))
    else:
        found = row_changes(old.frame, new.frame, OF_AN_ARM)
    return replace(found, removed=found.removed.assign(rule=_rules(found.removed, new.excluded)))


def _rules(removed: pd.DataFrame, excluded: pd.DataFrame) -> list[str]:
    """Return the rule that left out each row; blank if the table does not have it."""
    names = [name for name in OF_AN_ARM if name in removed and name in excluded]
    rules = (
        {
            tuple(map(plain, key)): str(rule)
            for *key, rule in excluded[[*names, "rule"]].itertuples(index=False, name=None)
        }
        if len(excluded)
        else {}
    )
    rows = removed[names].itertuples(index=False, name=None)
    return [rules.get(tuple(map(plain, key)), "") for key in rows]
