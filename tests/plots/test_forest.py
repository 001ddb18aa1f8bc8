"""Forest plots show every number of their table, in its place, whatever the names and counts."""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from matplotlib.patches import Polygon, Rectangle

import bayesmeta as bm
from bayesmeta.estimates.inferred import INFERRED_MARK
from bayesmeta.plots.lettering import printable, shortened, text_width, wrapped

pytestmark = pytest.mark.stored

TINY = bm.SamplerSettings(chains=2, warmup=200, draws=200)
LONG = "A very long name of a multicentre consortium for acute myeloid leukaemia in relapse, part"


def fit_of(spec=None, settings=TINY, **columns):
    arms = bm.read_evidence(pd.DataFrame(columns)).select()
    return bm.fit(spec or bm.load_model("pooled"), arms, seed=1, settings=settings)


@pytest.fixture(scope="module")
def odd():
    """Several arms per study, an arm without patients, levels and names of all kinds."""
    spec = bm.ModelSpec(
        "$odd_model$",
        description="All that <b>can</b> go wrong, and then at length. " * 9,
        covariates=bm.Covariates("regimen", {"regimen": "aza & co"}),
    )
    return fit_of(
        spec,
        study=[
            "Müller <$x_1$>",
            "Müller <$x_1$>",
            "a_b^{2}",
            "\\frac{1}{2}",
            "日本",
            f"{LONG} 1",
            "new\nline",
        ],
        arm=["ven+aza", "ven\\dec", "", "", "", "", ""],
        regimen=["aza & co", "$r_1", "aza & co", "$r_1", "aza & co", "aza & co", "#level%"],
        events=[3, 5, 0, 9, 4, 2, 0],
        n=[10, 12, 40, 9, 11, 8, 0],
    )


@pytest.fixture(scope="module")
def crowd():
    rng = np.random.default_rng(1)
    n = rng.integers(1, 20_000, 60)
    names = [f"{LONG} {i}" for i in range(60)]
    return fit_of(study=names, events=rng.binomial(n, 0.4), n=n)


@pytest.fixture(scope="module")
def one():
    return fit_of(study=["only"], events=[7], n=[20])


@pytest.fixture(scope="module")
def nothing():
    spec = bm.ModelSpec("common", study_effects=bm.CommonEffect())
    return fit_of(spec, study=list("abc"), events=[0, 0, 0], n=[10, 3, 1])


def texts(figure):
    return [
        text for text in figure.findobj(mpl.text.Text) if text.get_text() and text.get_visible()
    ]


def lines_of(figure):
    return [text.get_text() for text in texts(figure)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["regimen_fit", "odd", "crowd", "one", "nothing"])
def test_nothing_overlaps_or_is_cut_off(name, request, collisions):
    outside, overlapping = collisions(bm.plots.forest(request.getfixturevalue(name)).figure)
    assert outside == []
    assert overlapping == []


def test_every_row_of_the_table_is_in_the_figure(regimen_fit):
    forest = bm.plots.forest(regimen_fit)
    shown = lines_of(forest.figure)
    assert len(forest.table.query("kind == 'arm'")) == len(regimen_fit.arms)
    for row in forest.table.to_dict("records"):
        low, high = f"{100 * row['lower']:.1f}", f"{100 * row['upper']:.1f}"
        assert sum(text.endswith(f"({low} to {high})") for text in shown) >= 1
        if row["kind"] == "arm":
            mark = f" {INFERRED_MARK}" if row["inferred"] else ""
            assert f"{row['label']}{mark}" in shown
            assert f"{row['events']}/{row['n']}" in shown
            assert f"{100 * row['weight']:.1f}" in shown


@pytest.mark.slow
def test_marks_stand_at_the_numbers_of_the_table(regimen_fit):
    forest = bm.plots.forest(regimen_fit)
    graph = forest.figure.axes[1]
    arms, typical, new = (
        forest.table.query("kind == @kind") for kind in ("arm", "typical rate", "new study")
    )
    observed, model = (
        points.get_offsets()[:, 0]
        for points in graph.collections
        if points.get_offsets().shape[0] > 1
    )
    np.testing.assert_allclose(observed, 100 * arms["observed"])
    np.testing.assert_allclose(model, 100 * arms["rate"])
    diamonds = [patch.get_xy()[:3, 0] for patch in graph.patches if isinstance(patch, Polygon)]
    np.testing.assert_allclose(diamonds, 100 * typical[["lower", "rate", "upper"]])
    bars = [
        (bar.get_x(), bar.get_x() + bar.get_width())
        for bar in graph.patches
        if isinstance(bar, Rectangle)
    ]
    np.testing.assert_allclose(bars, 100 * new[["lower", "upper"]])


