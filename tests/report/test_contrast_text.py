"""Lines of contrasts, ranks and notes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates.contrast_table import Contrasts
from bayesmeta.estimates.contrasts import contrast
from bayesmeta.report.contrast_text import contrast_blocks, rank_blocks, unranked
from bayesmeta.report.document import lines_of
from bayesmeta.report.fit_text import note_lines
from bayesmeta.report.sensitivity_text import tau_prior_line


@pytest.fixture(scope="module")
def found(regimen_fit: bm.Fit) -> Contrasts:
    return contrast(regimen_fit, against="ven_hma")


def test_contrast_lines(found: Contrasts) -> None:
    head, columns, *lines = lines_of(contrast_blocks(found))
    assert head == "Contrasts of regimen_class: median and 95% interval"
    assert columns.split("  ")[1] == "pair"
    [ldac] = [line for line in lines if "ven_ldac vs ven_hma" in line]
    row = found.table.set_index("level").loc["ven_ldac"]
    assert f"{row['odds_ratio']:.2f} ({row['odds_ratio_lower']:.2f} to " in ldac
    studies = f"{row['studies_level']} and {row['studies_versus']}, {row['studies_both']} both"
    assert ldac.endswith(f"{100 * row['within_share']:.0f}%  {studies}")
    assert lines[-1].startswith("  Monte-Carlo standard errors: median odds ratios at most 0.")


def test_other_covariates_are_named_and_odd_numbers_written(found: Contrasts) -> None:
    table = found.table.head(1).assign(
        odds_ratio=0.00123,
        odds_ratio_lower=0.0,
        odds_ratio_upper=np.inf,
        rate_difference=-0.001,
        within_share=np.nan,
    )
    head, _, line, *_ = lines_of(
        contrast_blocks(Contrasts("dose", "age=65", 0.9, table, found.ranks))
    )
    assert head == "Contrasts of dose, at age=65: median and 90% interval"
    assert "0.0012 (0 to inf)" in line
    assert " 0 (" in line
    assert "no evidence" in line


def test_rank_lines_carry_their_caveat(found: Contrasts) -> None:
    head, columns, *lines = lines_of(rank_blocks(found))
    assert head.startswith("Probability of each rank of regimen_class by typical rate")
    assert columns.split() == ["regimen_class", *"12345678", "mean", "rank", "SUCRA"]
    assert len(lines) == 8 + 2
    assert "Ranks do not show how large differences are" in lines[-2]


@pytest.mark.parametrize(
    ("shares", "ranks"),
    [((0.2, 0.9), "shown"), ((0.0, 0.9), "asked for"), ((np.nan, 0.9), "asked for"), ((0.2,), "of two")],
)  # fmt: skip
def test_ranks_stand_where_three_levels_are_compared_within_studies(
    found: Contrasts, shares: tuple[float, ...], ranks: str
) -> None:
    table = found.table.head(len(shares)).assign(within_share=shares)
    few = replace(found, table=table, ranks=found.ranks.head(len(shares) + 1))
    assert few.rankable is (ranks == "shown")
    assert bool(unranked(few)) is (ranks != "of two")


def test_note_lines() -> None:
    assert note_lines(()) == []
    assert note_lines(("One.", "Two.")) == ["Notes      One.", "           Two."]


def test_lines_are_text(found: Contrasts) -> None:
    assert (
        pd.Series([*lines_of(contrast_blocks(found)), *lines_of(rank_blocks(found))])
        .str.len()
        .max()
        < 140
    )


def test_sensitivity_is_one_line(pooled_fit: bm.Fit) -> None:
    line = tau_prior_line(bm.prior_sensitivity(pooled_fit))
    assert line.startswith("interval of a new study with the prior of tau half as strong 1")
    few = bm.prior_sensitivity(pooled_fit).assign(new_study_lower=float("nan"))
    assert "the prior of tau determines" in tau_prior_line(few)
