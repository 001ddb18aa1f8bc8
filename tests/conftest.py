"""Evidence and fits that many tests use; fits are made once."""

import signal
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from nested_examples import made_up, small_nest

import bayesmeta as bm

__all__ = ["made_up", "small_nest"]

# No test is timed: a busy machine is no fault.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# A shell has processes in its background ignore interrupts, which some tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)

Counts = Sequence[tuple[int, int]]


def arms_of(
    counts: Counts, studies: Sequence[str] | None = None, **covariates: Sequence[object]
) -> bm.Arms:
    """Return arms with these (events, n), each its own study unless named."""
    names = studies or [f"study{i:02d}" for i in range(len(counts))]
    frame = pd.DataFrame(
        {
            "study": names,
            "events": [y for y, _ in counts],
            "n": [n for _, n in counts],
            **covariates,
        }
    )
    frame["arm"] = [f"arm{i}" for i in range(len(frame))] if studies else ""
    with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
        # Counts that are made up may add up.
        return bm.read_evidence(frame).select()


@pytest.fixture(scope="session")
def make_arms() -> Callable[..., bm.Arms]:
    return arms_of


@pytest.fixture(scope="session")
def table() -> bm.EvidenceTable:
    return bm.load_evidence("rr_aml_venetoclax")


@pytest.fixture(scope="session")
def orr(table: bm.EvidenceTable) -> bm.Arms:
    return table.select(outcome="ORR", venetoclax="yes")


@pytest.fixture(scope="session")
def quick() -> bm.SamplerSettings:
    return bm.SamplerSettings(chains=4, warmup=300, draws=500)


@pytest.fixture(scope="session")
def parts_fit(table: bm.EvidenceTable) -> bm.Fit:
    """Regimens with the parts of two arms, whose counts are inferred, in place of the whole."""
    condition = "arm != 'ven_hma_ldac' or study == 'gaut2020'"
    arms = table.select(outcome="ORR", venetoclax="yes", where=condition)
    return bm.fit(bm.load_model("regimen"), arms, seed=1)


@pytest.fixture(scope="session")
def regimen_fit(orr: bm.Arms) -> bm.Fit:
    return bm.fit(bm.load_model("regimen"), orr, seed=1)


@pytest.fixture(scope="session")
def pooled_fit(orr: bm.Arms) -> bm.Fit:
    return bm.fit(bm.load_model("pooled"), orr, seed=1)


DIVIDED = [
    ("s1", "", 16, 60),
    ("s1", "prior=yes", 4, 26),
    ("s2", "", 9, 40),
    ("s2", "prior=yes", None, 25),
    ("s3", "", 12, 31),
    ("s3", "prior=yes", 3, 12),
    ("s4", "", 41, 90),
    ("s4", "prior=yes", None, 30),
    ("s5", "prior=no", 12, 28),
]


@pytest.fixture(scope="session")
def fit_divided(quick: bm.SamplerSettings) -> Callable[..., bm.Fit]:
    """Fit studies divided by a stratum: at both levels, at one, or (s2, s4) as totals of both."""

    def fit(*studies: str) -> bm.Fit:
        frame = pd.DataFrame(DIVIDED, columns=["study", "stratum", "events", "n"])
        frame = frame.astype({"events": "Int64"}).assign(derivation="reported")
        frame = frame[frame["study"].isin(studies or frame["study"])]
        covariates = bm.Covariates("prior + (0 + prior | study)", {"prior": "no"})
        spec = bm.ModelSpec("by prior", covariates=covariates, beta=bm.Normal(0, 1))
        arms = bm.read_evidence(frame).select(strata="prior")
        return bm.fit(spec, arms, seed=1, settings=quick)

    return fit


@pytest.fixture(scope="session")
def divided_fit(fit_divided: Callable[..., bm.Fit]) -> bm.Fit:
    return fit_divided()


LONG = "A very long name of a multicentre consortium for acute myeloid leukaemia in relapse, part"


def _sixty_studies() -> pd.DataFrame:
    """Sixty studies with long names, two regimens, and numbers that vary."""
    rng = np.random.default_rng(1)
    n = rng.integers(1, 200, 60)
    return pd.DataFrame(
        {
            "study": [f"{LONG} {i}" for i in range(60)],
            "events": rng.binomial(n, 0.4),
            "n": n,
            "regimen": ["a regimen whose name is long, too, and longer", "$b_1 <i>"] * 30,
            "age": rng.uniform(50, 80, 60).round(1),
            "year": rng.integers(2015, 2026, 60).astype(float),
        }
    )


def _no_responders() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": [f"s{i}" for i in range(6)],
            "events": 0,
            "n": [5, 12, 20, 1, 40, 9],
            "regimen": ["a", "b"] * 3,
            "age": [55.0, 60, 65, 70, 75, 58],
            "year": [2018.0, 2019, 2020, 2020, 2022, 2023],
        }
    )


@pytest.fixture(scope="session")
def evidence_sets() -> dict[str, bm.Arms]:
    """The evidence that figures and reports are made of: bundled, one study, many, only zeros."""
    bundled = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    one = pd.DataFrame(
        {"study": ["only"], "events": [7], "n": [20], "regimen": "a", "age": 61.0, "year": 2020.0}
    )
    own = {"one": one, "sixty": _sixty_studies(), "zeros": _no_responders()}
    return {"bundled": bundled} | {
        name: bm.read_evidence(frame).select() for name, frame in own.items()
    }


@pytest.fixture(scope="session")
def pooled_fits(evidence_sets: dict[str, bm.Arms], quick: bm.SamplerSettings) -> dict[str, bm.Fit]:
    """The pooled model, fitted to each set."""
    spec = bm.load_model("pooled")
    return {
        name: bm.fit(spec, arms, seed=1, settings=quick) for name, arms in evidence_sets.items()
    }
