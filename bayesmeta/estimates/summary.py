"""`summary`: coefficients, heterogeneity and the four rates of each profile, in one table."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, nearest
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort, check_profiles
from bayesmeta.estimates.inferred import with_inferred
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_by_outcome
from bayesmeta.estimates.posterior import (
    AnyFit,
    check_posterior,
    has_draws,
    is_survival,
    outcomes_of,
    posterior_of,
)
from bayesmeta.estimates.precision import (
    Draws,
    Row,
)
from bayesmeta.estimates.profiles import default_profiles, profile_label, reference_text
from bayesmeta.estimates.rates import RatesByQuadrature
from bayesmeta.estimates.summary_rows import Parameter, cohort_row, drawn_parameters, row_of
from bayesmeta.estimates.summary_text import ODDS_RATIO, Heading, SummaryTable, headed
from bayesmeta.estimates.survival_summary import (
    conditional_note,
    survival_table,
)
from bayesmeta.estimates.survival_times import USUAL_TIMES, checked_times
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.estimates.words import words_of
from bayesmeta.labels import LabelSource
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.model.links import Link, Logit
from bayesmeta.numeric import is_number

RATE = "probability"

FARTHEST = 300.0
"""Log odds ratio beyond which nothing is distinguished; its square is still a number."""

RATES = {"typical rate": "typical", "mean rate": "mean"}
"""Rates of a profile beside those of a new study, and what a posterior calls them."""


def summary(
    fit: AnyFit,
    *,
    profiles: Sequence[Profile] | None = None,
    per: Mapping[str, float] | None = None,
    ci_prob: float = 0.95,
    cohort: int = 40,
    rates_per: int = 100,
    labels: LabelSource = None,
    times: float | Sequence[float] | None = None,
) -> SummaryTable:
    """Return the coefficients, tau, I-squared and the four rates of each profile.

    Of survival: the coefficients, tau and the parameters of curves, and medians, survival and restricted
    means of each profile.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        Draws or the deterministic posterior.
    profiles : sequence of mappings, optional
        Covariate values to give rates for; what one leaves out stands at the reference level or the
        centre. Where None, the reference profile and each other level of each factor.
    per : mapping, optional
        Units for odds ratios of numbers beside those per 1, such as ``{"age": 10}``.
    ci_prob : float
        Probability of the equal-tailed intervals.
    cohort : int
        Patients of the new cohort.
    rates_per : {100, 1000, 10000, 100000}
        Patients that rates are per where the table is printed; 100 for percent. Its numbers are
        probabilities.
    labels : Labels, mapping or path, optional
        Labels of levels and outcomes where the table is printed, such as
        ``{"regimen": {"DEC": "decitabine"}}``, in place of those that model and evidence have.
    times : float or sequence of float, optional
        Months at which survival is told, of fits of survival only; where None, 12.

    Returns
    -------
    DataFrame
        It prints as the command line shows a fit. One row per quantity, with columns

        - quantity: `mu` (at the reference profile), ``beta[...]``, `tau`; ``odds_ratio[...]`` of each
          number that enters by itself, per 1 and per a unit asked for (of the logit link; if it is
          part of an interaction, too, at the reference of the others); `i_squared` (from draws of
          arms only, and so not of a fit that kept none; it rises with the size of the studies
          whatever their heterogeneity, so look at tau and ``new study``), and per profile ``typical
          rate`` (of the median study), ``mean rate`` (averaged over studies), ``new study`` (the true
          rate of a new study: the prediction interval) and ``new cohort`` (responders out of
          `cohort`);
        - outcome, first, of nested outcomes only: which one; its parameters are those of its
          conditional probability given the enclosing outcome, its rates are among all patients;
        - profile: what the row is for, blank for parameters;
        - scale: log-odds, probability, odds ratio, share of variance, or responders; of survival months,
          probability, and patients to whom the event has not happened, such as ``alive of 40``;
        - mean, sd, median, lower, upper: of the posterior; the interval has probability `ci_prob`;
        - mcse_mean, mcse_sd, mcse_median, mcse_lower, mcse_upper: Monte-Carlo standard errors, 0 for
          a `QuadratureFit`;
        - ess_bulk, ess_tail, r_hat: of drawn quantities, NaN for what is integrated over the
          distribution of a new study;
        - time, of survival only: months; missing of medians. There ``median_ratio[...]`` is a ratio of
          medians; a profile has ``typical median`` and ``new study median`` (months), and at each time
          ``typical survival``, ``mean survival``, ``new study survival``, ``new cohort alive`` (of
          `cohort`), ``typical restricted mean`` and ``new study restricted mean`` (months: the area
          under the curve up to the time);
        - arms, inferred: arms with a count at the profile, and those of them whose count no source
          prints (column `derivation`); missing for parameters.

    Raises
    ------
    ProfileError
        If a profile cannot be coded the way the fit was.
    SettingsError
        If `ci_prob` is not between 0 and 1, `cohort` is not a whole number of at least 1, or `per` names
        what has no odds ratio, or `rates_per` is another number.
    SpecError
        If a label is of a column, level or outcome that is not there.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> table = bm.summary(bm.fit(bm.load_model("pooled"), arms, method="quadrature"))
    >>> table.set_index("quantity").loc["new study", ["lower", "upper"]].astype(float).round(2).tolist()
    [0.04, 0.6]
    """
    check_posterior(fit, survival=True)
    check_ci_prob(ci_prob)
    check_cohort("cohort", cohort)
    words = words_of(fit, rates_per=rates_per, labels=labels)
    check_profiles(profiles)
    if has_draws(fit) and is_survival(fit):
        if per is not None:
            raise SettingsError(
                "`per` is of odds ratios, which a model of survival does not have. Leave it out."
            )
        asked = list(default_profiles(fit.coding) if profiles is None else profiles)
        months = checked_times(USUAL_TIMES if times is None else times)
        table = survival_table(fit, asked, months, ci_prob=ci_prob, cohort=cohort)
        at, note = reference_text(fit.coding, words), conditional_note(fit.arms)
        called = words_of_outcome(fit.arms)
        return headed(table, Heading("log median in months", ci_prob, at, words, note, called))
    if times is not None:
        raise SettingsError("`times` has no effect on a fit of response rates. Leave it out.")
    units = _checked_units(per, fit.coding, fit.spec.link)
    asked = list(default_profiles(fit.coding) if profiles is None else profiles)
    rows = [
        (outcome, row_of((quantity, "", scale), distribution, ci_prob))
        for outcome, quantity, scale, distribution in _parameters(fit, units)
    ]
    rows += _rate_rows(fit, asked, ci_prob, cohort)
    several = bool(outcomes_of(fit))
    table = pd.DataFrame([{"outcome": outcome, **row} if several else row for outcome, row in rows])
    heading = Heading(fit.spec.link.scale, ci_prob, reference_text(fit.coding, words), words)
    return headed(with_inferred(table, fit, asked), heading)


def _rate_rows(
    fit: AnyFit, profiles: Iterable[Profile], ci_prob: float, cohort: int
) -> Iterator[tuple[str, Row]]:
    """Yield the four rates of each profile and outcome."""
    for profile in profiles:
        label = profile_label(fit.coding, profile)
        for outcome, rates in posterior_of(fit, profile).items():
            for name, quantity in RATES.items():
                distribution = rates.distribution(quantity)
                if distribution is not None:
                    yield outcome, row_of((name, label, RATE), distribution, ci_prob)
            new = rates.cohort()
            yield outcome, row_of(("new study", label, RATE), new.rate, ci_prob)
            of_cohort = ("new cohort", label, f"responders of {cohort}")
            yield outcome, cohort_row(new, of_cohort, ci_prob, cohort)


def _parameters(fit: AnyFit, per: Mapping[str, float]) -> Iterator[Parameter]:
    """Yield the parameters of a model, I-squared and the odds ratios of numbers."""
    if not has_draws(fit):
        for name in ("mu", "tau"):
            found = RatesByQuadrature(fit, None).distribution(name)
            if found is not None:
                yield "", name, fit.spec.link.scale, found
        return
    yield from drawn_parameters(fit)
    for drawn in draws_by_outcome(fit):
        for label, scale, draws in _odds_ratio_draws(drawn, per):
            yield drawn.outcome, label, scale, Draws(draws)


def _checked_units(per: object, coding: Coding, link: Link) -> dict[str, float]:
    """Return the units that odds ratios are asked for, by coefficient, after checking them."""
    if per is None:
        return {}
    if not isinstance(per, Mapping):
        raise SettingsError(
            f"`per` must map covariates to units, such as {{'age': 10}}; got {per!r}."
        )
    valid = _slopes(coding, link)
    for name, unit in per.items():
        if name not in valid:
            hint = nearest(str(name), valid) if valid else "The model has none: leave `per` out."
            raise SettingsError(
                f"`per` names '{name}', of which there is no odds ratio per unit. {hint}"
            )
        if not is_number(unit) or not 0 < unit < math.inf:
            raise SettingsError(f"`per` of '{name}' must be a positive number; got {unit!r}.")
    return {str(name): float(unit) for name, unit in per.items()}


def _odds_ratio_draws(
    drawn: OutcomeDraws, per: Mapping[str, float]
) -> Iterator[tuple[str, str, Array]]:
    """Yield label, scale and draws, dims (chain, draw), of odds ratios."""
    coefficients = {one.label: one.draws for one in drawn.coefficients()}
    for name in _slopes(drawn.coding, drawn.link):
        draws = coefficients[name]
        for unit in dict.fromkeys((1.0, per.get(name, 1.0))):
            label = name if unit == 1 else f"{name}, per {unit:g}"
            ratio = np.exp(np.clip(unit * draws, -FARTHEST, FARTHEST))
            yield f"{ODDS_RATIO}[{label}]", f"odds ratio per {unit:g}", ratio


def _slopes(coding: Coding, link: Link) -> tuple[str, ...]:
    """Return the coefficients of a number by itself, as it is or a function of it."""
    if not isinstance(link, Logit):
        return ()
    formula = coding.covariates.parsed
    alone = [term for term in formula.terms if len(term) == 1 and not term[0].spline]
    names = [formula.labels_of(term, term[0].column or term[0].text) for term in alone]
    return tuple(name for each in names for name in each if name in coding.spreads)
