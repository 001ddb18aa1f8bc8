"""`predict`: the response to expect in a new study, a new cohort, or a further cohort of a study."""

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_cohort
from bayesmeta.estimates.nested_rates import nested_rates
from bayesmeta.estimates.posterior import (
    AnyFit,
    check_posterior,
    checked_outcome,
    has_draws,
    is_survival,
    outcomes_of,
    rates_at,
)
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.profile_survival import SurvivalAt, profile_survival
from bayesmeta.estimates.profiles import mean_of_study, profile_label, study_profile
from bayesmeta.estimates.survival_times import checked_time
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.model.coding import Profile
from bayesmeta.numeric import check_seed


def predict(
    fit: AnyFit,
    *,
    n: int,
    outcome: str | None = None,
    profile: Profile | None = None,
    study: str | None = None,
    time: float | None = None,
    seed: int,
) -> Prediction:
    """Return the response, or the survival, to expect in a cohort of n patients.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        Draws or the deterministic posterior.
    n : int
        Patients of the cohort, 10,000,000 at most.
    outcome : str, optional
        Which of nested outcomes; where None, all of them together.
    profile : mapping, optional
        Values of covariates. What is left out stands at the reference level or the centre, and the
        prediction's `profile` says so.
    study : str, optional
        A study of the evidence, to predict a further cohort of it: its own study effect is used, and
        its arms' values of covariates that `profile` leaves out, and its means of those that have parts
        within and between studies. Where None, the cohort is that of a new study.
    time : float, optional
        Months after which patients are alive, of a fit of survival only, which needs it: tables then
        have the cohort's true `survival` at this time, and the patients `alive`.
    seed : int
        Random seed of `Prediction.draws`.

    Returns
    -------
    Prediction
        Of one outcome, or of several together.

    Warns
    -----
    EvidenceWarning
        If a number of the profile lies outside the range of the evidence.

    Raises
    ------
    ProfileError
        If the profile cannot be coded, or leaves out a covariate in which the arms of `study` differ.
    EvidenceError
        If the evidence has no such study.
    SettingsError
        If `n` is not a whole number from 1 to 10,000,000, or `seed` not one of at least 0; if a fit of
        survival has no `time`, or one of rates has.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> posterior = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> bm.predict(posterior, n=40, seed=1)
    Prediction(a new study, all studies: 8 responders of 40, 95% interval 1 to 25)
    """
    check_posterior(fit, survival=True)
    n = check_cohort("n", n)
    seed = check_seed(seed)
    mean = None
    if study is not None and has_draws(fit):
        profile = study_profile(fit.coding, fit.arms, study, profile)
        mean = mean_of_study(fit.coding, fit.arms, study)
    label = profile_label(fit.coding, profile)
    if outcome is None and has_draws(fit) and outcomes_of(fit):
        joint = nested_rates(fit, profile, mean)
        joint = joint if study is None else joint.of_study(study)
        by_outcome = {one: joint.distribution(one) for one in joint.outcomes}
        return Prediction(n, label, study, by_outcome, seed, fit, joint)
    if has_draws(fit) and is_survival(fit):
        checked_outcome(fit, outcome)
        if time is None:
            raise SettingsError(
                "`time` is missing: of survival, a cohort is predicted at a time in months. Write time=12."
            )
        months = checked_time(time)
        at = SurvivalAt(profile_survival(fit, profile, mean), months)
        return Prediction(
            n,
            label,
            study,
            {"": at.cohort(study)},
            seed,
            fit,
            words=words_of_outcome(fit.arms),
            time=months,
        )
    if time is not None:
        raise SettingsError("`time` has no effect on a fit of response rates. Leave it out.")
    distribution = rates_at(fit, profile, outcome, mean).cohort(study)
    return Prediction(n, label, study, {"": distribution}, seed, fit)
