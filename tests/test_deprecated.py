"""Names of release 0.1.0 work, and their warnings name those of today."""

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.deprecated import RENAMED

FRAME = pd.DataFrame({"study": ["a", "b"], "n": [9, 8], "ORR": [5, 4], "CR": [3, 2]})


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_name_tells_the_new_one(old: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"bayesmeta.{old} is now bayesmeta.{new}") as found:
        value = getattr(bm, old)
    assert found[0].filename == __file__
    assert old not in bm.__all__
    if old not in ("NestedArms", "NestedSpec"):
        assert value is getattr(bm, new)


def test_an_old_name_of_a_figure() -> None:
    with pytest.warns(
        DeprecationWarning, match="plots.RankPlot is now bayesmeta.plots.Plot"
    ) as found:
        assert bm.plots.RankPlot is bm.plots.Plot
    assert found[0].filename == __file__


def test_there_is_no_other_name() -> None:
    with pytest.raises(AttributeError, match="bayesmeta has no 'nested_fit'"):
        bm.nested_fit  # noqa: B018


def test_what_took_other_arguments_is_made_as_before() -> None:
    with pytest.warns(DeprecationWarning, match="Use Arms"):
        arms = bm.NestedArms(FRAME, ("ORR", "CR"), pd.DataFrame())
    assert arms.outcomes == ("ORR", "CR")
    with pytest.warns(DeprecationWarning, match="Use ModelSpec"):
        spec = bm.NestedSpec("n", tau=bm.HalfNormal(2), link=bm.Probit(), correlation=None)
    assert spec == bm.ModelSpec(
        "n",
        study_effects=bm.NormalEffects(bm.HalfNormal(2)),
        likelihood=bm.Binomial(bm.Probit()),
        correlation=None,
    )


def test_an_old_name_of_a_bundled_model() -> None:
    with pytest.warns(DeprecationWarning, match="'nested/pooled' is now 'pooled'") as found:
        assert bm.load_model("nested/pooled") == bm.load_model("pooled")
    assert found[0].filename == __file__


def test_an_old_name_of_an_argument() -> None:
    own = {"hma": {"aza": "share_aza", "dec": "share_dec"}}
    with pytest.warns(
        DeprecationWarning, match="`shares` of Covariates is now `level_proportions`"
    ):
        found = bm.Covariates("hma", {"hma": "aza"}, shares=own)  # type: ignore[call-arg]
    assert found == bm.Covariates("hma", {"hma": "aza"}, level_proportions=own)
