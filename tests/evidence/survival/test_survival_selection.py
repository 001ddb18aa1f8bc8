"""Selection of survival: one row per landmark and median, and the rule that dropped each other row."""

from math import log, sqrt

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

pytestmark = pytest.mark.filterwarnings("ignore::bayesmeta.EvidenceWarning")


@pytest.fixture(scope="module")
def bundled() -> bm.SurvivalTable:
    return bm.load_survival("rr_aml_venetoclax")


def test_every_row_of_the_outcome_is_kept_or_has_its_rule(bundled: bm.SurvivalTable) -> None:
    arms = bundled.select(outcome="OS")
    columns = ["study", "arm", "stratum", "time", "median"]
    rows = bundled.frame.loc[bundled.frame["outcome"] == "OS", columns]
    found = pd.concat([arms.reports[columns], arms.excluded[columns]])
    assert sorted(map(str, found.to_numpy().tolist())) == sorted(map(str, rows.to_numpy().tolist()))
    assert (arms.excluded["rule"] != "").all()


def test_the_whole_stands_for_its_parts_unless_these_are_asked_for(
    bundled: bm.SurvivalTable,
) -> None:
    whole, parts = (bundled.select(outcome="OS", parts=one) for one in ("whole", "parts"))  # type: ignore[arg-type]
    of = {name: set(one.frame.loc[one.frame["study"] == "italy57", "arm"]) for name, one in (("whole", whole), ("parts", parts))}  # fmt: skip
    assert of == {"whole": {"ven_hma"}, "parts": {"ven_aza", "ven_dec"}}
    # No number of patients is printed of the arms of stahl2021: the whole is all there is.
    assert set(parts.frame.loc[parts.frame["study"] == "stahl2021", "arm"]) == {"ven_hma_ldac"}


def test_of_cohorts_that_overlap_one_is_kept(bundled: bm.SurvivalTable) -> None:
    kept = set(bundled.select(outcome="OS").frame["study"])
    every = set(bundled.select(outcome="OS", overlaps="keep").frame["study"])
    assert every - kept == {"maiti2021"}


def test_duration_of_response_is_that_of_responders(bundled: bm.SurvivalTable) -> None:
    arms = bundled.select(outcome="DOR")
    assert arms.reports["stratum"].str.startswith("responders=").all()
    assert set(arms.frame["study"]) == {"amit2021", "dinardo2020", "feld2021", "konopleva2016"}


def test_an_arm_may_have_several_rows(bundled: bm.SurvivalTable) -> None:
    arms = bundled.select(outcome="OS", where="study == 'ram2019'")
    assert len(arms) == 1
    assert arms.arm_of_report.tolist() == [0, 0, 0]
    assert arms.labels.tolist() == ["ram2019/ven_hma_ldac_dli"]
    assert (len(arms.landmarks), len(arms.medians)) == (2, 1)


def test_intervals_of_the_bundled_medians_are_as_wide_as_their_patients_allow(
    bundled: bm.SurvivalTable,
) -> None:
    # Computed by hand when the evidence was read: 0.20 of the least width, and 1.17 to 2.28.
    frame = bundled.frame[(bundled.frame["outcome"] == "OS") & (bundled.frame["stratum"] == "")]
    width = np.log(frame["median_high"] / frame["median_low"]) / 3.92 * log(2) * np.sqrt(frame["n"])
    found = width[np.isfinite(width)].round(2)
    assert dict(zip(frame.loc[found.index, "study"], found, strict=True)) == {
        "amit2021": 2.28, "dinardo2020": 1.18, "italy57": 1.82, "morsia2020": 1.26, "ram2019": 0.2,
        "stahl2021": 1.17, "tenold2021": 1.78, "zhao2021": 1.82,
    }  # fmt: skip
    narrow = [one for one in bundled.findings if "narrower" in one.text]
    assert [one.text.split(":")[0] for one in narrow] == ["ram2019"]
    [of_arms] = [one for one in bundled.select(outcome="OS").findings if "narrower" in one.text]
    assert "(ram2019/ven_hma_ldac_dli)" in of_arms.text
    assert "0.20 of the least width" in of_arms.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"holds 4 outcomes: OS, DOR, EFS, RFS\. Name one by `outcome`\.$"),
        ({"outcome": "PFS"}, "has no outcome 'PFS'. Did you mean"),
        ({"outcome": "RFS", "where": "n > 900"}, "the selection leaves no arm"),
    ],
)  # fmt: skip
def test_what_cannot_be_selected_is_told(
    bundled: bm.SurvivalTable, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        bundled.select(**arguments)  # type: ignore[arg-type]


def test_a_name_that_is_not_bundled_is_told() -> None:
    with pytest.raises(bm.EvidenceError, match="There is no bundled table 'rr_aml'"):
        bm.load_survival("rr_aml")


def test_a_selection_keeps_what_was_asked() -> None:
    rows = pd.DataFrame(
        {"study": ["a", "b"], "median": [3.0, 5.0], "n": [10, 30], "drug": ["x", "y"]}
    )
    arms = bm.read_survival(rows, time_unit="weeks").select(drug="y")
    assert arms.selection["columns"] == {"drug": ["y"]}
    assert arms.selection["reading"] == {"time_unit": "weeks"}
    assert arms.frame["drug"].tolist() == ["y"]
    assert arms.reports["median"].tolist() == [pytest.approx(5 * 84 / 365.25)]
    assert sqrt(len(arms.hash)) == 8
