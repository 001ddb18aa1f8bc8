"""What answers look like where rates are rare and levels have labels: one road for all of them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.comparison.averaging import averaged, prediction_by
from bayesmeta.comparison.predictions import RATES
from bayesmeta.estimates.words import words_of
from bayesmeta.report.comparison_text import averaged_sentence
from bayesmeta.report.contrast_text import contrast_blocks
from bayesmeta.report.document import Document, Table, lines_of
from bayesmeta.report.machine import by_row, records
from bayesmeta.report.prediction_text import cohort_lines
from bayesmeta.report.saved_runs import kept_predictions

RARE = pd.DataFrame(
    {
        "study": list("abcd"),
        "events": [15, 22, 18, 25],
        "n": [70_000, 90_000, 80_000, 80_000],
    }
)
"""80 events of 320,000: a rate of 0.025%."""


@pytest.fixture(scope="module")
def rare() -> bm.QuadratureFit:
    spec = bm.ModelSpec(study_effects=bm.NormalEffects(tau=bm.HalfNormal(0.5)), mu=bm.Normal(0, 5))
    return bm.fit(spec, bm.read_evidence(RARE).select(), method="quadrature")


def test_rare_rates_are_told_with_their_digits(rare: bm.QuadratureFit) -> None:
    text = str(bm.summary(rare))
    assert "0% (0%" not in text
    assert "0.0249% (0.0178% to 0.0344%)" in text
    per = str(bm.summary(rare, rates_per=100_000))
    assert "median and 95% interval, per 100,000" in per
    assert "24.9 (17.8 to 34.4)" in per
    first, _ = cohort_lines(bm.predict(rare, n=40, seed=1), 0.95)
    assert "0.025%, 95% interval 0.013% to 0.046% (MCSE 0 and 0 points)" in first


def test_a_summary_prints_as_a_fit_does_and_its_parts_as_tables(rare: bm.QuadratureFit) -> None:
    table = bm.summary(rare)
    assert str(table).startswith("Parameters (log-odds; 95% interval)\n  quantity ")
    assert table._repr_html_() == f'<pre style="font-family: monospace">{table!r}</pre>'
    assert type(table[table["profile"] == ""]) is pd.DataFrame
    assert str(table.drop(columns="scale")).startswith("       quantity")


def test_labels_take_the_place_of_levels(regimen_fit: bm.Fit) -> None:
    printed = str(bm.summary(regimen_fit))
    assert "venetoclax + LDAC vs venetoclax + HMA" in printed
    assert "ven_" not in printed
    own = {"regimen_class": {"ven_hma": "V+H", "": "class"}}
    words = words_of(regimen_fit, labels=own)
    lines = lines_of(contrast_blocks(bm.contrast(regimen_fit, against="ven_hma"), words))
    assert lines[0].startswith("Contrasts of class: ")
    assert any("venetoclax + LDAC vs V+H" in line for line in lines)
    with pytest.raises(bm.SpecError, match=r"'ven', which is not a level of 'regimen_class'. There are: ven_hma"):  # fmt: skip
        words_of(regimen_fit, labels={"regimen_class": {"ven": "V"}})


def test_labels_stand_throughout_a_report(documents: dict[str, Document]) -> None:
    told = [
        cell
        for section in documents["regimen"].sections
        if section.title in ("Summary", "Results", "Diagnostics")
        for block in section.blocks
        for cell in _texts(block)
    ]
    assert any("venetoclax + HMA" in text for text in told)
    assert not [text for text in told if "ven_" in text]


def _texts(block: object) -> list[str]:
    if isinstance(block, Table):
        return [block.caption, *block.columns, *(cell for row in block.rows for cell in row)]
    return [getattr(block, "text", ""), *getattr(block, "entries", ())]


def test_a_comparison_and_its_report_tell_the_same_cohort(tmp_path: Path) -> None:
    # The upper end is 0.6546, which a table in steps of 0.001 would round to 0.655, and that to 66%.
    cdf = np.clip(np.interp(RATES, [0.3, 0.3219, 0.6546, 0.7], [0, 0.025, 0.975, 1]), 0, 1)
    nothing = [0.0] * len(RATES)
    pmf = {"pmf": [0.1, 0.2, 0.7], "mcse_pmf": [0.0] * 3}
    rates = averaged({"one": 1.0}, {"one": {**pmf, "cdf": cdf, "mcse_cdf": nothing}})
    live = prediction_by({"one": 1.0}, "all studies", rates)
    for name, table in (("prediction", live.pmf), ("prediction_rate", rates.tabulated)):
        table.reset_index().to_csv(tmp_path / f"{name}.csv", index=False, lineterminator="\n")
    table = {"model": ["one"], "average_weight": [1.0], "answers_for": ["all studies"]}
    [(_, kept)] = kept_predictions(tmp_path, pd.DataFrame(table))
    assert kept is not None
    pd.testing.assert_frame_equal(kept.interval(0.95), live.interval(0.95), check_exact=True)
    assert averaged_sentence(kept, 0.95) == averaged_sentence(live, 0.95)
    assert "32% to 65%" in averaged_sentence(live, 0.95)


def test_json_has_every_digit() -> None:
    table = pd.DataFrame(
        {"rate": [2.24e-17, 1 / 3, float("nan")], "n": [1, 2, 3]}, index=list("abc")
    )
    again = json.loads(json.dumps(records(table)))
    assert [row["rate"] for row in again] == [2.24e-17, 1 / 3, None]
    assert by_row(table)["b"] == {"rate": 1 / 3, "n": 2}
