"""Missing studies: published maximum likelihood, brute-force quadrature, and draws against both."""

import sys
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_expit, log_ndtr, logsumexp, ndtr, ndtri

import bayesmeta as bm
from bayesmeta.inference.quadrature.density import Problem
from bayesmeta.model import Design
from bayesmeta.model.publication import Publication
from bayesmeta.report.selection_text import tipping_sentence
from bayesmeta.sensitivity import changed_priors
from bayesmeta.sensitivity.selection import published

pytestmark = pytest.mark.stored

Array = npt.NDArray[np.float64]

NIEL_WEISE = [
    *[(0, 116), (1, 44), (2, 208), (0, 130), (5, 151), (1, 98), (1, 174), (1, 74), (1, 97)],
    *[(1, 113), (0, 66), (0, 70), (3, 188), (6, 187), (0, 118), (0, 252), (1, 345), (4, 64)],
]
"""Bloodstream infections with impregnated catheters: `dat.nielweise2007` of R package metadat."""

SMALL = [(4, 12), (9, 22), (14, 41), (3, 15)]
NAMED = bm.ModelSpec(
    "pooled", mu=bm.Normal(0, 1.5), study_effects=bm.NormalEffects(bm.HalfNormal(0.5))
)
Z, STEP = np.linspace(-30, 30, 2401, retstep=True)
"""Standardised effects at which brute force evaluates what it integrates."""


def log_likelihoods(counts: Array, one: Publication, mu: Array, tau: Array) -> Array:
    """Log likelihood of each study by a fine sum, without coefficients; dims (point, study)."""
    events, n = counts.T
    a = ndtri(one.smallest) + (ndtri(one.largest) - ndtri(one.smallest)) * (
        np.sqrt(n) - np.sqrt(n.min())
    ) / (np.sqrt(n.max()) - np.sqrt(n.min()))
    found = np.empty((mu.size, n.size))
    for s in range(n.size):
        theta = mu[:, None] + tau[:, None] * Z
        each = events[s] * log_expit(theta) + (n[s] - events[s]) * log_expit(-theta)
        each += log_ndtr((a[s] + one.rho * Z) / np.sqrt(1 - one.rho**2)) - log_ndtr(a[s])
        each += -0.5 * Z**2 - 0.5 * np.log(2 * np.pi) + np.log(STEP)
        found[:, s] = logsumexp(each, axis=1)
    return found


def problem_of(counts: Array, one: Publication) -> Problem:
    events, n = np.asarray(counts, dtype=float).T
    return Problem(events, n, NAMED.mu, bm.HalfNormal(0.5), 0, one.of(n))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("smallest", "mu", "tau"), [(0.5, -5.015, 0.988), (0.3, -5.140, 1.004), (0.999, -4.812, 0.908)]
)
def test_maximum_likelihood_is_as_published(smallest: float, mu: float, tau: float) -> None:
    counts = np.array(NIEL_WEISE, dtype=float)
    problem = problem_of(counts, Publication(smallest, 0.999, 0.999))

    def loss(point: Array) -> float:
        return -float(problem.densities(point[:1], float(np.exp(point[1])))[0, 1:].sum())

    found = minimize(
        loss, [-4.8, 0.0], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7}
    )
    assert found.x[0] == pytest.approx(mu, abs=0.02)
    assert np.exp(found.x[1]) == pytest.approx(tau, abs=0.02)


