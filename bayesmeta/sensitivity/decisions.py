"""Questions about a new study whose answers are probabilities, such as of a rate above 30%."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from bayesmeta.errors import SettingsError, listed, nearest
from bayesmeta.estimates.predict import predict
from bayesmeta.estimates.prediction import Prediction, Probability
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

__all__ = ["EventKeywords", "NewStudyEvent", "asked_question"]

WORDS = {
    "rate_above": "rate of a new study > {value:g}",
    "rate_below": "rate of a new study < {value:g}",
    "events_at_least": "{value} or more responders of {n}",
    "events_at_most": "at most {value} responders of {n}",
}


class EventKeywords(TypedDict, total=False):
    """The keywords of a question; see `Prediction.probability` for all but `n`, the patients."""

    rate_above: float
    rate_below: float
    events_at_least: int
    events_at_most: int
    n: int


@dataclass(frozen=True)
class NewStudyEvent:
    """An event in a new study, or in a cohort of n patients of it.

    Parameters
    ----------
    event : str
        Keyword of `Prediction.probability`.
    value : float
        Its argument.
    n : int
        Patients of the cohort; 1, and of no effect, where the event is about the rate.
    """

    event: str
    value: float
    n: int = 1

    def of(self, fit: Fit | QuadratureFit, profile: Profile | None) -> Probability:
        """Return the probability of the event for a profile, with its Monte-Carlo error."""
        # The seed is that of draws, which a probability doesn't need.
        prediction = predict(fit, n=self.n, profile=profile, seed=0)
        return _probability(prediction, {self.event: self.value})

    def __str__(self) -> str:
        return f"P({WORDS[self.event].format(value=self.value, n=self.n)})"


def asked_question(asked: Mapping[str, Any]) -> NewStudyEvent | None:
    """Return the question of these keywords; None where there are none.

    Raises
    ------
    SettingsError
        Unless exactly one event is named, with `n` if and only if it is about responders, in its range.
    """
    for name in asked:
        if name not in EventKeywords.__annotations__:
            raise SettingsError(
                f"There is no argument `{name}`. {nearest(name, EventKeywords.__annotations__)}"
            )
    given = {name: value for name, value in asked.items() if value is not None}
    n = given.pop("n", None)
    if not given and n is None:
        return None
    if len(given) != 1:
        raise SettingsError(
            f"A question takes exactly one of {', '.join(WORDS)}; got {listed(given) or 'none'}."
        )
    [(event, value)] = given.items()
    if event.startswith("rate") and n is not None:
        raise SettingsError(f"`n` has no effect on `{event}`, which is about a rate. Leave it out.")
    if event.startswith("events") and n is None:
        raise SettingsError(
            f"`{event}` needs `n`, the patients of the cohort. Give it, such as n=40."
        )
    return NewStudyEvent(event, value, 1 if n is None else n)


def _probability(prediction: Prediction, event: Mapping[str, Any]) -> Probability:
    return prediction.probability(**event)