@pytest.mark.slow
def test_larger_weights_have_larger_markers(crowd):
    forest = bm.plots.forest(crowd)
    weights = forest.table.query("kind == 'arm'")["weight"].to_numpy()
    *_, model = forest.figure.axes[1].collections
    areas = model.get_sizes()
    assert (np.diff(areas[np.argsort(weights)]) >= 0).all()


def test_options_say_what_stands_where(odd, collisions):
    columns = ["n", "events", "model"]
    labels = {"a_b^{2}": "Renamed", "aza & co": "Azacitidine"}
    forest = bm.plots.forest(
        odd,
        order="-observed",
        columns=columns,
        labels=labels,
        title="Mine",
        scale=bm.plots.RateScale(per=1000, limits=(0, 0.5)),
    )
    assert collisions(forest.figure) == ([], [])
    shown = lines_of(forest.figure)
    assert {"Mine", "Renamed", "Azacitidine (reference)", "n", "Rate per 1,000"} <= set(shown)
    assert not {"a_b^{2}", "Observed", "Weight"} & set(shown)
    assert forest.figure.axes[1].get_xlim() == (0, 500)
    first = forest.table[forest.table["group"] == "aza & co"].query("kind == 'arm'")
    observed = first["observed"].dropna().to_numpy()
    assert (np.diff(observed) <= 0).all()


def test_a_page_of_few_columns_has_room_for_what_marks_mean(one, collisions):
    forest = bm.plots.forest(one, columns=["events"])
    assert collisions(forest.figure) == ([], [])
    page = forest.figure.axes[0]
    [means] = [text for text in page.texts if "also dotted" in text.get_text()]
    assert means.get_window_extent().x1 < forest.figure.bbox.x1
    # A sample of each mark, and the rule below the headings.
    assert len([line for line in page.lines if line.get_marker() != "None"]) == 4


def test_options_without_effect_are_refused(one):
    with pytest.raises(bm.SettingsError, match=r"`labels` names 'onli'.* Did you mean 'only'"):
        bm.plots.forest(one, labels={"onli": "x"})
    with pytest.raises(bm.SettingsError, match="`columns` must list names, each once; got 'n'"):
        bm.plots.forest(one, columns="n")
    with pytest.raises(bm.SettingsError, match="`order` names 'colour', which is not a column"):
        bm.plots.forest(one, order="colour")


def test_rare_events_do_not_collapse_on_the_axis():
    spec = bm.ModelSpec("rare", mu=bm.Normal(0, 5))
    fit = fit_of(spec, study=list("abc"), events=[12, 25, 13], n=[60_000, 90_000, 50_000])
    forest = bm.plots.forest(fit)
    low, high = forest.figure.axes[1].get_xlim()
    assert low >= 0
    assert high < 0.1
    [typical] = forest.table.query("kind == 'typical rate'").to_dict("records")
    ends = tuple(f" to {100 * typical['upper']:.{places}f})" for places in (3, 4))
    assert any(text.endswith(ends) for text in lines_of(forest.figure))


def test_the_caption_defines_the_weight_or_leaves_it_out(one, odd):
    shown = " ".join(lines_of(bm.plots.forest(one).figure))
    assert "Weight: an arm's share of the information on the typical rate;" in shown
    shown = " ".join(lines_of(bm.plots.forest(odd).figure))
    assert "the typical rate of its group" in shown
    assert "The area of a marker increases with the number of patients." in shown


def test_names_print_to_the_letter(odd):
    shown = lines_of(bm.plots.forest(odd).figure)
    for name in ("Müller <$x_1$>, ven+aza", "Müller <$x_1$>, ven\\dec", "a_b^{2}", "\\frac{1}{2}"):
        assert name in shown
    assert "regimen: $r_1" in shown
    assert "new line" in shown
    assert "Response rate, model '$odd_model$'" in shown


def test_long_names_are_shortened_in_the_figure_only(crowd):
    forest = bm.plots.forest(crowd)
    shown = lines_of(forest.figure)
    assert forest.table["label"].iloc[17] == f"{LONG} 17"
    [cut] = [text for text in shown if text.startswith("A very") and text.endswith(" 17")]
    assert "…" in cut


def test_an_arm_without_patients_has_no_observed_mark(odd):
    forest = bm.plots.forest(odd)
    shown = lines_of(forest.figure)
    assert "no patients" in shown
    assert "Typical rate (0 studies)" in shown
    assert any("1 without patients" in text for text in shown)
    sizes = [len(c.get_offsets()) for c in forest.figure.axes[1].collections]
    assert 6 in sizes
    assert 7 in sizes


@pytest.mark.slow
def test_a_single_study_is_said_to_be_one(one, regimen_fit):
    assert "Typical rate (1 study)" in lines_of(bm.plots.forest(one).figure)
    shown = lines_of(bm.plots.forest(regimen_fit).figure)
    assert shown.count("Typical rate (1 study)") == 3
    assert any(
        "depend mostly on the priors and, through them, on the other groups" in text
        for text in shown
    )


