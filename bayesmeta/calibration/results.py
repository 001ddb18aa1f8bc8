"""What is kept of a case: how often the truth had each rank, and was inside each interval."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.calibration.trials import RANKS, Predicted, Trial
from bayesmeta.errors import RunError
from bayesmeta.paths import expanded
from bayesmeta.runs.files import write_whole

CI_PROBS = (0.5, 0.8, 0.95)
"""Probabilities of the prediction intervals whose coverage is counted."""

FORMAT = 1

SUFFIX = ".json"

WIDTHS = 101
"""Widths of intervals that are distinguished: 0 to 100 percentage points."""


@dataclass(frozen=True)
class Tally:
    """Counts over data sets; those of several add up.

    `ranks`: for each quantity, how many truths had each rank. `covered`: for each prediction, how many
    truths the interval of each of `CI_PROBS` held: `rate` of a new study, `responders` of a new cohort,
    and `responders_exact`, whose ties are broken at random so that intervals hold exactly their
    probability; of several outcomes each with its name, ``"rate[CR]"``. `widths`: how many 95%
    intervals of a rate were so many percentage points wide. `divergent`, `still_divergent`: fits with
    divergences, and those whose repetition had some as well.
    """

    sets: int
    ranks: Mapping[str, tuple[int, ...]]
    covered: Mapping[str, tuple[int, ...]]
    widths: Mapping[str, tuple[int, ...]]
    divergent: int
    still_divergent: int

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.sets + other.sets,
            {name: _added(own, other.ranks[name]) for name, own in self.ranks.items()},
            {name: _added(own, other.covered[name]) for name, own in self.covered.items()},
            {name: _added(own, other.widths[name]) for name, own in self.widths.items()},
            self.divergent + other.divergent,
            self.still_divergent + other.still_divergent,
        )


@dataclass(frozen=True)
class CaseResult:
    """The result of one case, and where it comes from.

    `judged`: whether the truths were drawn from the model, so that calibration can be demanded;
    `seconds` of one core; `versions` of Python and packages; `identity`: what the result depends on.
    """

    name: str
    part: str
    judged: bool
    seed: int
    tally: Tally
    seconds: float
    versions: Mapping[str, str]
    identity: Mapping[str, Any]


def tally(trials: Iterable[Trial]) -> Tally:
    """Return the counts of some trials of one case; there must be one at least."""
    first, *others = map(_one, trials)
    return sum(others, start=first)


def write_result(result: CaseResult, folder: Path) -> None:
    """Write a result to its file in `folder`, whole or not at all."""
    path = folder / f"{result.name}{SUFFIX}"
    write_whole(path, _text(result).encode(), remedy="Free the place")


def read_results(folder: str | PathLike[str]) -> tuple[CaseResult, ...]:
    """Return the results in a folder, by name."""
    if not expanded(folder).is_dir():
        raise RunError(f"There is no folder {folder}. Give that of an earlier calibration.")
    return tuple(_read(path) for path in sorted(expanded(folder).glob(f"*{SUFFIX}")))


def _one(trial: Trial) -> Tally:
    """Return the counts of one trial."""
    covered = {
        f"{name}[{outcome}]" if outcome else name: own
        for outcome, predicted in trial.predicted.items()
        for name, own in _covered(predicted).items()
    }
    ranks = {name: _indicator(rank, RANKS) for name, rank in trial.ranks.items()}
    widths = {
        f"rate[{outcome}]" if outcome else "rate": _indicator(round(100 * one.width), WIDTHS)
        for outcome, one in trial.predicted.items()
    }
    return Tally(1, ranks, covered, widths, int(trial.divergent), int(trial.still_divergent))


def _covered(predicted: Predicted) -> dict[str, tuple[int, ...]]:
    """Return for each prediction of an outcome which of the intervals held the truth."""
    fewer, at_most = predicted.fewer, predicted.at_most
    between = fewer + predicted.between * (at_most - fewer)
    below_and_up_to = {
        "rate": (predicted.rate, predicted.rate),
        "responders": (fewer, at_most),
        "responders_exact": (between, between),
    }
    # The printed interval of responders ends at the first counts with so much probability up to
    # them; it holds a count unless all up to it is less than the one tail, or all below the rest.
    return {
        name: tuple(int(up_to >= (1 - p) / 2 and below < (1 + p) / 2) for p in CI_PROBS)
        for name, (below, up_to) in below_and_up_to.items()
    }


def _indicator(at: int, size: int) -> tuple[int, ...]:
    return tuple(int(k == at) for k in range(size))


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _text(result: CaseResult) -> str:
    """Return a result as JSON with one line for each quantity, so that changes can be read."""
    content = {"format": FORMAT} | asdict(result)
    counts = content.pop("tally")
    content |= {key: value for key, value in counts.items() if not isinstance(value, Mapping)}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
    for key in ("ranks", "covered", "widths"):
        inner = [
            f"  {json.dumps(name)}: {json.dumps(' '.join(map(str, own)))}"
            for name, own in counts[key].items()
        ]
        lines.append(f" {json.dumps(key)}: {{\n" + ",\n".join(inner) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _read(path: Path) -> CaseResult:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise ValueError("another format")
        counts = Tally(
            content.pop("sets"),
            _numbers(content.pop("ranks")),
            _numbers(content.pop("covered")),
            # Results that were stored before widths were counted have none.
            _numbers(content.pop("widths", {})),
            content.pop("divergent"),
            content.pop("still_divergent"),
        )
        return CaseResult(tally=counts, **content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{path} is not a result of a calibration ({error}). Remove it; it will be made again."
        ) from error


def _numbers(texts: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(map(int, text.split())) for name, text in texts.items()}
