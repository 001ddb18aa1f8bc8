"""Lines and JSON of a grid of specifications."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.multiverse.results import columns
from bayesmeta.multiverse.specification_grid import AXES
from bayesmeta.report.document import lines_of
from bayesmeta.report.grid_text import grid_blocks, grid_json, profile_text

GRID = bm.SpecificationGrid("small", question=bm.Question(rate_above=0.3), seed=4)


def table_of(rows: list[dict[str, object]]) -> pd.DataFrame:
    types = columns(above=True)
    texts = {name: "" for name, kind in types.items() if kind == "str"}
    frame = pd.DataFrame([texts | row for row in rows])
    return frame.reindex(columns=list(types)).astype(types)


def row(outcome: str, distribution: str, at: float, **others: object) -> dict[str, object]:
    choices = dict.fromkeys(AXES, "one") | {"outcome": outcome, "study_effects": distribution}
    rate = {"mean_median": at, "mean_lower": at - 0.1, "mean_upper": at + 0.1, "mean_mcse_median": 0.0004}  # fmt: skip
    return choices | {"state": "done", "ok": True} | rate | others


ROWS = [
    row("ORR", "normal", 0.5),
    row("ORR", "common", 0.53),
    row("CR", "normal", 0.2),
    row("CR", "common", 0.19, same_as="another"),
]


@pytest.fixture
def results() -> bm.GridResults:
    return bm.GridResults(GRID, table_of(ROWS), 4, 3, 12.4)


def test_lines_of_a_grid(results: bm.GridResults) -> None:
    assert lines_of(grid_blocks(results)) == [
        "small: 4 combinations, 3 fits (1 combinations are the same fit as another).",
        "Fits took 12 s of work; random seed 4.",
        "",
        "Range of the mean rate over the combinations: medians, and the outermost 95% bounds",
        "  outcome  combinations  lowest  middle  highest      bounds",
        "  ORR                 2     50%     52%      53%  40% to 63%",
        "  CR                  2     19%     20%      20%   9% to 30%",
        "  Monte-Carlo standard errors of the medians: at most 0.04 points.",
        "",
        "What moves it: percentage points between the choices, the other choices being the same (median and largest)",
        "  outcome  choice of      moves it by  at most  lowest with  highest with",
        "  ORR      study_effects          3.0      3.0  normal       common",
        "  CR       study_effects          1.0      1.0  common       normal",
        "  A choice may change what is asked, too: covariates whom the rate is for, inclusion which arms there are.",
    ]


def test_what_went_wrong_comes_first_and_is_listed(results: bm.GridResults) -> None:
    none = dict.fromkeys(("mean_median", "mean_lower", "mean_upper", "mean_mcse_median"), np.nan)
    wrong = [
        row("ORR", "student", 0.5, ok=False, problems="R-hat exceeds 1.01 for nu."),
        row("ORR", "arms", 0.5, state="failed", ok=None, reason="SamplingError: no.", **none),
        *(
            row(
                "ORR",
                f"distribution{i}",
                0.5,
                state="not possible",
                ok=None,
                reason=f"why {i // 2}",
                **none,
            )
            for i in range(14)
        ),
    ]
    lines = lines_of(grid_blocks(replace(results, table=table_of([*ROWS, *wrong]))))
    assert lines[0] == (
        "NOT RELIABLE: the diagnostics of 1 combinations failed and 1 combinations have no result; "
        "columns ok and state tell which."
    )
    start = lines.index("Not possible: 14.")
    assert lines[start + 1] == "  2 as ORR / one / one / distribution0 / one / one: why 0"
    assert lines[start + 6] == "  and 4 more"
    assert lines[start + 7 : start + 9] == [
        "Failed: 1.",
        "  1 as ORR / one / one / arms / one / one: SamplingError: no.",
    ]
    assert "  1 as ORR / one / one / student / one / one: R-hat exceeds 1.01 for nu." in lines
    # What failed its diagnostics is a row like the others; what has no result is none.
    assert "  ORR                 3     50%     50%      53%  40% to 63%" in lines


def test_nothing_done_and_nothing_varied(results: bm.GridResults) -> None:
    failed = [one | {"state": "failed", "reason": "SamplingError: no."} for one in ROWS]
    assert lines_of(grid_blocks(replace(results, table=table_of(failed))))[-1].startswith(
        "No fit is done"
    )
    assert lines_of(grid_blocks(replace(results, table=table_of(ROWS[:1]))))[-1] == (
        "Nothing but the outcome was varied."
    )


def test_json_of_a_grid(results: bm.GridResults) -> None:
    found = json.loads(json.dumps(grid_json(results), allow_nan=False))
    assert found["diagnostics_ok"] is True
    assert (found["combinations"], found["fits"], found["rate"], found["seed"]) == (4, 3, "mean", 4)
    assert found["ranges"][0]["greatest"] == pytest.approx(0.53)
    assert found["effects"][0]["axis"] == "study_effects"
    assert found["failed"] == found["not_possible"] == found["unreliable"] == []


def test_whom_rates_are_for() -> None:
    covariates = {
        "fixed": bm.Covariates("prior + age"),
        "slopes": bm.Covariates("prior + (0 + prior | study)"),
        "levels": bm.Covariates("(1 | regimen)"),
    }
    question = bm.Question(profile={"prior": "yes"})
    grid = replace(GRID, covariates=covariates, question=question)
    assert profile_text(grid) == "prior=yes; at reference or centre: age; at a new level: regimen"
