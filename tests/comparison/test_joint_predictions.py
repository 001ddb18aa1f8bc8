"""The joint probability of a held-out study is a probability: over all counts it sums to one."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.comparison.held_out import without
from bayesmeta.comparison.predictions import predictions_of
from bayesmeta.comparison.scores import arm_scores, study_scores
from bayesmeta.model import Design, make_design

QUADRATURE = 1e-5
"""Relative error of the quadrature over two effects, each count having nodes of its own."""


def study_of(n: int, **counts: int) -> bm.Arms:
    rows = [
        {"study": "new", "outcome": outcome, "events": events, "n": n}
        for outcome, events in counts.items()
    ]
    # The other outcome has to be in the table to be asked for.
    rows += [
        {"study": "other", "outcome": outcome, "events": 0, "n": n} for outcome in ("ORR", "CR")
    ]
    arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    return arms.drop((arms.frame["study"] == "other").to_numpy(), "not asked")


def joint_score(fit: bm.Fit, arms: bm.Arms) -> tuple[float, float]:
    [row] = study_scores(predictions_of(fit), Design(fit.spec, arms, fit.coding))
    return row["elpd"], row["mcse_elpd"]


def test_probabilities_of_all_counts_sum_to_one(made_up: bm.Fit) -> None:
    n = 2
    nested = [(orr, cr) for orr, cr in product(range(n + 1), repeat=2) if cr <= orr]
    scores = [joint_score(made_up, study_of(n, ORR=orr, CR=cr))[0] for orr, cr in nested]
    assert np.exp(scores).sum() == pytest.approx(1, abs=QUADRATURE)
    alone = [joint_score(made_up, study_of(n, CR=cr))[0] for cr in range(n + 1)]
    assert np.exp(alone).sum() == pytest.approx(1, abs=QUADRATURE)


def test_an_outcome_alone_has_the_sum_over_the_one_around_it(made_up: bm.Fit) -> None:
    alone = joint_score(made_up, study_of(4, CR=1))[0]
    both = [joint_score(made_up, study_of(4, ORR=orr, CR=1))[0] for orr in range(1, 5)]
    assert np.exp(alone) == pytest.approx(np.exp(both).sum(), rel=QUADRATURE)


def test_a_score_agrees_with_the_distribution_of_the_outcome(made_up: bm.Fit) -> None:
    arms = study_of(6, CR=2)
    new = Design(made_up.spec, arms, made_up.coding)
    [row] = arm_scores(predictions_of(made_up), new, np.random.default_rng(1))
    score, error = joint_score(made_up, arms)
    # Both average over the same draws, by quadrature and by 16 points of each.
    assert np.exp(score) == pytest.approx(np.exp(row["log_score"]), rel=0.01)
    assert 0 < error < 0.1
    assert (row["outcome"], row["events"], row["n"]) == ("CR", 2, 6)


def test_a_study_held_out_keeps_the_coding(small_nest: bm.Arms) -> None:
    design = make_design(bm.ModelSpec(), small_nest)
    rest, own = without(design, "s2")
    assert list(rest.arms.studies) == ["s1", "s3", "s4"]
    assert list(own.arms.studies) == ["s2"]
    assert rest.coding is design.coding
