"""`cumulative`: what the evidence said as it grew, one fit for each year."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.comparison.plan import SETTINGS
from bayesmeta.errors import EvidenceError, listed, nearest
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.posterior import check_draws, posterior_of
from bayesmeta.estimates.precision import wide_row
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.evidence import Arms
from bayesmeta.inference.refits import refit_with_retry
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings, check_settings
from bayesmeta.model import Design
from bayesmeta.model.coding import Profile
from bayesmeta.numeric import check_seed
from bayesmeta.shown import Shown

Row = dict[str, Any]

QUANTITIES = ("typical", "new_study", "tau")


@dataclass(frozen=True, eq=False, repr=False)
class Cumulative(Shown):
    """What a model says of the studies known up to each year.

    Made by `cumulative`, which says what the columns are.

    Parameters
    ----------
    by : str
        The column that orders the studies.
    profile : str
        What the rates are for.
    ci_prob : float
        Probability of the intervals.
    table : DataFrame
        One row per year; rates are probabilities, tau is on the scale of the link.
    undated : tuple of str
        Arms without a year, which are in the last row only.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few)
    >>> found = bm.cumulative(fit, seed=2, settings=few)
    >>> found.table[["year", "patients", "typical"]].round(1).tail(2)
         year  patients  typical
    5  2023.0       436      0.2
    6     NaN       503      0.2
    >>> len(found.undated)
    2
    """

    by: str
    profile: str
    ci_prob: float
    table: pd.DataFrame
    undated: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the draws of every fit passed their diagnostics."""
        return bool(self.table["ok"].all())

    def __repr__(self) -> str:
        known = self.table["year"].dropna()
        trouble = "" if self.ok else "; NOT RELIABLE: see table"
        last = self.table.iloc[-1]
        return (
            f"Cumulative({self.profile}: {self.by} {known.min():.10g} to {known.max():.10g}, "
            f"{last['studies']} {'study' if last['studies'] == 1 else 'studies'}{trouble})"
        )


def cumulative(
    fit: Fit,
    *,
    by: str = "year",
    seed: int,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    settings: SamplerSettings | None = None,
) -> Cumulative:
    """Return what a model says of the studies known up to each year, by fitting it again.

    The model stays that of the whole evidence, with its coding of covariates; a coefficient of which
    the studies so far say nothing has its prior. Rows share their studies: that an estimate settles
    is not a test, and a look each year no reason to stop.

    Parameters
    ----------
    fit : Fit
        The fit to the whole evidence.
    by : str
        Numeric column of the evidence that orders the arms, such as the year of publication.
    seed : int
        Random seed: same seed, same result.
    profile : mapping, optional
        Covariate values that the rates are for; others stand at the reference or the centre.
    ci_prob : float
        Probability of the equal-tailed intervals.
    settings : SamplerSettings, optional
        Of each fit, done again once if its diagnostics fail; 4 chains of 400 + 1,000 draws where None.

    Returns
    -------
    Cumulative
        Its `table` has one row per year, and `outcome` where there are several, with columns

        - year, the value of `by`; NaN in a last row that has the arms without one, too;
        - studies, arms, patients, events: of all arms up to then that report the outcome;
        - typical, new_study (rates, probability) and tau (that the profile has, scale of the
          link): posterior medians, with intervals in typical_lower, typical_upper, ...; that of
          new_study is the prediction interval; tau is NaN of a model without it;
        - ``mcse_...``: the Monte-Carlo standard error of each of these;
        - ok: whether the draws passed their diagnostics, see `diagnose`.

    Raises
    ------
    SettingsError
        If `fit` is not a Fit of a ModelSpec, or an argument is out of its range.
    EvidenceError
        If the evidence has no column `by`, it is not numeric, or no arm has a value.
    ProfileError
        If the profile cannot be coded.
    SamplingError
        If the sampler cannot start or stops.

    References
    ----------
    Lau et al. 1992, doi:10.1056/NEJM199207233270406 (cumulative meta-analysis).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> bm.cumulative(fit, seed=2).table["studies"].tolist()
    [1, 2, 3, 8, 11, 12, 14]
    """
    check_draws(fit)
    check_family(fit, "cumulative")
    check_ci_prob(ci_prob)
    check_settings(settings)
    seed = check_seed(seed)
    values = _values(fit.arms, by)
    label = profile_label(fit.design.coding, profile)
    steps = [*np.unique(values[~np.isnan(values)]), *([np.nan] if np.isnan(values).any() else [])]
    rows = []
    for number, step in enumerate(steps):
        known = ~(values > step) & (~np.isnan(values) | np.isnan(step))
        design = _up_to(fit.design, known, by)
        found, diagnostics = refit_with_retry(design, seed, settings or SETTINGS, (number,))
        for level, (outcome, one) in enumerate(posterior_of(found, profile).items()):
            row = {"year": float(step)} | ({"outcome": outcome} if outcome else {})
            row |= _counts(design.arms, level)
            row |= wide_row({name: one.distribution(name) for name in QUANTITIES}, ci_prob)
            rows.append(row | {"ok": diagnostics.ok})
    undated = tuple(str(one) for one in fit.arms.labels[np.isnan(values)])
    return Cumulative(by, label, ci_prob, pd.DataFrame(rows), undated)


def _values(arms: Arms, by: object) -> Array:
    """Return the value of each arm, NaN where it has none."""
    columns = [str(name) for name in arms.frame.columns]
    if by not in columns:
        raise EvidenceError(f"`by`: the evidence has no column '{by}'. {nearest(str(by), columns)}")
    column = arms.frame[str(by)]
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        text = listed(dict.fromkeys(column.dropna().astype(str)))
        raise EvidenceError(
            f"`by` must name a numeric column; '{by}' holds {text or 'nothing'}. Name one of numbers, such as a year."
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(values).all():
        raise EvidenceError(f"`by`: no arm has a value of '{by}'. Name another column.")
    return values


def _up_to(design: Design, known: Flags, by: str) -> Design:
    """Return the design of the arms that are known by then, with the coding of all."""
    if known.all():
        return design
    return replace(design, arms=design.arms.drop(~known, f"cumulative: later by {by}"))


def _counts(arms: Arms, level: int) -> Row:
    """Return the numbers of the arms that report an outcome."""
    events = arms.counts[:, level]
    there = ~np.isnan(events)
    return {
        "studies": int(np.unique(arms.study_index[there]).size),
        "arms": int(there.sum()),
        "patients": int(arms.n[there].sum()),
        "events": int(events[there].sum()),
    }
