"""What a terminal shows of the sensitivity to priors, and the command that prints it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app
from bayesmeta.estimates.events import parse_event
from bayesmeta.report.document import lines_of
from bayesmeta.report.selection_text import limit_sentence
from bayesmeta.report.sensitivity_text import prior_cells, tipping_point_blocks
from bayesmeta.sensitivity.crossing import Crossing, Point

pytestmark = pytest.mark.stored

POINTS = (
    Point(-3, 0.95, 0.001),
    Point(-1, 0.91, 0.001),
    Point(0, 0.87, 0.001),
    Point(3, 0.8, 0.002),
)

FLIP = 0.265
"""Scale of tau ~ HalfNormal at which P(rate of a new study > 0.3) of ORR is 0.9, by quadrature."""


def flip(
    *points: Point, certainty: float = 0.9, crossing: Crossing | None = None, ok: bool = True
) -> bm.TippingPoint:
    rows = [
        {
            "factor": 2**point.x,
            "prior": f"HalfNormal({2**point.x / 2:g})",
            "probability": point.value,
            "mcse": point.error,
            "ok": ok,
        }
        for point in points
    ]
    question = parse_event("rate > 0.3")
    prior = bm.HalfNormal(0.5)
    table = pd.DataFrame(rows)
    return bm.TippingPoint(question, certainty, "all studies", "tau", prior, crossing, table)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(arguments))
    return int(left.value.code)


def test_a_tipping_point_is_told_with_its_interval_and_the_fits_beside_it() -> None:
    crossing = Crossing(-0.75, 0.05, POINTS[1], POINTS[2])
    head, where, nearest = lines_of(tipping_point_blocks(flip(*POINTS, crossing=crossing)))
    assert head.startswith(
        "Tipping point in the prior of tau: P(rate of a new study > 0.3) of 0.9 required"
    )
    assert head.endswith("P = 0.870 (MCSE 0.0010) with the model's own.")
    assert "0.59 times as wide (95% 0.56 to 0.64 from Monte-Carlo error" in where
    assert "0.50 times, P = 0.910 (MCSE 0.0010); 1.00 times, P = 0.870" in nearest


def test_no_tipping_point_is_told_with_the_range_looked_at() -> None:
    _, answer = lines_of(tipping_point_blocks(flip(*POINTS, certainty=0.97)))
    assert "does not change between 0.125 and 8 times the prior's scale" in answer
    assert "P stays from 0.800 to 0.950" in answer


def test_an_open_decision_and_unreliable_draws_are_told() -> None:
    found = flip(*POINTS, certainty=0.8695, ok=False)
    head, answer, failed, *_ = lines_of(tipping_point_blocks(found))
    assert "NOT RELIABLE" in head
    assert "within Monte-Carlo error of the certainty required: the decision is open" in answer
    assert f"{len(POINTS)} of {len(POINTS)} fits with the prior wider or narrower failed" in failed


def test_a_probability_stands_under_its_question() -> None:
    rates = {
        f"{name}{end}": 0.5
        for name in ("tau", "typical", "mean", "new_study")
        for end in ("", "_lower", "_upper")
    }
    table = pd.DataFrame([{"own": True, "ok": True, "probability": 0.25, **rates}])
    cells = prior_cells(table, parse_event("rate > 0.3"))
    assert cells["P(rate of a new study > 0.3)"].tolist() == ["0.250"]


@pytest.mark.slow
def test_the_command_prints_all_parts(
    pooled_fit: bm.Fit,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both as text and as JSON, of one answer."""
    made: dict[str, bm.Sensitivity] = {}
    compute = bm.sensitivity

    def once(fit: bm.Fit, **asked: object) -> bm.Sensitivity:
        key = repr(sorted(asked.items()))
        if key not in made:
            made[key] = compute(fit, **asked)
        return made[key]

    monkeypatch.setattr(bm, "sensitivity", once)
    folder = str(tmp_path / "run")
    pooled_fit.save(folder)
    question = ("--rate-above", "0.3", "--certainty", "0.9")
    assert run("sensitivity", folder, *question) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Power-scaling: how fast estimates move")
    assert "is reported where prior and posterior overlap by less than 50%" in printed
    assert "the model's own" in printed
    assert "tau ~ HalfCauchy(0.5)" in printed
    [factor] = re.findall(r"It changes where the prior is (0\.\d+) times", printed)
    assert float(factor) == pytest.approx(FLIP, abs=0.01)
    assert "The decision does not change between 0.125 and 8 times" in printed
    assert run("sensitivity", folder, *question, "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert [each["exists"] for each in content["tipping_points"]] == [True, False]
    assert content["tipping_points"][1]["factor"] is None
    assert content["diagnostics_ok"] is content["refits_ok"] is True
    assert len(content["priors"]) == 8
    assert len(made) == 1


@pytest.mark.slow
def test_what_the_command_refuses(
    pooled_fit: bm.Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "run")
    pooled_fit.save(folder)
    assert run("sensitivity", folder, "--certainty", "0.9") == 2
    assert "`--certainty` has no effect without a question" in capsys.readouterr().err
    assert run("sensitivity", folder, "--at-least", "12") == 2
    assert "`--at-least` needs `--n`" in capsys.readouterr().err


def test_a_refit_that_failed_tells_no_rate(make_arms) -> None:
    exact = bm.fit(
        bm.ModelSpec("pooled"), make_arms([(12, 40), (9, 30), (20, 50)]), method="quadrature"
    )
    found = bm.selection(exact, smallest=0.3, rho=0.9)
    assert "the typical rate would be 3" in limit_sentence(found)
    failed = replace(found, table=found.table.assign(ok=[True, False]))
    assert "is not known: the refit failed its diagnostics. Published" in limit_sentence(failed)
