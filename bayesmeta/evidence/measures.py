"""Outcome measures as ClinicalTrials.gov writes them: units, groups, denominators and values."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_PEOPLE = r"(participants?|patients?|subjects?|people|individuals)"
_COUNTS = re.compile(rf"(number of |count of )?{_PEOPLE}", re.IGNORECASE)
_PERCENT = re.compile(
    rf"(percentage|percent|%|proportion \(%\)) ?(of )?({_PEOPLE}|responders)?( \(%\))?",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"percent|%", re.IGNORECASE)

_VALUES = ("COUNT_OF_PARTICIPANTS", "NUMBER")

MISSING = ("", "NA", "N/A")
"""Values of groups that were not assessed."""


@dataclass(frozen=True)
class Cell:
    """One number of a measure: of which group, out of how many, and where it stands."""

    outcome: str
    group: str
    n: str
    value: str
    low: str | None
    high: str | None
    place: str


@dataclass(frozen=True)
class Measure:
    """An outcome measure; without a unit if it is not of participants."""

    title: str
    unit: Literal["participants", "percent"] | None
    parameter: str
    unit_of_measure: str
    kind: str
    time_frame: str
    cells: tuple[Cell, ...]


def measures_of(measures: Sequence[Mapping[str, Any]]) -> Iterator[Measure]:
    """Yield the measures of a study that have been posted."""
    for i, (one, title) in enumerate(zip(measures, _titles(measures), strict=True)):
        unit = _unit(one)
        cells = tuple(_cells(one, title, f"outcomeMeasures[{i}]")) if unit else ()
        yield Measure(
            title,
            unit if cells else None,
            str(one.get("paramType", "")),
            str(one.get("unitOfMeasure", "")),
            str(one.get("type", "")),
            str(one.get("timeFrame", "")),
            cells,
        )


def _titles(measures: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return titles that differ: with their time frames, and numbers, where several are the same."""
    plain = [str(one["title"]).strip() for one in measures]
    frames = [str(one.get("timeFrame", "")).strip() for one in measures]
    several, seen = Counter(plain), Counter[str]()
    found = []
    for title, frame in zip(plain, frames, strict=True):
        timed = f"{title} ({frame})" if several[title] > 1 and frame else title
        seen[timed] += 1
        found.append(f"{timed} ({seen[timed]})" if seen[timed] > 1 else timed)
    return found


def mixed_units(measure: Measure) -> Iterator[str]:
    """Yield what a measure says of participants and percentages at once."""
    where = f"'{measure.title}' has unit '{measure.unit_of_measure}'"
    if measure.unit == "percent" and measure.parameter == "COUNT_OF_PARTICIPANTS":
        yield f"{where} and values that count participants"
    if measure.unit == "participants":
        shares = [cell.value for cell in measure.cells if not cell.value.isdecimal()]
        if shares:
            yield f"{where} and the value '{shares[0]}'"


def _unit(measure: Mapping[str, Any]) -> Literal["participants", "percent"] | None:
    unit = str(measure.get("unitOfMeasure", "")).strip()
    people = str(measure.get("typeUnitsAnalyzed") or "participants")
    if measure.get("paramType") not in _VALUES or not _COUNTS.fullmatch(people):
        return None
    if _PERCENT.fullmatch(unit):
        return "percent"
    counts = _COUNTS.fullmatch(unit) or measure["paramType"] == "COUNT_OF_PARTICIPANTS"
    return "participants" if counts and not _SIGNS.search(unit) else None


def _cells(measure: Mapping[str, Any], title: str, place: str) -> Iterator[Cell]:
    groups = _groups(measure.get("groups") or [])
    for j, one in enumerate(measure.get("classes") or []):
        sizes = _sizes(measure.get("denoms")) | _sizes(one.get("denoms"))
        for k, category in enumerate(one.get("categories") or []):
            titles = (title, one.get("title"), category.get("title"))
            outcome = ": ".join(str(each).strip() for each in titles if each)
            for m, each in enumerate(category.get("measurements") or []):
                value = str(each.get("value", "")).strip()
                if value.upper() in MISSING:
                    continue
                group = each["groupId"]
                yield Cell(
                    outcome,
                    groups[group],
                    sizes.get(group, ""),
                    value,
                    each.get("lowerLimit"),
                    each.get("upperLimit"),
                    f"{place}.classes[{j}].categories[{k}].measurements[{m}]",
                )


def _groups(groups: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the title of each group; with its identifier, where another has the same title."""
    titles = {one["id"]: str(one.get("title") or one["id"]).strip() for one in groups}
    several = Counter(titles.values())
    return {
        key: f"{title} ({key})" if several[title] > 1 else title for key, title in titles.items()
    }


def _sizes(denominators: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    """Return the participants of each group."""
    return {
        count["groupId"]: str(count["value"])
        for one in denominators or ()
        if _COUNTS.fullmatch(str(one.get("units", "")))
        for count in one.get("counts") or ()
    }