@pytest.mark.parametrize("rho", [-0.9, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("tau", [1e-3, 0.2, 1.0, 4.0])
def test_the_integrated_likelihood_is_a_sum_over_effects(rho: float, tau: float) -> None:
    counts = np.array([(0, 12), (9, 22), (41, 41), (3, 15)], dtype=float)
    one = Publication(0.3, 0.99, rho)
    mu = np.array([-2.0, -0.4, 1.0])
    expected = log_likelihoods(counts, one, mu, np.full(3, tau))
    found = problem_of(counts, one).densities(mu, tau)[:, 1:]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def exact(make_arms: Callable[..., bm.Arms]) -> bm.QuadratureFit:
    return bm.fit(NAMED, make_arms(SMALL), method="quadrature")


class BruteForce:
    """The posterior of mu and tau on a lattice of Gauss-Legendre nodes."""

    def __init__(self, one: Publication) -> None:
        nodes, weights = np.polynomial.legendre.leggauss(24)

        def panels(edges: Array) -> tuple[Array, Array]:
            half = np.diff(edges)[:, None] / 2
            return (edges[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()

        mu, by_mu = panels(np.linspace(-5.0, 4.0, 5))
        tau, by_tau = panels(np.array([0.0, 0.5, 1.5, 3.5]))
        self.mu, self.tau = (each.ravel() for each in np.meshgrid(mu, tau, indexing="ij"))
        logs = np.concatenate(
            [
                log_likelihoods(np.array(SMALL, dtype=float), one, mus, taus).sum(axis=1)
                for mus, taus in zip(
                    np.array_split(self.mu, 40), np.array_split(self.tau, 40), strict=True
                )
            ]
        )
        logs += -0.5 * (self.mu / 1.5) ** 2 - 0.5 * (self.tau / 0.5) ** 2
        density = np.exp(logs - logs.max()) * np.outer(by_mu, by_tau).ravel()
        self.weights = density / density.sum()

    def mean(self, values: Array) -> float:
        return float(self.weights @ values)

    def of_new_study(self, power: int) -> float:
        """Return a moment of the rate of a new study."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(60)
        rates = expit(self.mu[:, None] + self.tau[:, None] * nodes)
        return self.mean(rates**power @ weights / np.sqrt(2 * np.pi))


@pytest.mark.slow
@pytest.mark.parametrize("one", [Publication(0.5, 0.99, 0.9), Publication(0.3, 0.9, -0.6)], ids=str)
def test_the_posterior_is_that_of_brute_force(exact: bm.QuadratureFit, one: Publication) -> None:
    expected = BruteForce(one)
    found = published(exact, one)
    assert isinstance(found, bm.QuadratureFit)
    for name, values in {
        "mu": expected.mu,
        "tau": expected.tau,
        "typical": expit(expected.mu),
    }.items():
        assert found.posterior.marginal(name).mean == pytest.approx(expected.mean(values), abs=1e-6)
        second = found.posterior.marginal(name).sd ** 2 + expected.mean(values) ** 2
        assert second == pytest.approx(expected.mean(values**2), abs=1e-6)
    new = found.posterior.marginal("new_study")
    assert new.mean == pytest.approx(expected.of_new_study(1), abs=1e-6)
    assert new.sd**2 + new.mean**2 == pytest.approx(expected.of_new_study(2), abs=1e-6)


def test_publication_that_does_not_depend_on_rates_changes_nothing(
    exact: bm.QuadratureFit,
) -> None:
    found = bm.selection(exact, smallest=0.3, rho=0.0).table
    np.testing.assert_allclose(found["typical"][1], found["typical"][0], rtol=1e-6)
    np.testing.assert_allclose(found["tau_upper"][1], found["tau_upper"][0], rtol=1e-6)


def test_the_table_has_every_combination_that_makes_sense(exact: bm.QuadratureFit) -> None:
    found = bm.selection(exact, smallest=[0.5, 0.95], largest=[0.9, 0.99], rho=[-0.5, 0.5]).table
    assumed = list(found[["smallest", "largest", "rho"]].itertuples(index=False, name=None))[1:]
    assert assumed == [
        *[(0.5, 0.9, -0.5), (0.5, 0.9, 0.5), (0.5, 0.99, -0.5), (0.95, 0.99, -0.5)],
        *[(0.5, 0.99, 0.5), (0.95, 0.99, 0.5)],
    ]
    assert found.loc[0, ["smallest", "rho"]].isna().all()
    assert found["ok"].all()
    # Selection of high rates hides low ones, and the other way round.
    by_rho = found.loc[1:].groupby("rho")["typical"].mean()
    assert by_rho[0.5] < found["typical"][0] < by_rho[-0.5]


def test_unpublished_studies_are_those_expected_beside_the_published() -> None:
    n = np.array([9.0, 36.0, 144.0])
    one = Publication(0.5, ndtr(2.0), 0.9)
    # The probit is 0, 2/3 and 2 at 3, 6 and 12, the roots of the sizes.
    expected = sum(ndtr(-a) / ndtr(a) for a in (0, 2 / 3, 2))
    assert one.unpublished(n) == pytest.approx(expected)
    assert one.unpublished([*n, 0.0]) == pytest.approx(expected)
    assert Publication(0.5, 0.99, 0.9).unpublished([20, 20]) == pytest.approx(2.0)


@pytest.mark.slow
def test_draws_agree_with_quadrature(exact: bm.QuadratureFit) -> None:
    drawn = bm.fit(NAMED, exact.arms, seed=1)
    options = {"smallest": [0.7, 0.4], "rho": [0.5, 0.9], "rate_above": 0.3}
    one, other = (bm.selection(fit, **options).table for fit in (drawn, exact))
    names = [
        *(f"{name}{end}" for name in ("tau", "typical", "mean", "new_study") for end in ("", "_lower", "_upper")),
        "probability",
    ]  # fmt: skip
    z = (one[names] - other[names]) / one[[f"mcse_{name}" for name in names]].to_numpy()
    # Of 65 numbers, 4.5 standard errors are left once in 2,000 runs, were they independent.
    assert (z.abs() < 4.5).all(axis=None)
    assert one["ok"].all()
    np.testing.assert_allclose(one["unpublished"], other["unpublished"])


@pytest.mark.slow
def test_of_the_bundled_evidence_the_typical_rate_falls_from_44_to_35_percent(
    table: bm.EvidenceTable,
) -> None:
    arms = table.select(outcome="CR_CRi", venetoclax="yes")
    fit = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    mode = {}
    for name, one in {"all": fit, "selected": published(fit, Publication(0.5, 0.999, 0.9))}.items():
        rates = np.linspace(0.25, 0.55, 601)
        below = [float(one.posterior.marginal("typical").cdf(rate)) for rate in rates]
        mode[name] = rates[np.argmax(np.diff(below))]
    assert mode["all"] == pytest.approx(0.44, abs=0.01)
    assert mode["selected"] == pytest.approx(0.35, abs=0.015)


@pytest.mark.slow
def test_at_the_tipping_point_the_probability_is_the_certainty(
    exact: bm.QuadratureFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[str] = []
    fit = changed_priors.fit_of_design

    def counted(start: bm.QuadratureFit, design: Design, digest: str) -> object:
        fitted.append(digest)
        return fit(start, design, digest)

    monkeypatch.setattr(sys.modules[published.__module__], "fit_of_design", counted)
    found = bm.selection(exact, smallest=0.5, rho=[0.9, -0.9], rate_above=0.25, certainty=0.83)
    above, other = found.tipping_points.to_dict("records")
    there = published(exact, Publication(above["smallest"], 0.999, 0.9))
    assert 1 - float(there.posterior.marginal("new_study").cdf(0.25)) == pytest.approx(  # type: ignore[union-attr]
        0.83, abs=1e-4
    )
    assert above["smallest_lower"] == above["smallest"] == above["smallest_upper"]
    n = exact.arms.n
    assert above["unpublished"] == pytest.approx(
        Publication(above["smallest"], 0.999, 0.9).unpublished(n)
    )
    # Selection of low rates makes high rates more probable.
    assert not other["exists"]
    assert not other["open"]
    assert np.isnan(other["smallest"])
    assert found.ok
    # What the table has is not fitted again.
    assert len(fitted) == len(set(fitted))


def test_a_decision_within_monte_carlo_error_is_called_open(
    exact: bm.QuadratureFit, quick: bm.SamplerSettings
) -> None:
    fit = bm.fit(NAMED, exact.arms, seed=1, settings=quick)
    own = float(bm.predict(fit, n=1, seed=0).probability(rate_above=0.2))
    found = bm.selection(fit, smallest=0.5, rho=0.9, rate_above=0.2, certainty=own)
    [row] = found.tipping_points.to_dict("records")
    assert (row["exists"], row["open"]) == (False, True)
    assert "leaves open whether the decision changes" in tipping_sentence(row)
    texts = [text.get_text() for text in bm.plots.selection(found).figure.axes[0].texts]
    assert any("Monte-Carlo error leaves it open" in text.replace("\n", " ") for text in texts)


def test_other_covariates_and_arms_of_a_study_go_along(make_arms, quick) -> None:
    studies = ["s0", "s0", "s1", "s2", "s3", "s4"]
    counts = [(4, 12), (9, 22), (14, 41), (3, 15), (8, 19), (2, 30)]
    arms = make_arms(counts, studies, regimen=list("abaabb"))
    covariates = bm.Covariates("regimen", {"regimen": "a"})
    fit = bm.fit(bm.ModelSpec(covariates=covariates), arms, seed=1, settings=quick)
    found = bm.selection(fit, smallest=0.3, rho=0.9, profile={"regimen": "b"})
    assert found.profile == "regimen=b"
    # Studies are as large as their arms together.
    expected = Publication(0.3, 0.999, 0.9).unpublished([34, 41, 15, 19, 30])
    assert found.table["unpublished"][1] == pytest.approx(expected)
    assert found.table["typical"][1] < found.table["typical"][0]
    assert repr(found).startswith("Selection(regimen=b: 1 combination tried, up to ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rho": 1.0}, "`rho` must lie above -1 and below 1; got 1.0"),
        ({"smallest": 50}, "`smallest` must be a probability above 0 and below 1; got 50"),
        ({"largest": 1}, "`largest` must be a probability above 0 and below 1; got 1"),
        (
            {"smallest": 0.9, "largest": 0.5},
            "`smallest` must not exceed `largest`; got 0.9 and 0.5",
        ),
        ({"smallest": []}, "`smallest` must be a number or a list of numbers"),
        ({"rho": "0.9"}, "`rho` must be a number or a list of numbers; got '0.9'"),
        ({"certainty": 0.9}, "`certainty` has no effect without a question"),
        ({"certainty": 0.4, "rate_above": 0.2}, "`certainty` must lie above 0.5"),
    ],
)
def test_what_makes_no_sense_is_refused(exact: bm.QuadratureFit, options, message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.selection(exact, **options)


@pytest.mark.parametrize(
    ("effects", "message"),
    [
        (bm.CommonEffect(), "do not come from one distribution"),
        (bm.IndependentStudies(), "do not come from one distribution"),
        (bm.StudentTEffects(), "has a closed form for normal study effects"),
    ],
)
def test_models_without_normal_effects_are_refused(
    make_arms: Callable[..., bm.Arms], effects: bm.StudyEffects, message: str
) -> None:
    few = bm.SamplerSettings(chains=2, warmup=100, draws=100)
    with warnings.catch_warnings(action="ignore", category=bm.ModelWarning):
        fit = bm.fit(bm.ModelSpec(study_effects=effects), make_arms(SMALL), seed=1, settings=few)
    with pytest.raises(bm.SettingsError, match=message):
        bm.selection(fit)


def test_several_outcomes_are_refused(made_up: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match="a study may be published for any of its outcomes"):
        bm.selection(made_up)
    with pytest.raises(bm.SettingsError, match="a study may report some of its outcomes"):
        bm.unreported(made_up, studies=3)


def test_a_fit_that_could_not_be_made_leaves_its_row_empty(
    exact: bm.QuadratureFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise bm.SamplingError("The sampler stopped.")

    monkeypatch.setattr(sys.modules[published.__module__], "fit_of_design", fails)
    found = bm.selection(exact, smallest=0.5, rho=0.9)
    assert not found.ok
    assert found.table.loc[1, ["typical", "tau"]].isna().all()
    assert found.table["unpublished"][1] > 0


def test_the_figure_shows_the_numbers_of_the_table(exact: bm.QuadratureFit) -> None:
    found = bm.selection(exact, smallest=[0.7, 0.4], rho=0.9, rate_above=0.3)
    plot = bm.plots.selection(found)
    pd.testing.assert_frame_equal(plot.table, found.table)
    assert repr(plot) == "Plot(selection: 2 assumptions)"
    texts = [text.get_text() for text in plot.figure.axes[0].texts]
    assert {"All published", "70% to 99.9%", "P: P(rate of a new study > 0.3)."} <= set(texts)
    wide = plot.figure.axes[1].collections[2]
    ends = np.array([path.vertices[:, 0] for path in wide.get_paths()])
    np.testing.assert_allclose(ends, 100 * found.table[["new_study_lower", "new_study_upper"]])
    failed = replace(found, table=found.table.assign(ok=[True, False, True]))
    texts = [text.get_text() for text in bm.plots.selection(failed).figure.axes[0].texts]
    assert "70% to 99.9%*" in texts
    with pytest.raises(bm.SettingsError, match="`result` must be a Selection; got DataFrame"):
        bm.plots.selection(found.table)  # type: ignore[arg-type]
