"""Levels left out: which column, what is refused, and what is told of a level whose fit failed.

`tests/inference/test_levels_truth.py` compares the scores with quadrature.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli import app
from bayesmeta.report.document import lines_of
from bayesmeta.report.levels_text import levels_left_out_blocks

Maker = Callable[..., bm.Arms]
FEW = bm.SamplerSettings(chains=2, warmup=200, draws=200)
COUNTS = [(4, 20), (9, 22), (14, 31), (5, 25), (21, 30), (11, 40)]


@pytest.fixture(scope="module")
def arms(make_arms: Maker) -> bm.Arms:
    return make_arms(COUNTS, kind=list("aabbcc"), place=list("xxyyzz"), one=["k"] * 6)


def spec(formula: str) -> bm.ModelSpec:
    reference = {"kind": "a"} if formula == "kind" else {}
    return bm.ModelSpec("m", covariates=bm.Covariates(formula, reference))


def test_the_one_column_of_exchangeable_levels_need_not_be_named(arms: bm.Arms) -> None:
    found = bm.leave_one_level_out(spec("(1 | kind)"), arms, seed=1, settings=FEW)
    named = bm.leave_one_level_out(spec("(1 | kind)"), arms, "kind", seed=1, settings=FEW)
    assert found.column == "kind"
    assert found.levels.equals(named.levels)


@pytest.mark.parametrize(
    ("formula", "column", "message"),
    [
        (
            "(1 | place / kind)",
            None,
            "must be named: model 'm' has exchangeable levels of place, kind. Name one of them",
        ),
        (
            "kind",
            None,
            "must be named: model 'm' has no exchangeable levels. Name one of the columns of the arms",
        ),
        ("kind", "kinds", "names 'kinds', which is no column of the arms. Did you mean 'kind'"),
        ("kind", 3, "names 3, which is no column of the arms"),
    ],
)
def test_columns_that_are_refused(
    arms: bm.Arms, formula: str, column: object, message: str
) -> None:
    with pytest.raises(bm.SettingsError, match=f"^`column` {message}"):
        bm.leave_one_level_out(spec(formula), arms, column, seed=1)  # type: ignore[arg-type]


def test_one_level_cannot_be_left_out(arms: bm.Arms) -> None:
    with pytest.raises(bm.EvidenceError, match="'one' needs two of them or more; got 1"):
        bm.leave_one_level_out(bm.ModelSpec(), arms, "one", seed=1)


def test_a_level_that_every_study_has_cannot_be_left_out(make_arms: Maker) -> None:
    study = ["s1", "s1", "s2", "s2", "s3", "s3"]
    both = make_arms(COUNTS, studies=study, arm=list("ababab"), kind=list("ababab"))
    with pytest.raises(bm.EvidenceError, match="Every study has the level 'a' of 'kind'"):
        bm.leave_one_level_out(bm.ModelSpec(), both, "kind", seed=1)


def test_a_fit_that_fails_is_recorded_and_the_others_go_on(
    arms: bm.Arms, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesmeta.inference import refits

    whole = refits.sampled

    def failing(design: object, *arguments: object, **options: object) -> object:
        if "b" not in set(design.arms.frame["kind"]):  # type: ignore[attr-defined]
            raise bm.SamplingError("The sampler stopped: for a test.")
        return whole(design, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(refits, "sampled", failing)
    found = bm.leave_one_level_out(spec("(1 | kind)"), arms, seed=1, settings=FEW)
    assert found.fits["state"].tolist() == ["done", "failed", "done"]
    assert found.levels["elpd"].isna().tolist() == [False, True, False]
    assert found.levels[["studies", "arms", "events", "n"]].to_numpy().tolist() == [
        [2, 2, 13, 42],
        [2, 2, 19, 56],
        [2, 2, 32, 70],
    ]
    assert not found.ok
    told = lines_of(levels_left_out_blocks(found))
    assert any(line.split() == ["b", "2", "2", "nan", "nan"] for line in told)
    assert "NOT RELIABLE: see fits" in repr(found)


@pytest.mark.slow
def test_the_command_has_the_same_default(
    arms: bm.Arms, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, formula in (("one", "(1 | kind)"), ("two", "(1 | kind) + (1 | place)")):
        bm.fit(spec(formula), arms, seed=1, settings=FEW).save(tmp_path / name)
    with pytest.raises(SystemExit, match=r"0|1"):
        app(["leave-one-level-out", str(tmp_path / "one"), "--json", "--workers", "1"])
    told = json.loads(capsys.readouterr().out)
    assert (told["column"], len(told["levels"])) == ("kind", 3)
    with pytest.raises(SystemExit, match="2"):
        app(["leave-one-level-out", str(tmp_path / "two")])
    assert "has exchangeable levels of kind, place. Name one of them" in capsys.readouterr().err