@pytest.mark.slow
def test_the_footer_tells_tau_priors_and_evidence(regimen_fit, nothing):
    shown = " ".join(lines_of(bm.plots.forest(regimen_fit).figure))
    tau = bm.summary(regimen_fit).set_index("quantity").loc["tau"]
    assert (
        f"tau {tau['median']:.2f} (median; 95% CrI {tau['lower']:.2f} to {tau['upper']:.2f})"
        in shown
    )
    assert "mu ~ StudentT(3, 0, 1.5); beta ~ Normal(0, 1); tau ~ HalfNormal(1)" in shown
    assert f"{len(regimen_fit.arms.studies)} studies, {len(regimen_fit.arms)} arms" in shown
    assert "Random seed 1, bayesmeta" in shown
    assert "Heterogeneity: none" in " ".join(lines_of(bm.plots.forest(nothing).figure))


def test_failed_diagnostics_are_the_first_line(regimen_fit, one):
    assert bm.diagnose(regimen_fit).ok
    assert not any("WARNING" in text for text in lines_of(bm.plots.forest(regimen_fit).figure))
    assert not bm.diagnose(one).ok
    highest = max(texts(bm.plots.forest(one).figure), key=lambda text: text.get_window_extent().y1)
    assert highest.get_text().startswith("WARNING: the draws failed their diagnostics")


def test_the_interval_is_named_where_it_is_shown(one):
    shown = lines_of(bm.plots.forest(one, ci_prob=0.8).figure)
    assert "% (80% CI)" in shown
    assert "% (80% CrI)" in shown
    assert not any("95%" in text for text in shown)


def test_a_wrong_factor_is_refused(regimen_fit):
    with pytest.raises(bm.SettingsError, match=r"`by` names 'colour'.*Valid: regimen_class"):
        bm.plots.forest(regimen_fit, by="colour")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start"), [("f.png", b"\x89PNG"), ("f.svg", b"<?xml"), ("f.PDF", b"%PDF")]
)
def test_the_suffix_is_the_format_and_the_file_is_always_the_same(odd, tmp_path, name, start):
    first, second = tmp_path / name, tmp_path / f"again_{name}"
    bm.plots.forest(odd).save(first, dpi=60)
    bm.plots.forest(odd).save(str(second), dpi=60)
    assert first.read_bytes().startswith(start)
    assert first.read_bytes() == second.read_bytes()


def test_text_in_an_svg_is_text(odd, tmp_path):
    bm.plots.forest(odd).save(tmp_path / "f.svg")
    assert "Müller &lt;$x_1$&gt;, ven+aza" in (tmp_path / "f.svg").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_refused(one, tmp_path):
    forest = bm.plots.forest(one)
    with pytest.raises(bm.SettingsError, match=r"must end in .png, .svg or .pdf.*got 'f.docx'"):
        forest.save(tmp_path / "f.docx")
    with pytest.raises(bm.RunError, match=r"f.png cannot be written: No such file or directory"):
        forest.save(tmp_path / "no" / "f.png", dpi=30)
    assert list(tmp_path.iterdir()) == []


def test_pyplot_is_not_needed(one, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    forest = bm.plots.forest(one)
    forest.save(tmp_path / "f.png", dpi=30)
    assert forest._repr_png_().startswith(b"\x89PNG")
    assert repr(forest) == "Plot(forest: 1 arm in 1 group)"


def test_the_users_own_style_neither_changes_nor_matters(one):
    plain = bm.plots.forest(one).figure.get_size_inches()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "font.family": "serif"}):
        before = dict(mpl.rcParams)
        styled = bm.plots.forest(one).figure
        assert dict(mpl.rcParams) == before
    np.testing.assert_allclose(styled.get_size_inches(), plain)


@given(text=st.text(max_size=60), width=st.floats(0.3, 4))
def test_text_is_made_to_fit(text, width):
    clean = printable(text)
    cut = shortened(clean, width)
    assert "\n" not in cut
    assert text_width(cut) <= width
    assert cut == clean or "…" in cut
    assert all(text_width(line) <= width for line in wrapped(clean, width))


def test_a_forest_of_sixty_studies_fits_a_page_and_a_file(tmp_path):
    frame = pd.DataFrame({"study": [f"Author {i} 2020" for i in range(60)], "events": 9, "n": 30})
    few = bm.SamplerSettings(chains=2, draws=500)
    fit = bm.fit(bm.load_model("pooled"), bm.read_evidence(frame).select(), seed=1, settings=few)
    plot = bm.plots.forest(fit)
    plot.save(tmp_path / "forest.png")
    assert (tmp_path / "forest.png").stat().st_size < 1e6
    width, height = plot.figure.get_size_inches()
    # Of A4, with text of 8 points that is not made smaller than 5.5.
    assert min(8.27 / width, 11.69 / height) * 8 > 5.5
