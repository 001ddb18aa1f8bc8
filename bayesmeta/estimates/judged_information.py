"""`information_by_judgement`: how much of the information comes from studies at each risk of bias."""

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.heterogeneity import sampling_variance
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_of
from bayesmeta.estimates.posterior import check_no_bias
from bayesmeta.estimates.precision import mean_of
from bayesmeta.estimates.shrinkage import arm_weights
from bayesmeta.evidence.judged import judged_studies
from bayesmeta.evidence.risk_of_bias import OVERALL, TOOLS, RiskOfBias
from bayesmeta.inference.blocks import blocks
from bayesmeta.inference.result import Fit

NO_JUDGEMENT = "no judgement"


def information_by_judgement(
    fit: Fit, judgements: RiskOfBias, *, outcome: str | None = None
) -> pd.DataFrame:
    """Return the share of the information that comes from studies of each overall judgement.

    Study s has the information ``I_s``, the sum over its arms of ``n p (1 - p)`` with the log-odds link
    (the binomial information on the scale of the link, at the posterior mean p of the arm's rate; less
    by overdispersion and by arm effects, where the model has them). Of a draw, its weight is
    ``I_s / (1 + V I_s)`` with V the variance of the study effects: tau squared for the normal
    distribution, 0 for a common effect. The share of a judgement is the sum of the weights of its
    studies over that of all studies, averaged over the draws.

    Of a model without covariates, shares are sums of `weight` of `shrinkage`: the information on the
    typical rate. Of a model with covariates, whose coefficients studies inform in different ways, they
    are shares of the same weights over all studies.

    Parameters
    ----------
    fit : Fit
        Posterior draws.
    judgements : RiskOfBias
        Made by `read_risk_of_bias`. A judged study must be in the evidence of the fit, or among the rows
        that its selection left out.
    outcome : str, optional
        Which of nested outcomes; its studies are those that report it.

    Returns
    -------
    DataFrame
        One row per overall judgement that occurs, in the order of the tool, and one ``"no judgement"``
        if studies have none, with columns

        - judgement: its label;
        - studies, patients: studies with patients, and these;
        - information: share of the information (probability); all shares add up to 1;
          mcse_information: its Monte-Carlo standard error.

    Raises
    ------
    SettingsError
        If `fit` has no draws, has elicited biases, is of survival or of independent studies, which have
        no mean, or if `judgements` is no RiskOfBias.
    EvidenceError
        If a judged study is not in the evidence.

    References
    ----------
    Boutron et al. 2019, Cochrane Handbook, chapter 7, doi:10.1002/9781119536604.ch7 (risk of bias by
    weight).
    Röver & Friede 2020, doi:10.1177/0962280219833079 (weights).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> frame = pd.DataFrame({"Study": arms.studies}).assign(D1="4", D2="0", D3="3", Overall="7")
    >>> frame.loc[:2, ["D1", "Overall"]] = ["1", "4"]
    >>> stars = bm.read_risk_of_bias(frame, tool="NOS")
    >>> found = bm.information_by_judgement(fit, stars)
    >>> found[["judgement", "studies", "patients", "information"]].round(2)
      judgement  studies  patients  information
    0         4        3       152         0.23
    1         7       11       351         0.77
    """
    drawn = draws_of(fit, outcome)
    check_no_bias(fit, "`information_by_judgement`")
    if not np.isfinite(drawn.between).all():
        raise SettingsError(
            f"`information_by_judgement` is not available for {fit.spec.name}: its studies are independent and have no "
            "mean to tell of. Fit a model with study effects."
        )
    arms = drawn.arms
    studies = arms.frame["study"].astype(str).to_numpy()
    found = judged_studies(fit.arms, judgements, studies)
    labels = np.array(
        [
            found.of_study[one][OVERALL] if one in found.of_study else NO_JUDGEMENT
            for one in studies
        ],
        dtype=object,
    )
    order = [one for one in (*TOOLS[found.tool].overall, NO_JUDGEMENT) if one in labels]
    members = labels == np.array(order, dtype=object)[:, None]
    rows = [
        {
            "judgement": label,
            "studies": len(set(studies[own & arms.informed])),
            "patients": int(arms.n[own].sum()),
            "information": share.value,
            "mcse_information": share.mcse,
        }
        for label, own, share in zip(
            order, members, map(mean_of, _shares(drawn, members)), strict=True
        )
    ]
    return pd.DataFrame(rows)


def _shares(drawn: OutcomeDraws, members: Flags) -> Array:
    """Return draws of the share of the information of each set of arms, dims (set, chain, draw)."""
    arms, variance = drawn.arms, sampling_variance(drawn)
    between, level = drawn.between, drawn.tau_of_study[drawn.arms.study_index]
    chains, draws, _ = between.shape
    shares = np.zeros((len(members), chains, draws))
    together = np.zeros(len(arms), dtype=np.int64)
    for chain, rows in blocks(chains, draws, len(arms)):
        weights = arm_weights(arms, variance, between[chain, rows][:, level], together)
        shares[:, chain, rows] = members @ weights.T
    return shares
