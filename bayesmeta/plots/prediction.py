"""The prediction for a new cohort: the density of its true rate, and the responders to expect."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import counted
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.prediction_table import (
    prediction_window,
    rate_table,
    responder_table,
)
from bayesmeta.estimates.words import words_of
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.fit_text import warning_of
from bayesmeta.plots.pages import Key, Plot, Words
from bayesmeta.plots.panels import graphs_page
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.style import ALARM, FAINT, MODEL, OBSERVED, house_style
from bayesmeta.plots.ticks import put_ticks, round_ticks, tick_texts
from bayesmeta.wording import PLAIN

__all__ = ["prediction"]

HEIGHTS = (1.25, 1.75)
"""Of the graphs of the rate and of the responders, in inches."""

BAR, FEW = 0.8, 60
"""Width of a bar, and counts in view up to which bars stand apart."""

HEADROOM = 1.06

SPARE = 0.7
"""Free space beside the first and the last number of responders, in responders."""

SURE = 0.999
"""Probability above which it is only said that it is."""

THRESHOLD: dict[str, Any] = {"color": ALARM, "linewidth": 1.2, "linestyle": "--"}


def prediction(
    prediction: Prediction,
    *,
    rate_above: float | None = None,
    events_at_least: int | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the true rate and the responders to expect of a new cohort.

    Above, the density of the cohort's true rate; below, the probability of each number of responders.
    What lies within the prediction interval is darker. Both graphs have one scale across: a number
    of responders stands below the rate that it is a share of n.

    Parameters
    ----------
    prediction : Prediction
        Of `predict`; of nested outcomes, `Prediction.of` one of them. If the draws behind it
        failed their diagnostics, the figure says so in its first line.
    rate_above : float, optional
        A rate (probability) to be marked, with the probability that the true rate is above it.
    events_at_least : int, optional
        A number of responders to be marked, with the probability of so many or more.
    ci_prob : float
        Probability of the prediction intervals.
    scale : RateScale
        What rates are counted per.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per bin of the rate (`kind` ``"rate"``; edges `lower` and `upper`, probability)
        and per number of responders, or range of them (``"events"``; its first and last number), with
        `probability`, `inside` (the interval), `asked` (at or beyond the threshold) and `density`
        (of rates).

    Raises
    ------
    SettingsError
        If `prediction` is no Prediction, a threshold is out of its range, or `ci_prob` is not
        between 0 and 1.

    References
    ----------
    Riley, Higgins & Deeks 2011, doi:10.1136/bmj.d549 (prediction intervals).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> posterior = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> bm.plots.prediction(bm.predict(posterior, n=40, seed=1), events_at_least=10)
    Plot(prediction: 40 patients)
    """
    check_kind(
        "prediction", prediction, Prediction, "predict; of nested outcomes, take .of(outcome)"
    )
    check_ci_prob(ci_prob)
    keys = _keys(prediction, (rate_above, events_at_least), ci_prob, scale)
    window = prediction_window(prediction, rate_above, events_at_least)
    rates = rate_table(prediction, ci_prob, rate_above, window)
    events = responder_table(prediction, ci_prob, events_at_least)
    with house_style():
        figure, (upper, lower) = graphs_page(
            Words(_title(prediction), [_note(prediction), *notes], warning_of(prediction.fit)),
            keys,
            heights=HEIGHTS,
        )
        _draw_rate(upper, rates, rate_above, scale)
        _draw_events(lower, events, events_at_least, window)
        _set_scale(upper, lower, window, prediction.n, per=scale.per)
    return Plot(
        "prediction",
        figure,
        pd.concat([rates, events], ignore_index=True),
        counted(prediction.n, "patient"),
    )


def _title(prediction: Prediction) -> str:
    cohort = (
        "a new study" if prediction.study is None else f"a further cohort of {prediction.study}"
    )
    words = PLAIN if prediction.fit is None else words_of(prediction.fit)
    profile = words.text(prediction.profile)
    return f"Response to expect of {counted(prediction.n, 'patient')} in {cohort}: {profile}"


def _note(prediction: Prediction) -> str:
    whose = "the true rate of a new study" if prediction.study is None else "the cohort's true rate"
    return (
        f"Above: density of {whose}, in bars; its interval is the prediction interval of the rate. Below: "
        "binomial probabilities averaged over that density, so that chance in the cohort is in them, too."
    )


