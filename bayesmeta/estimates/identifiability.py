"""`identifiability`: what the evidence of a fit can't tell, as a table and in plain sentences."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.errors import listed
from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.comparisons import studies_by_level
from bayesmeta.estimates.information import within_shares
from bayesmeta.estimates.nested_information import informing, ratio_rows
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_of
from bayesmeta.estimates.overlap import prior_overlap
from bayesmeta.estimates.posterior import check_draws, outcomes_of
from bayesmeta.estimates.prior_conflicts import nested_conflicts, rate_conflicts, tau_conflict
from bayesmeta.estimates.tau_scaling import SENSITIVE, tau_scaling
from bayesmeta.inference.result import Fit
from bayesmeta.priors import Prior

__all__ = ["identifiability", "notes"]

Array = npt.NDArray[np.float64]
Row = dict[str, Any]

FEWEST_STUDIES = 3
"""Studies from which on an estimate is not called one of few studies."""

UNCHANGED = 0.8
"""Overlap above which a posterior is called its prior."""

PULLED = 0.5
"""Overlap above which power-scaling is no reason to say that prior and evidence pull apart."""

_COLUMNS = ["coefficient", "studies", "within_share", "between_only", "prior_overlap"]


def identifiability(fit: Fit) -> pd.DataFrame:
    """Return what each coefficient, and tau, is known from.

    Parameters
    ----------
    fit : Fit
        Posterior draws.

    Returns
    -------
    DataFrame
        One row per coefficient, one for tau (or each of them) and one for each parameter of another
        part (nu, outlier_proportion, tau_arm, rho), as far as the model has them, with columns

        - outcome, first, of nested outcomes only: whose conditional probability it is of;
        - coefficient: ``regimen_class[ven_ldac]``, ..., ``tau``;
        - studies: how many studies with patients inform it: of a column of zeros and ones, such
          as a level's, the studies with an arm at one; of another column, the studies with an arm off
          the column's commonest value, without which there would be no differences; of tau, all (of
          its level);
        - within_share: share, from 0 to 1, of the information on the coefficient that is within
          studies, see `within_shares`; NaN where the evidence has none, and of other parameters;
        - between_only: whether all of it comes from differences between studies; False of other
          parameters, which are about nothing else;
        - prior_overlap: overlap of the densities of prior and posterior, from 0 to 1.

    Raises
    ------
    SettingsError
        If `fit` has no draws, or is of a user-supplied PyMC model.

    References
    ----------
    Berlin et al. 2002, doi:10.1002/sim.1023 (ecological bias in meta-regression).
    Garrett & Zeger 2000, doi:10.1111/j.0006-341X.2000.01055.x (overlap of prior and posterior).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from bayesmeta.estimates.identifiability import identifiability
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> table = identifiability(bm.fit(bm.load_model("regimen"), arms, seed=1))
    >>> table.loc[table["studies"] < 3, "coefficient"].tolist()
    ['regimen_class[ven_dli]', 'regimen_class[ven_ldac]', 'regimen_class[ven_targeted]']
    """
    check_draws(fit)
    check_family(fit, "identifiability")
    kinds = {"studies": "int64", "between_only": "bool"}
    outcomes = outcomes_of(fit)
    if outcomes:
        rows = [
            {"outcome": outcome, **row} for outcome in outcomes for row in ratio_rows(fit, outcome)
        ]
        return pd.DataFrame(rows, columns=["outcome", *_COLUMNS]).astype(kinds)
    return pd.DataFrame([*_coefficients(draws_of(fit)), *_scalars(fit)], columns=_COLUMNS).astype(
        kinds
    )


def notes(fit: Fit) -> tuple[str, ...]:
    """Return what the evidence of a fit can't tell, in plain sentences; none if there is nothing.

    Levels and coefficients of fewer than 3 studies; coefficients known only from differences
    between studies; posteriors that overlap their prior by more than 0.8; coefficients without
    any evidence; a tau with more than half of its posterior above the 95% quantile of its prior, or of
    which power-scaling says that prior and evidence may pull apart; and mu or a typical rate with more
    than half of its posterior outside the middle 95% of its prior.

    Parameters
    ----------
    fit : Fit
        Posterior draws.

    Raises
    ------
    SettingsError
        If `fit` is no Fit.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.notes(bm.fit(bm.load_model("pooled"), arms, seed=1))
    ()
    """
    table = identifiability(fit)
    # Of parameters other than coefficients no share is within studies, whatever the evidence.
    table["silent"] = table["within_share"].isna() & table["coefficient"].isin(fit.coding.names)
    if "outcome" in table:
        table["coefficient"] += " of " + table["outcome"]
        conflicts: Iterable[str] = nested_conflicts(fit)
    else:
        conflicts = (*_conflict(fit), *rate_conflicts(fit))
    return tuple([*_unpooled(fit), *_few_studies(fit, table), *_weak(table), *conflicts])


def _coefficients(drawn: OutcomeDraws) -> Iterable[Row]:
    names = drawn.coding.names
    if not names:
        return
    shares, there = within_shares(drawn, np.eye(len(names))), drawn.arms.n > 0
    for i, (name, prior, draws) in enumerate(drawn.coefficients()):
        yield {
            "coefficient": name,
            "studies": informing(drawn.matrix[:, i], there, drawn.arms.study_index),
            "within_share": shares[i],
            "between_only": shares[i] == 0,
            "prior_overlap": prior_overlap(prior, draws),
        }


def _scalars(fit: Fit) -> Iterable[Row]:
    for label, prior, draws, studies in _scalar_draws(fit):
        yield {
            "coefficient": label,
            "studies": studies,
            "within_share": np.nan,
            "between_only": False,
            "prior_overlap": prior_overlap(prior, draws),
        }


def _scalar_draws(fit: Fit) -> Iterable[tuple[str, Prior, Array, int]]:
    """Yield label, prior, draws and number of studies of tau and the parameters of other parts."""
    design = fit.design
    study = design.arms.study_index[fit.arms.n > 0]
    level_of_study = design.tau_of_study[np.unique(study)]
    priors = {scalar.name: scalar.prior for scalar in design.scalars}
    for name, prior in priors.items():
        if name.startswith("x_"):
            continue
        draws = np.asarray(fit.posterior[name])
        if name == "tau" and design.spec.study_effects.by:
            for i, level in enumerate(design.tau_levels):
                yield f"tau[{level}]", prior, draws[..., i], int((level_of_study == i).sum())
        else:
            yield name, prior, draws, level_of_study.size


def _unpooled(fit: Fit) -> Iterable[str]:
    """Yield what independent studies don't tell."""
    if not fit.spec.study_effects.pools:
        yield (
            "Without pooling, mu and the rates of a new study are the prior: studies tell nothing of one "
            "that is not among them."
        )


