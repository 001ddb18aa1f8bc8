"""Traffic lights: each judgement at the row of its study, told by letters as well as by colour."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.evidence.risk_of_bias import TOOLS
from bayesmeta.plots.lights import SIGNS
from bayesmeta.plots.pages import CIRCLE

pytestmark = pytest.mark.stored

QUICK = bm.SamplerSettings(chains=2, warmup=200, draws=200)
LONG = "A very long name of a multicentre consortium for acute myeloid leukaemia in relapse, part"

DOMAINS = {"RoB 2": 5, "ROBINS-I 2016": 7, "ROBINS-I V2": 6, "JBI": 13, "NOS": 3}


def judged(studies, tool: str = "RoB 2") -> bm.RiskOfBias:
    """Judgements in which every label of the tool occurs, as far as there are studies."""
    labels, overall = TOOLS[tool].labels, TOOLS[tool].overall
    rows = [
        {
            "Study": study,
            **{f"D{k}": labels[(i + k) % len(labels)] for k in range(1, DOMAINS[tool] + 1)},
            "Overall": overall[i % len(overall)],
        }
        for i, study in enumerate(studies)
    ]
    return bm.read_risk_of_bias(pd.DataFrame(rows), tool=tool)


def fit_of(names: list[str], by: list[str] | None = None, **columns: list) -> bm.Fit:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"study": names, **columns, "n": 20})
    frame["events"] = rng.integers(2, 9, len(frame))
    spec = (
        bm.ModelSpec()
        if by is None
        else bm.ModelSpec(covariates=bm.Covariates("regimen", {"regimen": "x"}))
    )
    arms = bm.read_evidence(frame if by is None else frame.assign(regimen=by)).select()
    return bm.fit(spec, arms, seed=1, settings=QUICK)


@pytest.fixture(scope="module")
def fits() -> dict[str, bm.Fit]:
    return {
        "one": fit_of(["only"]),
        "five": fit_of(list("abcde")),
        "fourteen": fit_of([f"{LONG} {i}" for i in range(14)]),
        "groups": fit_of(
            ["a", "b", "b", "c", "d"], ["x", "x", "y", "y", "x"], arm=["", "1", "2", "", ""]
        ),
        "arms": fit_of(["a", "b", "b", "c"], arm=["", "1", "2", ""]),
    }


def circles(plot: bm.plots.Plot) -> list[tuple[float, float]]:
    """Return the places, in inches, of the signs of a figure."""
    lines = plot.figure.axes[0].lines
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in lines
        if line.get_marker() == "o" and line.get_markersize() == CIRCLE
    ]


def letters_in_rows(plot: bm.plots.Plot) -> list[list[str]]:
    """Return the letters on the signs of each row from the top down, left to right."""
    places = circles(plot)
    texts = [(*text.get_position(), text.get_text()) for text in plot.figure.axes[0].texts]
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y in places:
        # A baseline lies below the middle of its capitals.
        [letter] = [word for a, b, word in texts if abs(a - x) < 1e-9 and 0 < b - y < 0.06]
        rows.setdefault(round(y, 6), []).append((x, letter))
    return [[letter for _, letter in sorted(rows[y])] for y in sorted(rows)]


def said_in(plot: bm.plots.Plot) -> str:
    return " ".join(text.get_text() for text in plot.figure.axes[0].texts)


@pytest.mark.slow
@pytest.mark.parametrize("columns", [(), ("model",), ("events", "observed", "model", "weight")])
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", ["one", "five", "fourteen", "groups"])
def test_nothing_overlaps_or_is_cut_off(name, tool, columns, fits, collisions) -> None:
    check_room(fits[name], tool, columns, collisions)


def test_nothing_overlaps_in_the_widest_figure(fits, collisions) -> None:
    check_room(fits["fourteen"], "JBI", ("events", "observed", "model", "weight"), collisions)


def check_room(fit: bm.Fit, tool: str, columns: tuple[str, ...], collisions: Callable) -> None:
    plot = bm.plots.forest(fit, columns=columns, judgements=judged(fit.arms.studies, tool))
    assert collisions(plot.figure) == ([], [])
    x, y = np.array(circles(plot)).T * 72
    apart = np.hypot(x[:, None] - x, y[:, None] - y)[~np.eye(len(x), dtype=bool)]
    assert not apart.size or apart.min() >= CIRCLE


@pytest.mark.parametrize("tool", TOOLS)
def test_every_judgement_stands_in_its_place(tool, fits) -> None:
    fit = fits["five"]
    judgements = judged(fit.arms.studies, tool)
    expected = [
        [SIGNS[label].letters if label in SIGNS else label for label in row[1:]]
        for row in judgements.frame.itertuples(index=False, name=None)
    ]
    assert letters_in_rows(bm.plots.forest(fit, judgements=judgements))[:5] == expected


def test_the_order_of_rows_is_that_of_the_lights(fits) -> None:
    fit = fits["five"]
    judgements = judged(fit.arms.studies)
    plot = bm.plots.forest(fit, order="-observed", judgements=judgements)
    arms = plot.table[plot.table["kind"] == "arm"]
    expected = judgements.frame.set_index("Study").loc[arms["study"]]
    pd.testing.assert_frame_equal(
        arms[expected.columns].reset_index(drop=True),
        expected.reset_index(drop=True),
        check_dtype=False,
    )
    found = letters_in_rows(plot)[:5]
    assert found == [[SIGNS[label].letters for label in row] for row in expected.to_numpy()]


def test_a_study_with_several_arms_has_its_lights_once_in_a_group(fits) -> None:
    for name, studies in {"arms": 3, "groups": 5}.items():
        judgements = judged(fits[name].arms.studies)
        plot = bm.plots.forest(fits[name], judgements=judgements)
        assert len(letters_in_rows(plot)[:-1]) == studies
        assert (plot.table.loc[plot.table["study"] == "b", "Overall"] != "").all()
        told = "The judgements of a study stand at the first of its arms" in said_in(plot)
        assert told == (name == "arms")


def test_studies_without_judgements_are_blank_and_counted(fits) -> None:
    fit = fits["five"]
    plot = bm.plots.forest(fit, judgements=judged(["a", "b", "c"]))
    assert "2 of 5 studies have no judgement: d, e." in said_in(plot)
    assert len(letters_in_rows(plot)) == 3 + 1
    assert set(plot.table.loc[plot.table["study"].isin(["d", "e"]), "Overall"]) == {""}
    assert (plot.table.loc[plot.table["kind"] != "arm", "Overall"] == "").all()
    assert "no judgement" not in said_in(bm.plots.forest(fit, judgements=judged(list("abcde"))))


def test_judged_studies_that_the_selection_left_out_are_told() -> None:
    rows = {"study": list("abc"), "events": [1, 2, 3], "n": 20, "kind": ["x", "x", "y"]}
    arms = bm.read_evidence(pd.DataFrame(rows)).select(where="kind == 'x'")
    fit = bm.fit(bm.ModelSpec(), arms, seed=1, settings=QUICK)
    plot = bm.plots.forest(fit, judgements=judged(["a", "b", "c"]))
    assert "1 judged study is not among these: c." in said_in(plot)


def test_the_key_names_the_tool_its_version_and_its_labels(fits) -> None:
    fit = fits["five"]
    for tool in TOOLS:
        judgements = judged(fit.arms.studies, tool)
        plot = bm.plots.forest(fit, judgements=judgements)
        assert f"Risk of bias by {tool}:" in said_in(plot)
        for label in set(judgements.frame.iloc[:, 1:].to_numpy().ravel()) & set(SIGNS):
            assert label in said_in(plot)
    assert "Risk of bias" not in said_in(bm.plots.forest(fit))


def test_every_label_has_a_sign_and_those_of_a_tool_differ_without_colour() -> None:
    for tool in TOOLS.values():
        words = [label for label in tool.labels if not label.isdecimal()]
        assert set(words) <= set(SIGNS)
        # Hollow and full circles tell the two kinds of low risk of ROBINS-I V2 apart.
        looks = {(SIGNS[one].letters, SIGNS[one].face == "white") for one in words}
        assert len(looks) == len(words)


def test_survival_has_the_same_lights(collisions) -> None:
    arms = bm.load_survival("rr_aml_venetoclax").select(outcome="EFS")
    spec = bm.ModelSpec("efs", curve=bm.WeibullSurvival())
    fit = bm.fit(spec, arms, seed=1, settings=QUICK)
    plot = bm.plots.survival_forest(fit, judgements=judged(arms.studies, "ROBINS-I V2"))
    assert collisions(plot.figure) == ([], [])
    # Two arms are of one study; the last row is the key.
    assert len(letters_in_rows(plot)) == len(arms.studies) + 1 == 7
    assert "Risk of bias by ROBINS-I V2:" in said_in(plot)


@pytest.mark.parametrize(
    ("judgements", "error", "message"),
    [
        (
            lambda: judged(["a", "bb"]),
            bm.EvidenceError,
            "The judgements of RoB 2 name 'bb', which is no study of the fit, nor of the rows that its selection left out. "
            r"Did you mean 'b'\? Valid: a, b, c, d, e. Correct the name, or leave its row out",
        ),
        (
            lambda: judged(["a"]).frame,
            bm.SettingsError,
            "`judgements` must be a RiskOfBias; got DataFrame. Make one by read_risk_of_bias",
        ),
    ],
)
def test_what_belongs_to_no_study_is_refused(judgements, error, message, fits) -> None:
    with pytest.raises(error, match=message):
        bm.plots.forest(fits["five"], judgements=judgements())