def _keys(
    prediction: Prediction,
    thresholds: tuple[float | None, int | None],
    ci_prob: float,
    scale: RateScale,
) -> list[Key]:
    rate_above, events_at_least = thresholds
    found = prediction.interval(ci_prob)
    rate, count = found.loc["rate"], found.loc["events"]
    low, middle, high = scale.texts(rate["lower"], rate["median"], rate["upper"])
    inside = (
        f"Rate {low} to {high}{scale.suffix}, median {middle}{scale.suffix}. "
        f"Responders {count['lower']:,.0f} to {count['upper']:,.0f}, median {count['median']:,.0f}."
    )
    keys = [
        Key({"color": MODEL, "linewidth": 7}, f"{100 * ci_prob:g}% interval", inside),
        Key({"color": FAINT, "linewidth": 7}, "Outside of it"),
    ]
    asked: list[tuple[str, dict[str, float | int]]] = []
    if rate_above is not None:
        asked.append(
            (f"Rate above {scale.per * rate_above:g}{scale.suffix}", {"rate_above": rate_above})
        )
    if events_at_least is not None:
        asked.append(
            (f"{events_at_least:,} or more responders", {"events_at_least": events_at_least})
        )
    for name, question in asked:
        probability = prediction.probability(**question)  # type: ignore[arg-type]
        keys.append(Key(THRESHOLD, name, f"Probability {_percent(probability)}"))
    return keys


def _draw_rate(
    graph: Axes, table: pd.DataFrame, rate_above: float | None, scale: RateScale
) -> None:
    ends = scale.per * table[["lower", "upper"]].to_numpy()
    density = table["density"].to_numpy() / scale.per
    inside = table["inside"].to_numpy(dtype=bool)
    for chosen, colour in ((~inside, FAINT), (inside, MODEL)):
        graph.bar(
            ends[chosen, 0], density[chosen], width=np.diff(ends[chosen])[:, 0], align="edge",
            color=colour, linewidth=0, zorder=2,
        )  # fmt: skip
    graph.stairs(density, [*ends[:, 0], ends[-1, 1]], color=OBSERVED, linewidth=0.5, zorder=3)
    if rate_above is not None:
        _mark(graph, scale.per * rate_above)
    graph.set(ylim=(0, HEADROOM * density.max()), yticks=[])
    graph.set_xlabel(scale.label("True rate of the cohort"), labelpad=2)
    graph.set_ylabel("Density", labelpad=2)


def _draw_events(
    graph: Axes, table: pd.DataFrame, events_at_least: int | None, window: tuple[float, float]
) -> None:
    step = int((table["upper"] - table["lower"]).median()) + 1
    n = int(table["upper"].max())
    # What lies beyond the window may be one range, which is no bar.
    table = table[table["upper"] - table["lower"] < step]
    events, inside = table[["lower", "upper"]].mean(axis=1), table["inside"].to_numpy(dtype=bool)
    percent = 100 * table["probability"].to_numpy()
    few = (window[1] - window[0]) * n / step <= FEW
    for chosen, face, edge in ((~inside, FAINT, OBSERVED), (inside, MODEL, MODEL)):
        graph.bar(
            events[chosen], percent[chosen], width=step * (BAR if few else 1.0), facecolor=face,
            edgecolor=edge, linewidth=0.5 if few else 0.0, zorder=2,
        )  # fmt: skip
    if events_at_least is not None:
        _mark(graph, events_at_least - 0.5)
    graph.set_ylim(0, HEADROOM * percent.max())
    put_ticks(graph.yaxis, 5)
    graph.set_xlabel("Responders" if step == 1 else f"Responders, by {step:,}", labelpad=2)
    graph.set_ylabel("Probability (%)", labelpad=2)


def _mark(graph: Axes, place: float) -> None:
    """Draw a threshold, edged in white so that it is seen on dark bars in grey, too."""
    graph.axvline(place, color="white", linewidth=2.6, zorder=4)
    graph.axvline(place, zorder=5, **THRESHOLD)


def _set_scale(upper: Axes, lower: Axes, window: tuple[float, float], n: int, *, per: int) -> None:
    """Set the axes so that a number of responders stands below its share of n."""
    low, high = window[0] - SPARE / n, window[1] + SPARE / n
    lower.set_xlim(low * n, high * n)
    put_ticks(lower.xaxis, 10, whole=True)
    upper.set_xlim(per * low, per * high)
    # Of a cohort of one or two the rates take up little of the scale.
    most = max(2, round(10 * (window[1] - window[0]) / (high - low)))
    ticks = round_ticks(per * window[0], per * window[1], most)
    upper.set_xticks(ticks, tick_texts(ticks))


def _percent(probability: float) -> str:
    """Return a probability in percent; one that only rounds to all or nothing says so."""
    if SURE < probability < 1:
        return f"over {100 * SURE:g}%"
    return f"{100 * probability:.1f}%" if not 0 < probability < 1 - SURE else "under 0.1%"
