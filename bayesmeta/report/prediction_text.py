"""Predictions of a new cohort as tables and sentences, and as JSON."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import pandas as pd

from bayesmeta.estimates.count_distributions import range_step
from bayesmeta.estimates.events import Event, Probability
from bayesmeta.estimates.inferred import Inferred
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import by_row, plain_value, records
from bayesmeta.report.text import ERROR_PLACES
from bayesmeta.rounding import error_text, interval_text, probability_text
from bayesmeta.wording import PLAIN, Wording


def prediction_blocks(
    prediction: Prediction,
    ci_prob: float,
    asked: Sequence[Event],
    words: Wording = PLAIN,
    *,
    outcome: str | None = None,
) -> Iterator[Block]:
    """Yield the intervals, of several outcomes the categories, and each probability asked for.

    `outcome` names the one outcome that was asked for.
    """
    if prediction.outcomes:
        who = _who(prediction)
        yield Text(
            f"A cohort of {prediction.n} patients of {who} ({words.text(prediction.profile)}), {100 * ci_prob:g}% intervals"
        )
        texts = outcome_texts(prediction, ci_prob, words)
        yield Items(
            tuple(
                f"{outcome}: true rate {rate}, patients {patients}"
                for outcome, rate, patients in texts
            )
        )
        yield Table("Patients by category", category_cells(prediction.table(ci_prob), words))
    else:
        yield from map(Text, cohort_lines(prediction, ci_prob, words, outcome))
    yield from map(Text, event_lines(prediction, asked))


def _who(prediction: Prediction) -> str:
    return "a new study" if prediction.study is None else f"a further cohort of {prediction.study}"


def cohort_lines(
    prediction: Prediction, ci_prob: float, words: Wording = PLAIN, outcome: str | None = None
) -> list[str]:
    """Return the interval of the true rate, of an outcome if named, and of a cohort's responders."""
    table, rates = prediction.interval(ci_prob), words.rates
    of_rate, of_events = prediction.names
    rate: dict[Hashable, float] = table.loc[of_rate].to_dict()
    events = table.loc[of_events]
    median, *ends = rates.texts(rate["median"], rate["lower"], rate["upper"])
    errors = " and ".join(rates.error(rate[name]) for name in ("mcse_lower", "mcse_upper"))
    at = prediction.time
    what = "rate" if at is None else f"{prediction.words.share} at {at:g} months"
    counted = prediction.counted
    told = (
        f"true {what} of {_who(prediction)} ({words.text(prediction.profile)}): {median}{rates.per_text}, {100 * ci_prob:g}% interval "
        f"{' to '.join(ends)} (MCSE {errors} {rates.points_short})."
    )
    return [
        words.labels.about(outcome, told),
        f"{counted.capitalize()} of {prediction.n}: {events['median']:.0f}, {100 * ci_prob:g}% interval {events['lower']:.0f} to {events['upper']:.0f}.",
    ]


def event_lines(prediction: Prediction, asked: Sequence[Event]) -> list[str]:
    """Return each probability asked for, with its Monte-Carlo error."""
    return [
        f"P({_event_text(event, prediction)}) {probability_words(prediction.probability(event))}."
        for event in asked
    ]


def _event_text(event: Event, prediction: Prediction) -> str:
    """Return an event as text; at a time in months a rate is survival, and responders are alive."""
    if prediction.time is None or event.at is None:
        return event.text
    [bound], outcome = event.bounds, prediction.words
    what = outcome.share if bound.quantity == "rate" else f"patients {outcome.state}"
    return f"{what} at {prediction.time:g} months {bound.sign} {bound.value:g}"


def probability_words(probability: Probability) -> str:
    """Return a probability with its Monte-Carlo error: ``= 0.912 (MCSE 0.004)``."""
    text, mcse = probability_text(probability), probability.mcse
    sign = "" if text[0] in "<>" else "= "
    return f"{sign}{text} (MCSE {error_text(mcse, ERROR_PLACES)})"


def outcome_texts(
    prediction: Prediction, ci_prob: float, words: Wording = PLAIN
) -> Iterator[tuple[str, str, str]]:
    """Yield each outcome, its true rate and its patients, with their intervals."""
    interval = prediction.interval(ci_prob)
    for outcome in prediction.outcomes:
        own = interval.xs(outcome, level="outcome")
        rate = words.rates.sentence(*own.loc["rate", ["median", "lower", "upper"]])
        patients = own.loc["events", ["median", "lower", "upper"]].map("{:.0f}".format)
        yield words.outcome(outcome), rate, interval_text(*patients)


def category_cells(table: pd.DataFrame, words: Wording = PLAIN) -> pd.DataFrame:
    """Return the patients of each category as people read them, one row each."""
    shown = table.reset_index()
    cells: dict[str, Any] = {"category": [words.category(str(name)) for name in shown["category"]]}
    cells["mean"] = [f"{value:.1f}" for value in shown["mean"]]
    cells["MCSE"] = [error_text(value, 2) for value in shown["mcse_mean"]]
    for name in ("lower", "median", "upper"):
        cells[name] = shown[name].astype(str)
    return pd.DataFrame(cells)


def prediction_json(
    prediction: Prediction, ci: float, asked: Sequence[Event], basis: Sequence[Inferred]
) -> dict[str, Any]:
    """Return intervals, probability mass functions, categories and the probabilities asked for.

    `basis` is how many arms the prediction rests on, and how many of their counts are inferred.
    """
    found: dict[str, Any] = {
        "n": prediction.n,
        **({} if prediction.time is None else {"time": prediction.time}),
        "profile": prediction.profile,
        "study": prediction.study,
        "ci_prob": ci,
        "probabilities": {
            event.name: ({} if event.at is None else {"at": event.at})
            | _probability_json(prediction.probability(event))
            for event in asked
        },
        "basis": [one._asdict() for one in basis],
    }
    if prediction.outcomes:
        outcomes = {one: _mass_json(prediction.of(one), ci) for one in prediction.outcomes}
        categories = records(prediction.table(ci).reset_index())
        return found | {"outcomes": outcomes, "categories": categories}
    return found | _mass_json(prediction, ci)


def _probability_json(found: Probability) -> dict[str, Any]:
    return {"probability": float(found), "mcse": plain_value(float(found.mcse))}


def _mass_json(prediction: Prediction, ci: float) -> dict[str, Any]:
    """Return interval and mass; of more than 10,000 patients that of ranges of `pmf_step` counts."""
    return {
        "interval": by_row(prediction.interval(ci)),
        "pmf": prediction.listed["probability"].tolist(),
        "pmf_step": range_step(prediction.n),
    }
