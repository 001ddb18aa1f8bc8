"""What a review answers on risk of bias, missing results and certainty: what was given, of its fit."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dossier_reading import check_manifest, check_rows, content
from report_reading import run

import bayesmeta as bm

GIVEN = {"11", "13f", "14", "15", "18", "20a", "20d", "21", "22"}
"""Items on these things."""


@pytest.fixture(scope="module")
def arms() -> bm.Arms:
    return bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")


@pytest.fixture(scope="module")
def exact(arms: bm.Arms) -> bm.QuadratureFit:
    return bm.fit(bm.load_model("pooled"), arms, method="quadrature")


@pytest.fixture(scope="module")
def judgements(arms: bm.Arms) -> bm.RiskOfBias:
    """Return judgements of all studies, and of one that the selection left out."""
    studies = [*map(str, arms.studies), "dinardo2021"]
    domains = {f"D{k}": "Low" for k in range(1, 6)}
    overall = ["High"] * 4 + ["Low"] * (len(studies) - 4)
    frame = pd.DataFrame({"Study": studies}).assign(**domains, Overall=overall)
    return bm.read_risk_of_bias(frame, tool="RoB 2")


def answers(written: bm.WrittenDossier) -> dict[str, Any]:
    rows = content(written.path, "prisma")["rows"]
    return {row["source"]: row for row in rows if row["state"] == "answered"}


def values(row: Any) -> dict[str, Any]:
    return {one["label"]: one["value"] for one in row["numbers"]}


@pytest.mark.slow
def test_what_was_given_answers_its_items(
    reviewed_fit: bm.Fit, judgements: bm.RiskOfBias, tmp_path: Path
) -> None:
    missing = bm.selection(reviewed_fit, smallest=0.5, rho=0.9, rate_above=0.1, certainty=0.8)
    biased = bm.bias_sensitivity(reviewed_fit, judgements, weights={"High": 0.5})
    bands = bm.certainty(reviewed_fit, bands=[(0, 0.2), (0.2, 1)])
    judged = bands.assign(judgement=["moderate", ""])
    written = bm.write_prisma(
        reviewed_fit,
        tmp_path / "prisma",
        judgements=judgements,
        selection=missing,
        bias_sensitivity=biased,
        certainty=judged,
    )
    check_rows(written.path, "prisma")
    check_manifest(written.path)
    found = answers(written)
    assert (
        "Tool RoB 2, with 5 domains: randomisation process, "
        in found["risk_of_bias_tool"]["answer"]
    )
    overall = found["risk_of_bias"]
    assert overall["answer"].startswith("Overall, by RoB 2: Low 10, High 4. 1 judged study is not")
    assert values(overall)["aldoss2019a"] == "High"
    assert "dinardo2021" not in values(overall)
    shifted = values(found["missing_studies"])["typical, smallest 0.5, largest 0.999, rho 0.9"]
    assert shifted == missing.table.loc[1, "typical"]
    assert "50% to 99.9%, rho 0.9. Published" in found["missing_method"]["answer"]
    point = values(found["tipping_points"])["exists, largest 0.999, rho 0.9"]
    assert point == missing.tipping_points.loc[0, "exists"]
    models = values(found["bias_models"])
    weighted = biased.table.set_index("model").loc["weights", "typical"]
    assert models["typical, model weights"] == weighted
    assert "0% to 20% " in found["certainty"]["answer"]
    assert " (judged: moderate); 20% to 100% " in found["certainty"]["answer"]
    assert "left to people" in found["certainty"]["answer"]
    assert values(found["certainty"])["typical, low 0.0, high 0.2"] == bands.loc[0, "typical"]
    # People fill in the blank column of a file.
    bands.assign(judgement=["low", "high"]).to_csv(tmp_path / "judged.csv", index=False)
    whole = bm.write_prisma(
        reviewed_fit, tmp_path / "filled", certainty=pd.read_csv(tmp_path / "judged.csv")
    )
    assert "left to people" not in answers(whole)["certainty"]["answer"]


@pytest.mark.slow
def test_of_what_was_not_given_the_authors_must_say(
    exact: bm.QuadratureFit, tmp_path: Path
) -> None:
    written = bm.write_prisma(exact, tmp_path / "prisma")
    rows = written.rows[written.rows["item"].isin(GIVEN)]
    told = rows[rows["state"] == "answered"]
    assert set(told["source"]) == {"evidence", "studies_without_results"}
    assert set(rows.loc[rows["state"] == "to be said", "item"]) == GIVEN
    names = {path.name for path in written.path.iterdir()}
    assert not names & {
        "risk_of_bias.csv",
        "missing_studies.csv",
        "bias_models.csv",
        "certainty.csv",
    }


@pytest.mark.slow
def test_a_result_of_another_fit_or_profile_is_refused(
    exact: bm.QuadratureFit, arms: bm.Arms, judgements: bm.RiskOfBias, tmp_path: Path
) -> None:
    def refused(message: str, fit: Any = exact, **given: Any) -> None:
        with pytest.raises(bm.SettingsError, match=message):
            bm.write_prisma(fit, tmp_path / "prisma", **given)
        assert not (tmp_path / "prisma").exists()

    other = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    others = bm.fit(bm.load_model("pooled"), other, method="quadrature")
    missing = bm.selection(others, smallest=0.5, rho=0.9)
    refused("`selection` is of another fit: its typical is 0.5", selection=missing)
    refused("`selection` must be a Selection; got DataFrame", selection=missing.table)
    biased = bm.bias_sensitivity(exact, judgements)
    refused("`bias_sensitivity` is of another fit", fit=others, bias_sensitivity=biased)
    refused("`judgements` must be a RiskOfBias; got str", judgements="rob.csv")
    columns = bm.selection(exact, smallest=0.5, rho=0.9).table
    refused("`certainty` must be a table as bm.certainty returns it; got D", certainty=columns)
    refused("`certainty` must be a table as bm.certainty returns it; got str", certainty="a")
    named = {"low": 0.0, "high": 1.0, "typical": 1.0, "new_study": 1.0, "missing_evidence": None}
    bands = pd.DataFrame([{**named, "ok": True, "judgement": ""}])
    refused("`certainty` is of a fit with draws", certainty=bands)
    setting = bm.fit(bm.load_model("setting"), arms, seed=1, settings=bm.SamplerSettings(chains=2))
    at = bm.selection(setting, smallest=0.5, rho=0.9)
    refused("`selection` is for .*, and the review for .*Give both the same", selection=at)
    wrong = bands.assign(high=0.2)
    refused("`certainty` is of another fit: its typical is 1, ", fit=setting, certainty=wrong)
    several = bm.load_evidence("rr_aml_venetoclax").select(
        outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 40"
    )
    few = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    nested = bm.fit(bm.load_model("pooled"), several, seed=1, settings=few)
    refused("`selection` is of one outcome, and the fit of several", fit=nested, selection=missing)
    strange = judgements.frame.assign(Study=lambda each: each["Study"].str.upper())
    with pytest.raises(bm.EvidenceError, match="which is no study of the fit"):
        bm.write_prisma(
            exact, tmp_path / "p", judgements=bm.read_risk_of_bias(strange, tool="RoB 2")
        )


@pytest.mark.slow
def test_the_command_takes_judgements_bands_and_refits(
    reviewed_fit: bm.Fit,
    judgements: bm.RiskOfBias,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reviewed_fit.save(tmp_path / "run")
    judgements.frame.to_csv(tmp_path / "rob.csv", index=False)
    asked = ["prisma", tmp_path / "run", "--out", tmp_path / "prisma"]
    assert run(*asked, "--band", "0:0.2", "--refits") == 0
    rows = content(tmp_path / "prisma", "prisma")["rows"]
    sources = {row["source"] for row in rows}
    assert {"certainty", "missing_studies"} <= sources
    assert not {"risk_of_bias", "bias_models"} & sources
    judged = ["--judgements", tmp_path / "rob.csv", "--tool", "RoB 2"]
    assert run(*asked, *judged, "--refits", "--force") == 0
    rows = content(tmp_path / "prisma", "prisma")["rows"]
    assert {"risk_of_bias", "bias_models", "missing_studies"} <= {row["source"] for row in rows}
    capsys.readouterr()
    assert run(*asked, *judged, "--refits") == 2
    assert "replace it with --force" in capsys.readouterr().err
    assert run(*asked, "--tool", "RoB 2", "--force") == 2
    assert "`--tool` has no effect without `--judgements`" in capsys.readouterr().err
