"""What must not change the posterior, and what must change it in a known way.

On the density and the deterministic posterior; on draws, within Monte-Carlo error.
"""

import functools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import bayesmeta as bm
from bayesmeta.inference.density.coordinates import density_data, size
from bayesmeta.inference.density.log_density import log_density
from bayesmeta.model import make_design

COUNTS = st.lists(
    st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=2,
    max_size=7,
)


def evidence(counts: list[tuple[int, int]], **columns: object) -> bm.Arms:
    """Arms as they are, without the checks of a table, which take longer than all the rest."""
    events, n = zip(*counts, strict=True)
    names = {part: [f"{part[0]}{i}" for i in range(len(counts))] for part in ("study", "arm")}
    return bm.Arms(pd.DataFrame({**names, "events": events, "n": n, **columns}), pd.DataFrame())


def log_posteriors(arms: bm.Arms, spec: bm.ModelSpec, *points: dict[str, object]) -> list[float]:
    """The compiled density at mu, beta, tau and, by study, z = 0; a function of the model alone.

    At z = 0 the study effects stand where the evidence of their study puts them given tau.
    """
    data, found = density_data(make_design(spec, arms)), []
    for point in points:
        q = np.zeros(size(data))
        beta = np.atleast_1d(point.get("beta", []))
        q[0] = point["mu"] + data.centre @ beta
        q[1 : 1 + beta.size] = beta
        q[1 + beta.size] = point["x"]
        found.append(log_density(q, data, np.empty_like(q)))
    return found


def log_posterior(arms: bm.Arms, point: dict[str, object], spec: bm.ModelSpec) -> float:
    return log_posteriors(arms, spec, point)[0]


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.randoms(use_true_random=False), st.floats(-3, 3), st.floats(-3, 2))
def test_row_order_and_labels_do_not_matter(
    counts: list[tuple[int, int]], random: object, mu: float, x: float
) -> None:
    shuffled = list(counts)
    random.shuffle(shuffled)
    renamed = evidence(shuffled, study=[f"other {i}" for i in range(len(counts))])
    found = [
        log_posterior(arms, {"mu": mu, "x": x}, bm.ModelSpec())
        for arms in (evidence(counts), renamed)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.floats(-3, 3), st.floats(-3, 2))
def test_counting_the_others_flips_mu(counts: list[tuple[int, int]], mu: float, x: float) -> None:
    flipped = [(n - y, n) for y, n in counts]
    one = log_posterior(evidence(counts), {"mu": mu, "x": x}, bm.ModelSpec())
    other = log_posterior(evidence(flipped), {"mu": -mu, "x": x}, bm.ModelSpec())
    assert one == pytest.approx(other, rel=1e-10)


@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
@settings(max_examples=30, deadline=None)
@given(COUNTS, st.floats(-3, 3), st.floats(0.1, 20), st.floats(-50, 50), st.floats(-1, 1))
def test_a_rescaled_covariate_maps_back(
    counts: list[tuple[int, int]], mu: float, unit: float, shift: float, beta: float
) -> None:
    """x with beta is (x + shift) * unit with beta / unit, at the same centre."""
    x = np.arange(len(counts), dtype=float)
    flat = bm.StudentT(1, 0, 1e6)
    one = bm.ModelSpec(covariates=bm.Covariates("x", centre={"x": 0}), beta=flat)
    other = bm.ModelSpec(covariates=bm.Covariates("x", centre={"x": shift * unit}), beta=flat)
    found = [
        log_posterior(evidence(counts, x=x), {"mu": mu, "x": 0.3, "beta": beta}, one),
        log_posterior(
            evidence(counts, x=(x + shift) * unit), {"mu": mu, "x": 0.3, "beta": beta / unit}, other
        ),
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-7, abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.data(), st.floats(-3, 3), st.floats(-3, 2))
def test_splitting_an_arm_changes_the_density_by_a_constant(
    counts: list[tuple[int, int]], data: st.DataObject, mu: float, x: float
) -> None:
    (y, n), *rest = counts
    n1 = data.draw(st.integers(0, n))
    y1 = data.draw(st.integers(max(0, y - (n - n1)), min(y, n1)))
    parts = [(y1, n1), (y - y1, n - n1), *rest]
    studies = ["s0", "s0", *[f"s{i + 1}" for i in range(len(rest))]]
    whole, split = evidence(counts), evidence(parts, study=studies)
    points = [{"mu": mu, "x": x}, {"mu": mu + 0.7, "x": x - 0.4}]
    gaps = np.subtract(*(log_posteriors(arms, bm.ModelSpec(), *points) for arms in (split, whole)))
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-8)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(COUNTS)
def test_the_deterministic_posterior_keeps_its_invariances(counts: list[tuple[int, int]]) -> None:
    base = bm.fit(bm.ModelSpec(), evidence(counts), method="quadrature").posterior
    turned = bm.fit(bm.ModelSpec(), evidence(counts[::-1]), method="quadrature").posterior
    flipped = bm.fit(
        bm.ModelSpec(), evidence([(n - y, n) for y, n in counts]), method="quadrature"
    ).posterior
    empty = bm.fit(bm.ModelSpec(), evidence([*counts, (0, 0)]), method="quadrature").posterior
    for other in (turned, flipped, empty):
        assert other.log_marginal_likelihood == pytest.approx(
            base.log_marginal_likelihood, abs=1e-7
        )
        assert other.marginal("tau").mean == pytest.approx(base.marginal("tau").mean, rel=1e-6)
    for other in (turned, empty):
        assert other.marginal("mu").quantile(0.1) == pytest.approx(
            base.marginal("mu").quantile(0.1), abs=1e-6
        )
    assert flipped.marginal("mu").mean == pytest.approx(-base.marginal("mu").mean, abs=1e-6)


