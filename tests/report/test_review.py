"""What PRISMA 2020 asks, answered from a fit."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from dossier_reading import check_manifest, check_rows, content, row_of

import bayesmeta as bm
from bayesmeta.report.dossier.guidelines import PRISMA, guideline

pytestmark = pytest.mark.stored

PARTS = {10: "ab", 13: "abcdef", 16: "ab", 20: "abcd", 23: "abcd", 24: "abc"}
ITEMS_OF_PRISMA = [f"{i}{part}" for i in range(1, 28) for part in PARTS.get(i, [""])]
"""Numbers of the items in the checklist of Page et al. 2021."""


def test_the_items_of_prisma_are_those_of_the_checklist() -> None:
    assert [item.id for item in guideline(PRISMA).items] == ITEMS_OF_PRISMA


@pytest.mark.slow
def test_a_review_has_its_numbers_and_what_its_authors_must_say(
    reviewed_fit: bm.Fit, tmp_path: Path
) -> None:
    written = bm.write_prisma(reviewed_fit, tmp_path / "prisma")
    check_rows(written.path, "prisma")
    check_manifest(written.path)
    assert list(dict.fromkeys(written.rows["item"])) == ITEMS_OF_PRISMA
    rows = content(written.path, "prisma")["rows"]
    found = {row["source"]: row for row in rows if row["item"] == "20b"}
    table = bm.summary(reviewed_fit).set_index("quantity")
    values = [one["value"] for one in found["rates"]["numbers"]]
    assert values[0] == table.loc["typical rate", "median"]
    assert values[3:] == table.loc["new study", ["median", "lower", "upper"]].tolist()
    assert [one["value"] for one in found["heterogeneity"]["numbers"]] == table.loc[
        "tau", ["median", "lower", "upper"]
    ].tolist()
    assert row_of(written, "contrasts")["state"] == "not applicable"
    assert row_of(written, "authors")["answer"] == "The title."
    forest = pd.read_csv(written.path / "forest.csv")
    assert (forest["kind"] == "arm").sum() == len(reviewed_fit.arms.frame)


@pytest.mark.slow
def test_a_review_of_nested_outcomes_tells_of_each(tmp_path: Path) -> None:
    table, few = bm.load_evidence("rr_aml_venetoclax"), bm.SamplerSettings(chains=2, draws=500)
    arms = table.select(outcomes=["ORR", "CR_CRi"], venetoclax="yes", where="n >= 39")
    fit = bm.fit(bm.load_model("regimen"), arms, seed=1, settings=few)
    written = bm.write_prisma(fit, tmp_path / "prisma")
    check_rows(written.path, "prisma")
    for source in ("outcomes", "rates", "heterogeneity", "tau_prior"):
        answer = row_of(written, source)["answer"]
        assert "ORR" in answer
        assert "CR/CRi" in answer
    assert row_of(written, "contrasts")["state"] == "answered"
    for source in ("heterogeneity", "coefficients"):
        assert "of the conditional probability of its outcome" in row_of(written, source)["answer"]
    whole = table.frame[table.frame["stratum"].fillna("") == ""]
    used = whole.merge(arms.frame[["study", "arm", *arms.outcomes]], on=["study", "arm"])
    used = used[used["derivation"].isin(["inferred", "adjudicated"])]
    inferred = {
        name: int(used[name][used["outcome"] == name].notna().sum()) for name in arms.outcomes
    }
    assert all(inferred.values())
    told = row_of(written, "derivations")["answer"]
    assert f"ORR {inferred['ORR']}; CR/CRi {inferred['CR_CRi']}. How each other count" in told
    prior = bm.map_prior(fit, outcome="CR_CRi", force=True)
    plan = bm.plan(prior, n=20, success="P(rate > 0.1) > 0.9")
    planned = bm.write_dossier(plan, tmp_path / "dossier")
    check_rows(planned.path)
    assert "ORR" not in row_of(planned, "heterogeneity")["answer"]


@pytest.mark.slow
def test_of_a_pymc_model_what_is_known_is_told(reviewed_fit: bm.Fit, tmp_path: Path) -> None:
    own = replace(reviewed_fit, spec=bm.OwnModel("mine", "mu ~ Normal(0, 1.5)", has_effects=True))
    written = bm.write_prisma(own, tmp_path / "prisma")
    check_rows(written.path, "prisma")
    check_manifest(written.path)
    assert (written.path / "model.txt").read_text(encoding="utf-8") == "mu ~ Normal(0, 1.5)\n"
    assert row_of(written, "heterogeneity")["state"] == "answered"
    for source in ("effect_measure", "covariates", "tau_prior", "contrasts", "coefficients"):
        assert "known" in row_of(written, source)["answer"]


def test_what_no_review_is_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit or QuadratureFit; got str"):
        bm.write_prisma("runs/first", tmp_path / "prisma")  # type: ignore[arg-type]