def _few_studies(fit: Fit, table: pd.DataFrame) -> Iterable[str]:
    """Yield which estimates, and which reference levels, rest on fewer than 3 studies."""
    rows = table[table["studies"] < FEWEST_STUDIES]
    if len(rows):
        pairs = zip(rows["coefficient"], rows["studies"], strict=True)
        named = [f"{name} ({studies})" for name, studies in pairs]
        yield (
            f"Fewer than {FEWEST_STUDIES} studies inform {listed(named)}: "
            "one study's peculiarities can't be told from the effect, and the prior counts."
        )
    references = {
        f"{factor}[{levels[0]}]": len(studies_by_level(fit.coding, fit.arms, factor)[levels[0]])
        for factor, levels in fit.coding.factors.items()
    }
    few = [f"{name} ({count})" for name, count in references.items() if count < FEWEST_STUDIES]
    if few:
        yield (
            f"Fewer than {FEWEST_STUDIES} studies have the reference level {listed(few)}, "
            "with which all other levels are compared: name another reference, or group levels."
        )


def _weak(table: pd.DataFrame) -> Iterable[str]:
    """Yield which coefficients are ecological, without evidence, or left as the prior had them."""
    between = table.loc[table["between_only"], "coefficient"]
    if len(between):
        yield (
            f"Known only from differences between studies: {listed(between)}. Whatever else "
            "differs between those studies (patients, definitions of response, years) is mixed into them."
        )
    silent = table.loc[table["silent"], "coefficient"]
    if len(silent):
        yield f"The evidence says nothing about {listed(silent)}: only the prior does."
    same = table[table["prior_overlap"] > UNCHANGED]
    if len(same):
        pairs = zip(same["coefficient"], same["prior_overlap"], strict=True)
        named = [f"{name} ({100 * overlap:.0f}%)" for name, overlap in pairs]
        yield (
            f"The evidence hardly changed the prior of {listed(named)}; in brackets how far prior "
            "and posterior overlap. Another prior would give another answer."
        )


def _conflict(fit: Fit) -> Iterable[str]:
    """Yield that tau lies in the upper tail of its prior, or that power-scaling finds it pulled."""
    scaled = tau_scaling(fit) if "tau" in fit.posterior else {}
    for label, prior, draws, _ in _scalar_draws(fit):
        if not label.startswith("tau"):
            continue
        yield from (found := list(tau_conflict(label, prior, draws)))
        moved, by_likelihood = scaled.get(label, (0.0, np.nan))
        overlap = prior_overlap(prior, draws)
        if not found and moved >= SENSITIVE <= by_likelihood and overlap < PULLED:
            yield (
                f"Power-scaling: prior and evidence may pull {label} apart (sensitivity {moved:.2f} to the priors and "
                f"{by_likelihood:.2f} to the likelihood, from {SENSITIVE:g} on each); prior {prior!r} and posterior "
                f"overlap by {100 * overlap:.0f}%. See what other priors give."
            )
