"""Evidence and fits that many tests use; fits are made once."""

from collections.abc import Callable, Sequence

import pandas as pd
import pytest

import bayesmeta as bm

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
def regimen_fit(orr: bm.Arms) -> bm.Fit:
    return bm.fit(bm.load_model("regimen"), orr, seed=1)


@pytest.fixture(scope="session")
def pooled_fit(orr: bm.Arms) -> bm.Fit:
    return bm.fit(bm.load_model("pooled"), orr, seed=1)