BASE = pd.DataFrame(
    {
        "study": ["a", "b", "c", "d", "e", "f"],
        "arm": "1",
        "events": [4, 9, 3, 12, 6, 2],
        "n": [20, 21, 15, 22, 30, 18],
        "age": [50.0, 66, 71, 58, 62, 49],
    }
)
AGE = bm.ModelSpec(covariates=bm.Covariates("age", centre={"age": 60}))


def means(frame: pd.DataFrame, spec: bm.ModelSpec = AGE, seed: int = 1) -> pd.DataFrame:
    fit = bm.fit(spec, bm.read_evidence(frame).select(), seed=seed)
    return bm.summary(fit, profiles=[]).set_index("quantity")[
        ["mean", "lower", "upper", "mcse_mean", "mcse_lower", "mcse_upper"]
    ]


@functools.cache
def means_of_base() -> pd.DataFrame:
    return means(BASE)


def assert_same(one: pd.DataFrame, other: pd.DataFrame, rows: list[str]) -> None:
    """Means and limits within 4 joint MCSE: a false alarm once in about 1,000 runs of this test."""
    for statistic in ("mean", "lower", "upper"):
        error = np.hypot(one[f"mcse_{statistic}"], other[f"mcse_{statistic}"])[rows]
        gap = (one[statistic] - other[statistic])[rows].abs()
        assert (gap <= 4 * error).all(), (statistic, gap / error)


def test_draws_do_not_depend_on_row_order_or_names() -> None:
    shuffled = BASE.sample(frac=1, random_state=3).assign(study=lambda frame: "x" + frame["study"])
    assert_same(means_of_base(), means(shuffled, seed=2), ["mu", "beta[age]", "tau"])


def test_draws_do_not_depend_on_how_an_arm_is_split() -> None:
    parts = pd.DataFrame(
        {"study": "b", "arm": ["1", "2"], "events": [4, 5], "n": [9, 12], "age": 66.0}
    )
    split = pd.concat([BASE[BASE["study"] != "b"], parts])
    assert_same(means_of_base(), means(split, seed=2), ["mu", "beta[age]", "tau", "i_squared"])


def test_draws_follow_the_unit_of_a_covariate() -> None:
    decades = BASE.assign(age=BASE["age"] / 10)
    wide = {"beta": bm.Normal(0, 0.1)}, {"beta": bm.Normal(0, 1)}
    by_year = means(
        BASE, bm.ModelSpec(covariates=bm.Covariates("age", centre={"age": 60}), **wide[0])
    )
    by_decade = means(
        decades, bm.ModelSpec(covariates=bm.Covariates("age", centre={"age": 6}), **wide[1]), seed=2
    )
    by_decade.loc["beta[age]"] /= 10
    assert_same(by_year, by_decade, ["mu", "beta[age]", "tau"])


def test_draws_mirror_when_the_others_are_counted() -> None:
    flipped = means(BASE.assign(events=BASE["n"] - BASE["events"]), seed=2)
    mirrored = flipped.rename(
        columns={
            "lower": "upper",
            "upper": "lower",
            "mcse_lower": "mcse_upper",
            "mcse_upper": "mcse_lower",
        }
    )
    mirrored[["mean", "lower", "upper"]] *= -1
    assert_same(means_of_base(), mirrored, ["mu", "beta[age]"])
    assert_same(means_of_base(), flipped, ["tau"])


@pytest.mark.slow
@pytest.mark.stored
def test_z_scores_over_many_seeds_are_standard() -> None:
    """Against the deterministic posterior in 60 fits: their root mean square, and 95% within 2 MCSE."""
    arms = evidence([(3, 12), (9, 20), (1, 15), (7, 11), (12, 40)])
    table = pd.concat(
        [bm.verify(bm.fit(bm.ModelSpec(), arms, seed=seed)).table for seed in range(60)]
    )
    for quantity, rows in table.groupby("quantity"):
        assert 0.7 <= np.sqrt((rows["z"] ** 2).mean()) <= 1.3, quantity
    assert (table["z"].abs() < 2).mean() >= 0.93
    assert table["z"].abs().max() <= 4.5
