"""`bias_sensitivity`: the rates under each model of the risk of bias of studies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Unpack

import pandas as pd

from bayesmeta.errors import InapplicableError
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.events import Event, EventKeywords, asked_event
from bayesmeta.estimates.posterior import AnyFit, check_no_bias, check_posterior
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.evidence.risk_groups import RiskGroups, risk_groups
from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.inference.exact import Biases, QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.limits import refuse_several
from bayesmeta.priors import HalfNormal, Normal, Prior
from bayesmeta.sensitivity.bias import checked_bias, elicited_fit
from bayesmeta.sensitivity.bias_fits import (
    check_priors,
    checked_weights,
    fit_at_high_risk,
    fit_weighted,
    fit_without,
    informed_studies,
)
from bayesmeta.sensitivity.refit_rows import At, refit_rows
from bayesmeta.shown import Shown

AS_FITTED, ELICITED, HIGH_RISK, WEIGHTED, WITHOUT = (
    "as fitted",
    "elicited biases",
    "bias at high risk",
    "weights",
    "without high risk",
)
"""The models of the table, in its order."""

BIAS_PRIOR, SPREAD_PRIOR = Normal(0, 0.5), HalfNormal(0.25)
"""Priors of the mean bias of studies at high risk, and of how much biases differ; scale of the link."""


@dataclass(frozen=True, eq=False, repr=False)
class BiasSensitivity(Shown):
    """The rates of a fit under each model of the risk of bias.

    Made by `bias_sensitivity`.

    Parameters
    ----------
    profile : str
        What the rates are for.
    ci_prob : float
        Probability of the intervals in `table`.
    tool : str
        Tool of the judgements.
    groups : RiskGroups
        Overall judgement of each study, and which judgements count as high and as low risk.
    table : DataFrame
        One row per model, the fit itself first; see `bias_sensitivity`.
    refused : mapping
        Models of the table that were not fitted, each with its reason.
    bias_prior, spread_prior : Prior
        Of the mean b0 and the standard deviation kappa of biases of studies at high risk.
    elicited : mapping
        Mean and standard deviation of the elicited bias of each study that has one.
    weights : mapping
        Power of the likelihood by judgement.
    question : Event or None
        The event whose probability is among the numbers, if one was asked for.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> frame = pd.DataFrame({"Study": arms.studies}).assign(**{f"D{k}": "Low" for k in range(1, 6)})
    >>> judged = bm.read_risk_of_bias(frame.assign(Overall=["High", *["Low"] * 13]), tool="RoB 2")
    >>> bm.bias_sensitivity(exact, judged)
    BiasSensitivity(all studies: 1 of 14 studies at high risk; as fitted, without high risk)
    """

    profile: str
    ci_prob: float
    tool: str
    groups: RiskGroups
    table: pd.DataFrame
    refused: Mapping[str, str]
    bias_prior: Prior = BIAS_PRIOR
    spread_prior: Prior = SPREAD_PRIOR
    elicited: Biases = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    question: Event | None = None

    @property
    def ok(self) -> bool:
        """Whether the draws of every fit passed their diagnostics."""
        return bool(self.table["ok"].all())

    @property
    def at_high_risk(self) -> tuple[str, ...]:
        """Studies at high risk."""
        return self.groups.studies(self.groups.high)

    def __repr__(self) -> str:
        return (
            f"BiasSensitivity({self.profile}: {len(self.at_high_risk)} of {len(self.groups.labels)} studies at high "
            f"risk; {', '.join(self.table['model'])})"
        )


def bias_sensitivity(  # noqa: PLR0913 - one argument for each thing asked, all but two by name
    fit: Fit | QuadratureFit,
    judgements: RiskOfBias,
    *,
    elicited: Biases | None = None,
    high: Sequence[str] | None = None,
    low: Sequence[str] | None = None,
    bias_prior: Prior = BIAS_PRIOR,
    spread_prior: Prior = SPREAD_PRIOR,
    weights: Mapping[str, float] | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    **event: Unpack[EventKeywords],
) -> BiasSensitivity:
    """Return the estimates under each model of the risk of bias of studies.

    The model is fitted again, theta_i = mu + x_i beta + u_i + b_i on the scale of the link:

    - "elicited biases", where `elicited` is given: b_i ~ Normal(m_i, s_i^2) by study, as of
      `bias_adjusted` (Turner 2009);
    - "bias at high risk": b_i ~ Normal(b0, kappa^2) for studies at high risk, and 0 for all others, also
      those whose judgement is neither high nor low (Welton 2009). The mean bias is told by how they
      differ from the others, so that it is refused with fewer than three studies at low risk;
    - "weights", where `weights` is given: the likelihood of a study to the power of its judgement;
    - "without high risk": without the studies at high risk.

    All rates are those without bias, b = 0. The evidence hardly tells how large biases are: what the
    models agree on does not depend on biases of these kinds; it may depend on others.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        The fit to start from, of one outcome. A QuadratureFit is fitted again without Monte-Carlo
        error; "bias at high risk" needs draws.
    judgements : RiskOfBias
        Judgements of all studies of the arms, and perhaps of others.
    elicited : mapping, optional
        Mean and standard deviation of the bias of each study that has one (log-odds where the link is
        the logit), such as ``{"smith2019": (0.2, 0.3)}``; above 0, the study's rate is too high.
    high, low : sequence of str, optional
        Overall judgements that count as high and as low risk. By default of RoB 2 "High", and "Low"; of
        ROBINS-I "Serious" and "Critical", and "Low" and "Moderate" (a sound study without randomisation
        has no better judgement). Of JBI and NOS they must be given.
    bias_prior : Prior
        Of b0 (log-odds). The default, Normal(0, 0.5), is an assumption: 95% of it lies between odds
        ratios of 0.38 and 2.7, and either direction is as probable.
    spread_prior : Prior
        Of kappa (log-odds). The default, HalfNormal(0.25), is an assumption, too.
    weights : mapping, optional
        Power of the likelihood by overall judgement, from 0 (left out) to 1 (as it is), such as
        ``{"High": 0.5}``; others have 1. There is no default: no evidence tells it.
    profile : mapping, optional
        Covariate values that the rates are for; others stand at the reference or the centre.
    ci_prob : float
        Probability of the equal-tailed intervals.
    **event
        An event whose probability is given, too: ``rate_above=0.3``, ``events_at_least=12, n=40`` or
        ``event="rate > 0.3"``.

    Returns
    -------
    BiasSensitivity
        Its `table` has the columns

        - model: as above; "as fitted" in the first row;
        - studies: number of studies whose counts have a part in it;
        - ok: whether the draws passed their diagnostics;
        - tau (that the profile has, scale of the link), typical, mean, new_study (rates,
          probability): posterior medians, with their interval in ``tau_lower``, ``tau_upper``, ...;
        - probability: of the event, if there is one;
        - ``mcse_...``: Monte-Carlo standard error of each of these.

        Its `refused` has the reason of each model that could not be fitted.

    Raises
    ------
    SettingsError
        If the fit is of several outcomes, of survival or of a PyMC model, a label is not the tool's, or
        a bias, a prior or a weight is out of its range.
    EvidenceError
        If a study of the arms was not judged.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Turner, Spiegelhalter, Smith & Thompson 2009, doi:10.1111/j.1467-985X.2008.00547.x.
    Welton, Ades, Carlin, Altman & Sterne 2009, doi:10.1111/j.1467-985X.2008.00548.x.
    Ibrahim & Chen 2000, doi:10.1214/ss/1009212673 (powers of the likelihood).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> frame = pd.DataFrame({"Study": arms.studies}).assign(**{f"D{k}": "Low" for k in range(1, 6)})
    >>> judged = bm.read_risk_of_bias(
    ...     frame.assign(Overall=["High"] * 4 + ["Low"] * 10), tool="RoB 2"
    ... )
    >>> found = bm.bias_sensitivity(exact, judged, weights={"High": 0.5}, rate_above=0.1)
    >>> found.table[["model", "studies", "typical", "probability"]].round(2)
                   model  studies  typical  probability
    0          as fitted       14     0.20         0.84
    1            weights       14     0.20         0.86
    2  without high risk       10     0.21         0.82
    >>> found.refused
    {'bias at high risk': 'it has four parameters, and quadrature takes two; give a fit with draws'}
    """
    # Survival is refused below, with the reason.
    check_posterior(fit, survival=True)
    check_family(fit, "bias_sensitivity")
    refuse_several(fit.arms, "`bias_sensitivity`")
    check_ci_prob(ci_prob)
    check_no_bias(fit, "`bias_sensitivity`")
    groups = risk_groups(judgements, fit.arms, high, low)
    biases = {} if elicited is None else checked_bias(fit, elicited, "elicited")
    check_priors(bias_prior, spread_prior)
    powers = {} if weights is None else checked_weights(weights, judgements.tool, fit, groups)
    asked = asked_event(event)
    fit.coding.resolved(profile)
    at = At(profile, ci_prob, asked)
    models = _models(fit, groups, _Assumed(biases, powers, bias_prior, spread_prior))
    rows, refused = [], {}
    for name, studies, make in models:
        try:
            [(_, numbers)] = refit_rows(make, fit, at)
            rows.append({"model": name, "studies": len(studies), **numbers})
        except InapplicableError as error:
            refused[name] = str(error)
    return BiasSensitivity(
        profile_label(fit.coding, profile),
        ci_prob,
        judgements.tool,
        groups,
        pd.DataFrame(rows),
        refused,
        bias_prior,
        spread_prior,
        biases,
        powers,
        asked,
    )


class _Assumed(NamedTuple):
    """What the models of bias assume."""

    elicited: Biases
    weights: Mapping[str, float]
    bias_prior: Prior
    spread_prior: Prior


def _models(
    fit: AnyFit, groups: RiskGroups, assumed: _Assumed
) -> Iterator[tuple[str, tuple[str, ...], Callable[[], AnyFit]]]:
    """Yield each model with the studies that have a part in it, and how it is fitted."""
    biases, powers, *priors = assumed
    studies, high = informed_studies(fit), groups.studies(groups.high)
    yield AS_FITTED, studies, lambda: fit
    if biases:
        yield ELICITED, studies, lambda: elicited_fit(fit, biases)
    yield HIGH_RISK, studies, lambda: fit_at_high_risk(fit, groups, *priors)
    if powers:
        own = {study: powers.get(label, 1.0) for study, label in groups.labels.items()}
        counted = tuple(study for study in studies if own[study] > 0)
        yield WEIGHTED, counted, lambda: fit_weighted(fit, own)
    others = tuple(study for study in studies if study not in high)
    yield WITHOUT, others, lambda: fit_without(fit, groups)
