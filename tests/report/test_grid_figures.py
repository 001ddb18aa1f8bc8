"""Figures of a grid of specifications: one for each outcome, under names that files can have."""

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.multiverse.results import columns
from bayesmeta.multiverse.specification_grid import AXES
from bayesmeta.report.many_figures import kept_figures


def results_of(outcomes: list[str]) -> bm.GridResults:
    rows = [
        dict.fromkeys(AXES, "one")
        | {"outcome": outcome, "priors": priors, "state": "done", "ok": True}
        | {"mean_median": 0.5, "mean_lower": 0.4, "mean_upper": 0.6, "mean_mcse_median": 0.001}
        for outcome in outcomes
        for priors in ("default", "wide")
    ]
    rows.append(rows[0] | {"state": "not possible", "reason": "why"})
    types = columns(above=False)
    texts = {name: "" for name, kind in types.items() if kind == "str"}
    frame = pd.DataFrame([texts | row for row in rows]).reindex(columns=list(types))
    return bm.GridResults(bm.SpecificationGrid(), frame.astype(types), 1, 2, 1.0)


@pytest.mark.parametrize(
    ("outcomes", "names"),
    [
        (["ORR"], ["specification_curve.png"]),
        ([""], ["specification_curve.png"]),
        (["CR/CRi", "ORR"], ["specification_curve_CR_CRi.png", "specification_curve_ORR.png"]),
        (["CR+", "cr-"], ["specification_curve_CR__1.png", "specification_curve_cr__2.png"]),
        ([], []),
    ],
)
def test_each_outcome_has_its_figure(outcomes: list[str], names: list[str]) -> None:
    found = kept_figures(results_of(outcomes) if outcomes else _nothing_done())
    assert list(found) == names
    assert all(content.startswith(b"\x89PNG") for content in found.values())


def test_the_same_results_are_the_same_bytes() -> None:
    assert kept_figures(results_of(["ORR"])) == kept_figures(results_of(["ORR"]))


def _nothing_done() -> bm.GridResults:
    done = results_of(["ORR"])
    return bm.GridResults(done.grid, done.table.assign(state="failed"), 1, 2, 1.0)
