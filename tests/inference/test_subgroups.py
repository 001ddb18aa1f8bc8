"""Posteriors of subgroups that are reported in part, held to published numbers and to PyMC."""

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import pytest
from scipy.special import gammaln

import bayesmeta as bm
from bayesmeta.inference.convergence import mcse_mean

# Patients of placebo arms in atopic dermatitis, responders, and patients with severe disease; the
# last 8 trials are of oral drugs. Of six trials, responders with moderate and with severe disease.
# Facts from Wang & Weber, Use of historical control data with a covariate, in Applied Modelling in
# Drug Development, https://github.com/Novartis/bamdd (src/02ad_meta_analysis_covariate.qmd).
N = [61, 224, 236, 197, 193, 57, 52, 141, 146, 24, 41, 281, 278, 52, 78, 77, 249, 244]
RESPONDERS = [1, 23, 20, 14, 18, 1, 8, 18, 16, 2, 1, 24, 13, 3, 7, 6, 12, 11]
SEVERE = [29, 111, 115, 102, 100, 26, 20, 58, 51, 15, 23, 125, 153, 20, 26, 31, 105, 121]
COMPLETE = {1: (16, 7), 2: (17, 3), 3: (10, 4), 4: (13, 5), 14: (6, 1), 15: (5, 1)}
FIRST_ORAL = 10

# Means and standard deviations that the book prints: intercept, severe, oral.
PRINTED_OF_SIX = [(-1.89, 0.20), (-1.23, 0.33), (-0.23, 0.39)]
PRINTED_OF_ALL = [(-1.91, 0.15), (-1.31, 0.33), (-0.47, 0.20)]


def trials() -> bm.Arms:
    rows = []
    for i, (n, responders, severe) in enumerate(zip(N, RESPONDERS, SEVERE, strict=True)):
        of_levels = COMPLETE.get(i, (None, None))
        rows += [
            (f"{i + 1:02}", "", responders, n),
            (f"{i + 1:02}", "severe=no", of_levels[0], n - severe),
            (f"{i + 1:02}", "severe=yes", of_levels[1], severe),
        ]
    frame = pd.DataFrame(rows, columns=["study", "stratum", "events", "n"])
    oral = np.where(frame["study"].astype(int) > FIRST_ORAL, "yes", "no")
    frame = frame.astype({"events": "Int64"}).assign(derivation="reported", oral=oral)
    return bm.read_evidence(frame).select(strata="severe")


BOOK = bm.ModelSpec(
    "severity",
    study_effects=bm.NormalEffects(bm.HalfNormal(0.875)),
    covariates=bm.Covariates(
        "severe + oral + (0 + severe | study)", {"severe": "no", "oral": "no"}
    ),
    mu=bm.Normal(0, 3.5),
    beta=bm.Normal(0, 3.5),
    levels=bm.NormalLevels(bm.HalfNormal(1.75)),
)


def test_which_trials_are_complete() -> None:
    arms = trials()
    assert len(arms) == 18 + len(COMPLETE)
    assert (arms.frame["split_n"] > 0).sum() == 18 - len(COMPLETE)
    assert arms.n.sum() == sum(N)
    assert arms.events.sum() == sum(RESPONDERS)


@pytest.mark.parametrize(
    ("condition", "printed"), [("split_n == 0", PRINTED_OF_SIX), ("n > 0", PRINTED_OF_ALL)]
)
def test_trials_with_incomplete_subgroups(
    condition: str, printed: list[tuple[float, float]]
) -> None:
    fit = bm.fit(BOOK, bm.matching(trials(), condition), seed=1)
    assert bm.diagnose(fit).ok
    drawn = np.concatenate(
        [np.asarray(fit.posterior["mu"])[..., None], np.asarray(fit.posterior["beta"])], axis=-1
    )
    means, sds = drawn.mean(axis=(0, 1)), drawn.std(axis=(0, 1))
    # The book prints two digits, and lets intercepts and slopes of a trial be correlated.
    assert np.abs(means - [mean for mean, _ in printed]).max() < 0.03
    assert np.abs(sds - [sd for _, sd in printed]).max() < 0.03


def by_hand(arms: bm.Arms) -> pm.Model:
    """The model of prior exposure, written from counts alone."""
    frame = arms.frame
    totals = frame[frame["split_n"] > 0]
    single = frame[frame["split_n"] == 0]
    place = {study: i for i, study in enumerate(arms.studies)}
    with pm.Model() as model:
        mu, beta = pm.StudentT("mu", nu=3, mu=0, sigma=1.5), pm.Normal("beta", 0, 1)
        tau, sigma = pm.HalfNormal("tau", 1), pm.HalfNormal("sigma", 0.5)
        level = mu + tau * pm.Normal("z", shape=len(place))
        slope = beta + sigma * pm.Normal("slope", shape=len(place))
        studies = single["study"].map(place).to_numpy()
        exposed = (single["prior_hma"] == "yes").to_numpy(dtype=float)
        pm.Binomial(
            "single",
            n=single["n"].to_numpy(),
            logit_p=level[studies] + exposed * slope[studies],
            observed=single["events"].to_numpy(dtype=int),
        )
        for _, row in totals.iterrows():
            i, r, second = place[row["study"]], int(row["events"]), int(row["split_n"])
            first = int(row["n"]) - second
            k = np.arange(max(0, r - first), min(r, second) + 1)
            choose = gammaln(first + 1) - gammaln(r - k + 1) - gammaln(first - r + k + 1)
            choose += gammaln(second + 1) - gammaln(k + 1) - gammaln(second - k + 1)
            p, q = pm.math.sigmoid(level[i]), pm.math.sigmoid(level[i] + slope[i])
            logs = choose + (r - k) * pt.log(p) + (first - r + k) * pt.log(1 - p)
            logs += k * pt.log(q) + (second - k) * pt.log(1 - q)
            pm.Potential(f"total_{i}", pt.logsumexp(logs))
    return model


@pytest.mark.slow
def test_the_bundled_answer_by_prior_exposure_against_pymc() -> None:
    evidence = bm.load_evidence("rr_aml_venetoclax")
    arms = evidence.select(outcome="ORR", venetoclax="yes", strata="prior_hma")
    fit = bm.fit(bm.load_model("by_prior_hma"), arms, seed=1)
    assert bm.diagnose(fit).ok
    with by_hand(arms):
        drawn = pm.sample(
            4000, tune=2000, chains=4, cores=1, random_seed=2, target_accept=0.98, progressbar=False
        )
    for name in ("mu", "beta", "tau", "sigma"):
        own, other = np.asarray(fit.posterior[name]), np.asarray(drawn["posterior"][name])
        own = own[..., 0] if own.ndim > 2 else own
        error = np.hypot(mcse_mean(own), mcse_mean(other))
        assert abs(own.mean() - other.mean()) < 4 * error
