"""The stored calibration is judged again, and held against the model family as it is now."""

from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.calibration import read_results, status
from bayesmeta.report.calibration import calibration_lines

STORED = Path(__file__).parents[1] / "reference" / "calibration"
AGAIN = "bayesmeta calibrate --seed 1 --out tests/reference/calibration"


@pytest.fixture(scope="module")
def stored() -> bm.Calibration:
    results = read_results(STORED)
    assert results, f"no calibration is stored; make one: {AGAIN}"
    return bm.Calibration(results)


@pytest.fixture(scope="module")
def states(stored: bm.Calibration) -> pd.DataFrame:
    return status(stored.results)


@pytest.mark.slow
def test_stored_results_pass(stored: bm.Calibration) -> None:
    for table in (stored.ranks, stored.coverage, stored.fits):
        assert table["ok"].all(), table[~table["ok"]].to_string()


@pytest.mark.slow
def test_the_readme_says_what_was_found(stored: bm.Calibration) -> None:
    text = (STORED / "README.md").read_text(encoding="utf-8")
    printed = calibration_lines(stored)
    *_, everything = printed[-1].splitlines()
    for line in (*printed[:2], printed[3], everything):
        assert line.strip() in text, line


def test_stored_results_are_complete(stored: bm.Calibration) -> None:
    assert {result.tally.sets for result in stored.results} == {1000}


@pytest.mark.slow
def test_stored_results_are_about_the_models_of_today(states: pd.DataFrame) -> None:
    # Code that was edited is no failure while the density has the values it had: `status` tells it.
    old = states[states["state"].isin(["stale", "missing"])]
    assert old.empty, f"run again ({AGAIN}; only these are done):\n{old.to_string(index=False)}"


def test_the_default_of_tau_covers_where_studies_differ(stored: bm.Calibration) -> None:
    """New studies at a true tau of 1: 95% intervals, of 1,000 each, hold 92% and not 82%."""
    rows = stored.coverage.query("prediction == 'rate' and ci_prob == 0.95").set_index("case")
    for studies in (3, 5, 10, 30):
        case = f"coverage-{studies}-tau_1-prior"
        assert rows.loc[f"{case}_1", "covered"] > 0.92
        assert rows.loc[f"{case}_1", "width"] >= rows.loc[f"{case}_0.5", "width"]
    assert rows.loc["coverage-3-tau_1-prior_0.5", "covered"] < 0.86


def test_the_table_of_coverage_is_that_of_the_stored_results(stored: bm.Calibration) -> None:
    text = (STORED.parents[2] / "models" / "README.md").read_text(encoding="utf-8")
    rows = stored.coverage.query("prediction == 'rate' and ci_prob == 0.95").set_index("case")
    for tau in (0.2, 0.5, 1):
        for studies in (3, 5, 10, 30):
            cases = (f"coverage-{studies}-tau_{tau:g}-prior_{scale}" for scale in (0.5, 1))
            found = (rows.loc[case, ["covered", "width"]] for case in cases)
            cells = (f"{covered:.1%}, {100 * width:.0f} points" for covered, width in found)
            line = f"| {tau:g} | {studies} | {' | '.join(cells)} |"
            assert line in text, line
