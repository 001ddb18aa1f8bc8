"""Fits that are sampled again: where trajectories diverge, told, and the same whatever runs beside."""

from dataclasses import replace
from pathlib import Path

import pytest
import xarray as xr

import bayesmeta as bm
from bayesmeta.cli import app
from bayesmeta.report.text import warning_lines

LOW = bm.SamplerSettings(chains=2, warmup=100, draws=100, target_accept=0.2)
"""Steps so long that trajectories diverge."""


@pytest.fixture(scope="module")
def unlike(make_arms) -> bm.Arms:
    return make_arms([(0, 30), (29, 30), (1, 20)])


@pytest.fixture(scope="module")
def repeated(unlike: bm.Arms) -> bm.Fit:
    return bm.fit(bm.ModelSpec(), unlike, seed=1, settings=replace(LOW, cores=1))


def test_divergences_are_sampled_again_with_smaller_steps(repeated: bm.Fit) -> None:
    found = bm.diagnose(repeated)
    assert repeated.settings.target_accept == 0.99
    [told] = found.repeats
    assert "of 200 transitions diverged at target_accept=0.2; sampled again at 0.99, at" in told
    assert found.divergences == 0


def test_no_more_is_sampled_where_none_diverges(unlike: bm.Arms) -> None:
    high = replace(LOW, target_accept=0.95)
    fit = bm.fit(bm.ModelSpec(), unlike, seed=1, settings=high)
    assert (fit.settings, fit.provenance.repeats) == (high, ())


def test_a_repeat_is_the_same_on_any_number_of_processors(
    unlike: bm.Arms, repeated: bm.Fit
) -> None:
    both = bm.fit(bm.ModelSpec(), unlike, seed=1, settings=replace(LOW, cores=2))
    assert both.provenance.repeats == repeated.provenance.repeats
    for name, variable in repeated.posterior.items():
        assert both.posterior[name].to_numpy().tobytes() == variable.to_numpy().tobytes(), name


@pytest.fixture
def warned(regimen_fit: bm.Fit) -> bm.Fit:
    """A good fit of which three transitions diverged."""
    groups = {f"/{name}": group.to_dataset() for name, group in regimen_fit.draws.children.items()}
    statistics = groups["/sample_stats"].copy(deep=True)
    statistics["diverging"][0, :3] = True
    draws = xr.DataTree.from_dict(groups | {"/sample_stats": statistics})
    return replace(regimen_fit, draws=draws)


@pytest.mark.parametrize(
    ("command", "asked"), [("predict", ["--n", "20"]), ("contrast", ["--factor", "regimen_class"])]
)
def test_an_answer_tells_a_warning_once_and_ends_with_1_where_asked(
    warned: bm.Fit,
    command: str,
    asked: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    warned.save(tmp_path / "run")
    codes = []
    for options in ([], ["--fail-on", "diagnostics"]):
        with pytest.raises(SystemExit, match=r"\d") as left:
            app([command, str(tmp_path / "run"), *asked, *options])
        codes.append(left.value.code)
        printed = capsys.readouterr().out
        first = printed.splitlines()[0]
        assert first.startswith("Diagnostics: passed with a warning. 3 of 12,000 transitions")
        assert printed.count("transitions diverged") == 1
    assert codes == [0, 1]


def test_what_is_told_first_follows_the_grade(pooled_fit: bm.Fit, repeated: bm.Fit) -> None:
    assert warning_lines(bm.diagnose(pooled_fit)) == []
    # So few draws fail.
    [line] = warning_lines(bm.diagnose(repeated))
    assert line.startswith("NOT RELIABLE")
