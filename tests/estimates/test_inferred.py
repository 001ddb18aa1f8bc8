"""How many counts behind a rate are inferred, in every table of rates."""

from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates.inferred import basis_of, inferred_at, inferred_lines
from bayesmeta.estimates.summary_text import rate_table
from bayesmeta.report.contrast_text import contrast_blocks
from bayesmeta.report.document import lines_of

QUICK = bm.SamplerSettings(chains=2, warmup=300, draws=300)


@pytest.fixture(scope="module")
def arms() -> bm.Arms:
    rows = [
        ("a", "x", 5, 20, "reported"),
        ("b", "x", 7, 20, "from_percent"),
        ("c", "y", 3, 20, "inferred"),
        ("d", "y", 6, 20, "adjudicated"),
        ("e", "y", 4, 20, ""),
    ]
    columns = ["study", "regimen", "events", "n", "derivation"]
    return bm.read_evidence(pd.DataFrame(rows, columns=columns)).select()


@pytest.fixture(scope="module")
def fit(arms: bm.Arms) -> bm.Fit:
    covariates = bm.Covariates("regimen", {"regimen": "x"})
    return bm.fit(bm.ModelSpec(covariates=covariates), arms, seed=1, settings=QUICK)


def test_a_summary_counts_them_at_each_profile(fit: bm.Fit) -> None:
    table = bm.summary(fit)
    rates = table[table["quantity"] == "typical rate"].set_index("profile")
    assert rates["arms"].tolist() == [2, 3]
    assert rates["inferred"].tolist() == [0, 2]
    assert table.loc[table["profile"] == "", ["arms", "inferred"]].isna().all(axis=None)
    assert rate_table(table)["profile"].tolist() == ["regimen=x", "regimen=y †"]
    [line] = inferred_lines(table)
    assert line.startswith("† Some counts are inferred, which no source prints")
    assert line.endswith("regimen=y 2 of 3 arms.")


def test_predictions_contrasts_and_the_forest_say_so(fit: bm.Fit) -> None:
    assert inferred_at(fit, {"regimen": "y"}) == ("regimen=y", 3, 2)
    assert basis_of(fit, None, "c") == (("c", 1, 1),)
    lines = "\n".join(lines_of(contrast_blocks(bm.contrast(fit))))
    assert "y † vs x" in lines
    assert "y 2 of 3 arms" in lines
    table = bm.plots.forest(fit).table
    marked = table[table["inferred"] > 0]
    assert marked.loc[marked["kind"] == "arm", "study"].tolist() == ["c", "d"]
    assert marked.loc[marked["kind"] != "arm", "inferred"].tolist() == [2, 2]


def test_without_covariates_all_arms_count(arms: bm.Arms) -> None:
    exact = bm.fit(bm.ModelSpec(), arms, method="quadrature")
    rates = bm.summary(exact).set_index("quantity").loc["typical rate"]
    assert (rates["arms"], rates["inferred"]) == (5, 2)
    prior = bm.map_prior(exact, components=1)
    assert prior.inferred == ("all studies", 5, 2)


def test_of_nested_outcomes_each_has_its_own(table: bm.EvidenceTable) -> None:
    arms = table.select(outcomes=["ORR", "CR_CRi", "CR"], venetoclax="yes")
    inferred = arms.frame.set_index("study")["inferred_outcomes"]
    assert inferred[inferred != ""].to_dict() == {
        "dinardo2021": "CR_CRi;ORR",
        "zarnegar2023": "CR_CRi",
    }


def test_a_saved_run_of_nested_outcomes_keeps_them(table: bm.EvidenceTable, tmp_path: Path) -> None:
    arms = table.select(outcomes=["ORR", "CR_CRi"], venetoclax="yes")
    few = bm.SamplerSettings(chains=2, warmup=50, draws=50)
    bm.fit(bm.load_model("pooled"), arms, seed=1, settings=few).save(tmp_path / "run")
    loaded = bm.load_fit(tmp_path / "run")
    pd.testing.assert_frame_equal(loaded.arms.frame, arms.frame)
    assert [found.inferred for found in basis_of(loaded, None, None)] == [1, 2]


def test_evidence_that_says_nothing_of_it_has_no_mark(orr: bm.Arms) -> None:
    frame = orr.frame[["study", "arm", "events", "n"]]
    exact = bm.fit(bm.ModelSpec(), bm.read_evidence(frame).select(), method="quadrature")
    assert inferred_lines(bm.summary(exact)) == []
