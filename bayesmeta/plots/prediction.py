"""The prediction for a new cohort: the density of its true rate, and the predicted responders."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import counted
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.prediction_table import prediction_window, rate_table, responder_table
from bayesmeta.estimates.survival_summary import conditional_note
from bayesmeta.estimates.words import words_of
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.fit_text import warning_of
from bayesmeta.plots.pages import Key, Plot, Words, bare
from bayesmeta.plots.panels import HEADROOM, draw_counts, panel_page
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.style import ALARM, FAINT, MODEL, OBSERVED, house_style
from bayesmeta.plots.ticks import put_ticks, round_ticks, tick_texts
from bayesmeta.wording import PLAIN

GRAPH = (5.4, 1.5)
"""Size of either graph in inches."""

SPARE, SURE = 0.7, 0.999
"""Room beside the first and last number of responders, and probability that is told as "over"."""

THRESHOLD: dict[str, Any] = {"color": ALARM, "linewidth": 1.2, "linestyle": "--"}


def prediction(
    prediction: Prediction,
    *,
    outcome: str | None = None,
    rate_above: float | None = None,
    events_at_least: int | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the predicted true rate and responders of a new cohort.

    Above, the density of the cohort's true rate; below, the probability of each number of responders.
    What lies within the prediction interval is darker. Both graphs have one scale across: a number
    of responders stands below the rate that it is a share of n.

    Parameters
    ----------
    prediction : Prediction
        Of `predict`. If the draws failed their diagnostics, the figure says so in its first line.
    outcome : str, optional
        Which of several outcomes.
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
        If `prediction` is not a Prediction, or an argument is out of its range.

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
    check_kind("prediction", prediction, Prediction, "predict")
    check_ci_prob(ci_prob)
    title = _title(prediction, outcome)
    if outcome is not None or prediction.outcomes:
        prediction = prediction.of(str(outcome))
    keys = _keys(prediction, (rate_above, events_at_least), ci_prob, scale)
    window = prediction_window(prediction, rate_above, events_at_least)
    rates = rate_table(prediction, ci_prob, rate_above, window)
    events = responder_table(prediction, ci_prob, events_at_least)
    words = Words(
        title, [_conditional(prediction), _note(prediction), *notes], warning_of(prediction.fit)
    )
    with house_style():
        figure, (upper, lower) = panel_page(words, keys, GRAPH, count=2)
        _draw_rate(upper, rates, rate_above, scale)
        _draw_events(lower, events, events_at_least, window)
        upper.set_xlabel(scale.label(f"True {_rate(prediction)} of the cohort{_at(prediction)}"))
        lower.set_xlabel(_counted(prediction, events))
        _set_scale(upper, lower, window, prediction.n, per=scale.per)
    table = pd.concat([rates, events], ignore_index=True)
    return Plot("prediction", figure, table, counted(prediction.n, "patient"))


def _title(prediction: Prediction, outcome: str | None) -> str:
    study, patients = prediction.study, counted(prediction.n, "patient")
    cohort = "a new study" if study is None else f"a further cohort of {study}"
    words = PLAIN if prediction.fit is None else words_of(prediction.fit)
    arms = None if prediction.fit is None else prediction.fit.arms
    # Several outcomes have one name together in their selection.
    selected = arms.selection.get("outcome") if arms is not None and len(arms.outcomes) == 1 else ""
    what = words.outcome(outcome or selected or ("survival" if prediction.time else "response"))
    what += _at(prediction)
    return f"Predicted {what} of {patients} in {cohort}: {words.text(prediction.profile)}"


def _at(prediction: Prediction) -> str:
    """Return the time that survival is at, of survival only."""
    return "" if prediction.time is None else f" at {prediction.time:g} months"


def _rate(prediction: Prediction) -> str:
    """Return what the true rate is called."""
    if prediction.time is None:
        return "rate"
    return prediction.words.share


def _conditional(prediction: Prediction) -> str:
    return "" if prediction.fit is None else conditional_note(prediction.fit.arms)


def _note(prediction: Prediction) -> str:
    name = _rate(prediction)
    whose = (
        f"the true {name} of a new study"
        if prediction.study is None
        else f"the cohort's true {name}"
    )
    return (
        f"Above: density of {whose}, in bars. Its interval is the prediction interval of the {name}. Below: "
        "binomial probabilities averaged over that density, which include chance in the cohort."
    )


def _keys(
    prediction: Prediction,
    thresholds: tuple[float | None, int | None],
    ci_prob: float,
    scale: RateScale,
) -> list[Key]:
    rate_above, events_at_least = thresholds
    found = prediction.interval(ci_prob)
    rate, count = (found.loc[name] for name in prediction.names)
    low, middle, high = scale.texts(rate["lower"], rate["median"], rate["upper"])
    inside = (
        f"{_rate(prediction)} {low} to {high}{scale.suffix}, median {middle}{scale.suffix}; "
        f"{prediction.counted} {count['lower']:,.0f} to {count['upper']:,.0f}, median {count['median']:,.0f}"
    )
    keys = [
        Key({"color": MODEL, "linewidth": 7}, f"{100 * ci_prob:g}% interval", inside),
        Key({"color": FAINT, "linewidth": 7}, "Outside of it"),
    ]
    if rate_above is not None:
        name = f"{_rate(prediction).capitalize()} above {scale.per * rate_above:g}{scale.suffix}"
        found_above = _percent(prediction.probability(rate_above=rate_above))
        keys.append(Key(THRESHOLD, name, f"probability {found_above}"))
    if events_at_least is not None:
        name = f"{events_at_least:,} or more {prediction.counted}"
        found_more = _percent(prediction.probability(events_at_least=events_at_least))
        keys.append(Key(THRESHOLD, name, f"probability {found_more}"))
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
    bare(graph)
    graph.set(ylim=(0, HEADROOM * density.max()), yticks=[], ylabel="Density")


def _draw_events(
    graph: Axes, table: pd.DataFrame, events_at_least: int | None, window: tuple[float, float]
) -> None:
    step = _step(table)
    n = int(table["upper"].max())
    # What lies beyond the window may be one range, which is no bar.
    table = table[table["upper"] - table["lower"] < step]
    events, probability = table[["lower", "upper"]].mean(axis=1), table["probability"]
    inside = table["inside"].to_numpy(dtype=bool)
    bars = (window[1] - window[0]) * n / step
    draw_counts(graph, events.to_numpy(), probability.to_numpy(), inside, bars=bars)
    if events_at_least is not None:
        _mark(graph, events_at_least - 0.5)
    bare(graph)
    put_ticks(graph.yaxis, 5)


def _step(table: pd.DataFrame) -> int:
    """Return how many counts a bar is of."""
    return int((table["upper"] - table["lower"]).median()) + 1


def _counted(prediction: Prediction, table: pd.DataFrame) -> str:
    """Return what the bars are of."""
    step, name = _step(table), prediction.counted.capitalize()
    return name if step == 1 else f"{name}, by {step:,}"


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
