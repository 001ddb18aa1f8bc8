"""`summary`: coefficients, heterogeneity and the four rates of each profile, in one table."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort, check_fit, check_profiles
from bayesmeta.estimates.heterogeneity import i_squared
from bayesmeta.estimates.inferred import with_inferred
from bayesmeta.estimates.odds_ratios import checked_units, odds_ratio_draws
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.estimates.profiles import default_profiles, profile_label, reference_text
from bayesmeta.estimates.rates import Exact, QuadratureRates
from bayesmeta.estimates.rows import RATE, Row, distribution_rows, drawn_row, row_of
from bayesmeta.estimates.summary_table import SummaryTable, headed
from bayesmeta.estimates.summary_text import Heading
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.label_files import LabelSource
from bayesmeta.model.coding import Profile

__all__ = ["summary"]

Array = npt.NDArray[np.float64]
LOG_ODDS, ALL = "log-odds", "all studies"


def summary(
    fit: Fit | QuadratureFit,
    *,
    profiles: Sequence[Profile] | None = None,
    per: Mapping[str, float] | None = None,
    ci_prob: float = 0.95,
    cohort: int = 40,
    rates_per: int = 100,
    labels: LabelSource = None,
) -> SummaryTable:
    """Return the coefficients, tau, I-squared and the four rates of each profile.

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
        - outcome, first, of nested outcomes only: which one; its parameters are those of its ratio to
          the outcome around it, its rates are among all patients;
        - profile: what the row is for, blank for parameters;
        - scale: log-odds, probability, odds ratio, share of variance, or responders;
        - mean, sd, median, lower, upper: of the posterior; the interval has probability `ci_prob`;
        - mcse_mean, mcse_sd, mcse_median, mcse_lower, mcse_upper: Monte-Carlo standard errors, 0 for
          a `QuadratureFit`;
        - ess_bulk, ess_tail, r_hat: of drawn quantities, NaN for what is integrated over the
        distribution
          of a new study;
        - arms, inferred: arms with a count at the profile, and those of them whose count no source
          prints (column `derivation`); missing for parameters.

    Raises
    ------
    ProfileError
        If a profile can't be coded the way the fit was.
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
    check_fit(fit, grid=True, nested=True)
    check_ci_prob(ci_prob)
    check_cohort("cohort", cohort)
    words = words_of(fit, rates_per=rates_per, labels=labels)
    if isinstance(fit, QuadratureFit):
        for name, value in (("profiles", profiles), ("per", per)):
            if value is not None:
                raise SettingsError(
                    f"`{name}` has no effect on a QuadratureFit, which has no covariates. Leave it out."
                )
        table = with_inferred(pd.DataFrame(list(_grid_rows(fit, ci_prob, cohort))), fit, [{}])
        return headed(table, Heading(LOG_ODDS, ci_prob, words=words))
    check_profiles(profiles)
    units = checked_units(per, fit.coding, fit.spec.link)
    asked = list(default_profiles(fit.coding) if profiles is None else profiles)
    if len(fit.arms.outcomes) > 1:
        from bayesmeta.estimates.nested.summary import summarise_nested

        rows: Iterable[Row] = summarise_nested(
            fit, asked, per=units, ci_prob=ci_prob, cohort=cohort
        )
    else:
        rows = _drawn_rows(fit, asked, per=units, ci_prob=ci_prob, cohort=cohort)
    at = reference_text(fit.coding, words)
    table = with_inferred(pd.DataFrame(list(rows)), fit, asked)
    return headed(table, Heading(fit.spec.link.scale, ci_prob, at, words))


def _drawn_rows(
    fit: Fit,
    profiles: Sequence[Profile],
    *,
    per: Mapping[str, float],
    ci_prob: float,
    cohort: int,
) -> Iterable[Row]:
    coding = fit.design.coding
    for (quantity, scale), draws in _parameters(fit).items():
        yield drawn_row((quantity, "", scale), draws, ci_prob)
    if coding.names:
        beta = np.asarray(fit.posterior["beta"])
        for quantity, scale, draws in odds_ratio_draws(beta, coding, fit.spec.link, per):
            yield drawn_row((quantity, "", scale), draws, ci_prob)
    for profile in profiles:
        label = profile_label(coding, profile)
        rates = profile_rates(fit, profile)
        yield drawn_row(("typical rate", label, RATE), rates.typical, ci_prob)
        yield drawn_row(("mean rate", label, RATE), rates.mean, ci_prob)
        yield from distribution_rows(rates.new_study(), label, ci_prob, cohort)


def _parameters(fit: Fit) -> dict[tuple[str, str], Array]:
    """Return draws of scalar parameters and I-squared by quantity and scale."""
    posterior, link = fit.posterior, fit.spec.link.scale
    found = {("mu", link): np.asarray(posterior["mu"])}
    units = {scalar.name: scalar.unit for scalar in fit.design.scalars}
    if not fit.spec.study_effects.tau_is_sd:
        units["tau"] = f"{link} (scale of the distribution, not sd)"
    for name in ("beta", *units):
        if name in posterior:
            scale = units.get(name) or link
            found |= {(label, scale): draws for label, draws in _scalars(posterior[name])}
    if "tau" in posterior and "theta" in posterior:
        for level, draws in i_squared(fit).items():
            label = f"i_squared[{level}]" if level else "i_squared"
            found[label, "share of variance"] = draws
    return found


def _scalars(variable: xr.DataArray) -> Iterable[tuple[str, Array]]:
    """Yield label and draws, dims (chain, draw), of a parameter's values."""
    if variable.ndim == 2:  # noqa: PLR2004
        yield str(variable.name), np.asarray(variable)
        return
    draws = np.asarray(variable)
    for i, label in enumerate(variable.indexes[variable.dims[2]]):
        yield f"{variable.name}[{label}]", draws[..., i]


def _grid_rows(fit: QuadratureFit, ci_prob: float, cohort: int) -> Iterable[Row]:
    labels = {
        "mu": ("mu", "", LOG_ODDS),
        "tau": ("tau", "", LOG_ODDS),
        "typical": ("typical rate", ALL, RATE),
        "mean": ("mean rate", ALL, RATE),
    }
    if fit.spec.study_effects.tau is None:
        del labels["tau"]
    for target, label in labels.items():
        yield row_of(label, Exact(fit.posterior.marginal(target)), ci_prob)
    yield from distribution_rows(QuadratureRates(fit), ALL, ci_prob, cohort)
