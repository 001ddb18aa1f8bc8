"""Nested outcomes of a new cohort: how its patients divide into categories, one bar per profile."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.words import words_of
from bayesmeta.plots.fit_text import warning_of
from bayesmeta.plots.pages import Key, Plot, Words
from bayesmeta.plots.rows import ROW, Column, Rows, draw_axis, draw_rows
from bayesmeta.plots.style import BAND, FAINT, INK, MODEL, PREDICTION, RANGE, house_style, symbol
from bayesmeta.rounding import interval_text
from bayesmeta.wording import PLAIN

FILLS = (MODEL, RANGE, PREDICTION, "#e3d9b4", FAINT)
"""Of the categories from the innermost outcome outwards, from dark to light; the last is for none."""

BAR = 0.72
"""Height of a bar as a share of its row."""

CI_PROB = 0.95

NOTE = (
    "Bars: mean share of patients in each category. Numbers: median count of each outcome and its "
    f"{100 * CI_PROB:g}% prediction interval, for a cohort of a new study unless one is named."
)


def nested_outcomes(
    predictions: Prediction | Sequence[Prediction], *, notes: Sequence[str] = ()
) -> Plot:
    """Return how the patients of a new cohort divide into nested outcomes, one bar per prediction.

    Parameters
    ----------
    predictions : Prediction or sequence of them
        Of the same nested outcomes and number of patients, in the order in which they are drawn. If
        draws behind one failed their diagnostics, the figure says so in its first line.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per prediction and category (`kind` ``"category"``) or outcome (``"outcome"``):
        `profile`, `n`, `label`; `mean` (missing of outcomes), `lower`, `median` and `upper` are
        numbers of patients of n.

    Raises
    ------
    SettingsError
        If there is no prediction, or they differ in outcomes or patients.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=few)
    >>> plot = bm.plots.nested_outcomes(bm.predict(fit, n=40, seed=2))
    >>> plot
    Plot(nested_outcomes: 1 profile)
    >>> plot.table.head(3).set_index("label")["mean"].round(-1).to_dict()
    {'CR': 10.0, 'ORR, not CR': 10.0, 'none': 20.0}
    """
    several = [predictions] if isinstance(predictions, Prediction) else list(predictions)
    first = _checked(several)
    numbers = list(map(_numbers, several))
    table = pd.concat(numbers, ignore_index=True)
    words = words_of(first.fit) if first.fit else PLAIN
    categories = list(dict.fromkeys(table.loc[table["kind"] == "category", "label"]))
    counts = zip(*map(_counts, numbers), strict=True)
    rows = Rows(
        heading="Profile",
        axis=f"Mean share of {first.n} patients (%)",
        labels=[words.text(_label(one)) for one in several],
        columns=[
            Column(f"{words.outcome(outcome)}\nof {first.n}", list(texts))
            for outcome, texts in zip(first.outcomes, counts, strict=True)
        ],
    )
    fills = [*_fills(len(categories) - 1), BAND]
    keys = [
        Key(symbol("s", 8, fill, INK), words.category(name))
        for name, fill in zip(categories, fills, strict=True)
    ]
    warning = next(filter(None, (warning_of(one.fit) for one in several)), "")
    with house_style():
        around = Words("Predicted cohort by nested outcome", [NOTE, *notes], warning)
        figure, graph, heights = draw_rows(rows, around, keys)
        for own, height in zip(numbers, heights, strict=True):
            _draw(graph, own, fills, height)
        draw_axis(graph, np.array([0.0, 100.0]), "", (0.0, 100.0))
    return Plot("nested_outcomes", figure, table, counted(len(several), "profile"))


def _checked(predictions: Sequence[Prediction]) -> Prediction:
    if not predictions or not all(
        isinstance(one, Prediction) and one.outcomes for one in predictions
    ):
        raise SettingsError(
            "`predictions` must be one Prediction of nested outcomes or several. Make them by predict."
        )
    first = predictions[0]
    for one in predictions:
        if (one.outcomes, one.n) != (first.outcomes, first.n):
            raise SettingsError(
                f"`predictions` must agree in outcomes and patients; got {first.outcomes} of {first.n} and "
                f"{one.outcomes} of {one.n}. Draw them apart."
            )
    return first


def _label(prediction: Prediction) -> str:
    study = f"{prediction.study}: " if prediction.study else ""
    return study + prediction.profile


def _numbers(prediction: Prediction) -> pd.DataFrame:
    """Return the counts of categories and of outcomes."""
    events = prediction.interval(CI_PROB).xs("events", level="quantity")
    both = {"category": prediction.table(CI_PROB), "outcome": events}
    table = pd.concat(both, names=["kind", "label"]).reset_index()
    table = table.assign(profile=_label(prediction), n=prediction.n)
    return table[["profile", "n", "kind", "label", "mean", "lower", "median", "upper"]]


def _counts(numbers: pd.DataFrame) -> list[str]:
    """Return the median and interval of each outcome."""
    rows = numbers.loc[numbers["kind"] == "outcome", ["median", "lower", "upper"]].to_numpy()
    return [interval_text(*map("{:.0f}".format, row)) for row in rows]


def _fills(categories: int) -> list[str]:
    """Return a colour for each category, from dark to light."""
    if categories <= len(FILLS):
        return list(FILLS[:categories])
    return [to_hex(colormaps["cividis"](share)) for share in np.linspace(0.1, 1, categories)]


def _draw(graph: Axes, numbers: pd.DataFrame, fills: Sequence[str], height: float) -> None:
    """Draw the mean share of patients in each category, one after the other."""
    own = numbers[numbers["kind"] == "category"]
    shares = 100 * (own["mean"] / own["n"]).to_numpy(dtype=np.float64)
    look: dict[str, Any] = {"color": fills, "edgecolor": INK, "linewidth": 0.4, "zorder": 2}
    graph.barh([height] * len(shares), shares, BAR * ROW, np.cumsum(shares) - shares, **look)
