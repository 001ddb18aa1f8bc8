"""Results of ClinicalTrials.gov: from the JSON of a study (API version 2) to rows of evidence.

Only measures of participants are read: counts, and percentages of participants, whose counts follow
by the rule of `read_evidence`. A class or category of a measure is an outcome of its own.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from bayesmeta.errors import EvidenceError, counted, listed, shortened
from bayesmeta.evidence.cells import cells_of_frame
from bayesmeta.evidence.checks import checked
from bayesmeta.evidence.columns import (
    ARM,
    CI_HIGH,
    CI_LOW,
    EVENTS,
    LABEL,
    OUTCOME,
    PERCENT,
    STUDY,
    N,
)
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.measures import Measure, measures_of, mixed_units
from bayesmeta.evidence.printed import explaining
from bayesmeta.evidence.rates import percentage_of
from bayesmeta.evidence.renaming import Rows, check_outcomes, renamed
from bayesmeta.evidence.table import EvidenceTable
from bayesmeta.evidence.text_files import content_of
from bayesmeta.evidence.values import Notation, count_of
from bayesmeta.paths import expanded

Registered = str | PathLike[str] | Mapping[str, Any]
"""A file, or what is in it."""

_WHERE = "resultsSection.outcomeMeasuresModule"


def read_clinicaltrials(
    source: Registered | Sequence[Registered], *, outcomes: Mapping[str, str] | None = None
) -> EvidenceTable:
    """Return the results that studies posted at ClinicalTrials.gov as a checked evidence table.

    Parameters
    ----------
    source : path, mapping, or several
        The JSON of a study, or of several (``studies``), as version 2 of the API gives it.
    outcomes : mapping, optional
        The outcomes that are wanted, each with the name it shall have: ``{"Overall Response": "ORR"}``.
        All outcomes, by their titles, where None.

    Returns
    -------
    EvidenceTable
        One row per group and outcome. `study` is the NCT number, `arm` the title of the group, `n` the
        participants analysed, `locator` the place in the file. An outcome is the title of its measure,
        with those of its class and category: ``"Response: Week 8: Complete"``. Measures of one title
        have their time frames beside it. Counts of percentages have the `derivation` ``from_percent`` or
        ``inferred``; `findings` name what was left out.

    Raises
    ------
    EvidenceError
        If a file cannot be read, a study has no results or none of participants, a measure mixes
        participants and percentages, or counts break a rule.

    Notes
    -----
    A percentage that no count of participants explains is left out: it is a Kaplan-Meier estimate, or of
    other participants. One that a count explains by chance is not told from the others: read the
    measure's description before its counts are pooled.

    References
    ----------
    ClinicalTrials.gov API, study data structure, https://clinicaltrials.gov/data-api/about-api/study-data-structure.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> size, value = ({"groupId": "OG000", "value": text} for text in ("38", "76.3"))
    >>> measure = {"title": "Response", "groups": [{"id": "OG000", "title": "Drug"}],
    ...            "paramType": "NUMBER", "unitOfMeasure": "percentage of participants",
    ...            "denoms": [{"units": "Participants", "counts": [size]}],
    ...            "classes": [{"categories": [{"measurements": [value]}]}]}
    >>> study = {"protocolSection": {"identificationModule": {"nctId": "NCT00000000"}},
    ...          "resultsSection": {"outcomeMeasuresModule": {"outcomeMeasures": [measure]}}}
    >>> bm.read_clinicaltrials(study).frame[["study", "arm", "events", "n", "derivation"]]
                study   arm  events   n    derivation
    row 1  NCT00000000  Drug      29  38  from_percent
    """
    check_outcomes(outcomes)
    sources = [source] if isinstance(source, str | PathLike | Mapping) else list(source)
    name = Path(sources[0]).name if len(sources) == 1 and not isinstance(sources[0], Mapping) else "ClinicalTrials.gov"  # fmt: skip
    studies = [study for one in sources for study in _studies(one)]
    if not studies:
        raise EvidenceError(f"{name}: no study is given. Name at least one file.")
    kept, remarks = [], []
    for study in studies:
        rows, found = _rows(study, outcomes)
        kept += rows
        remarks += found
    rows, left_out = _explained(renamed(kept, outcomes, name))
    if not rows:
        raise EvidenceError(
            f"{name}: no percentage is that of a whole number of participants. Enter the counts by hand."
        )
    cells = cells_of_frame(pd.DataFrame(rows)).frame
    frame, told = checked(cells, name, Notation(rate=PERCENT, text=("locator",)))
    return EvidenceTable(frame, name, (*remarks, *left_out, *told))


def _studies(source: Any) -> list[Mapping[str, Any]]:
    """Return the studies of a file, or of what is in one."""
    name, content = "The study", source
    if isinstance(source, str | PathLike):
        name, read = str(source), content_of(expanded(source))
        try:
            content = json.loads(read)
        except (ValueError, RecursionError) as error:
            raise EvidenceError(
                f"{name} is not JSON: {error}. Save the study as JSON of version 2 of the API."
            ) from error
    found = content.get("studies", [content]) if isinstance(content, Mapping) else content
    if not isinstance(found, list) or not all(map(_is_study, found)) or not found:
        raise EvidenceError(
            f"{name} holds no study of ClinicalTrials.gov, which has `protocolSection`. Save it as JSON of version 2 of the "
            "API."
        )
    return found


def _is_study(content: object) -> bool:
    if not isinstance(content, Mapping):
        return False
    section = content.get("protocolSection")
    identified = section.get("identificationModule") if isinstance(section, Mapping) else None
    return isinstance(identified, Mapping) and isinstance(identified.get("nctId"), str)


@dataclass(frozen=True)
class _Study:
    """A study as far as its rows need it."""

    content: Mapping[str, Any]

    @property
    def number(self) -> str:
        return str(self.content["protocolSection"]["identificationModule"]["nctId"])

    @property
    def label(self) -> str:
        identified = self.content["protocolSection"]["identificationModule"]
        return str(identified.get("acronym") or self.number)

    @property
    def randomised(self) -> str | None:
        design = self.content["protocolSection"].get("designModule") or {}
        allocation = (design.get("designInfo") or {}).get("allocation")
        return {"RANDOMIZED": "yes", "NON_RANDOMIZED": "no"}.get(str(allocation))


def _rows(
    content: Mapping[str, Any], outcomes: Collection[str] | None
) -> tuple[Rows, list[Finding]]:
    """Return the rows of a study, and the measures that are not of participants.

    Where outcomes are named, what is wrong with others does not count.
    """
    study = _Study(content)
    results = content.get("resultsSection") or {}
    listed_measures = (results.get("outcomeMeasuresModule") or {}).get("outcomeMeasures") or []
    if not listed_measures:
        raise EvidenceError(
            f"{study.number} has no results of outcomes ({_WHERE}). Enter what it published elsewhere by hand."
        )
    try:
        measures = list(measures_of(listed_measures))
        asked = [one for one in measures if outcomes is None or _holds(one, outcomes)]
        check = [text for one in asked for text in mixed_units(one)]
        rows = [row for one in measures if one.unit for row in _of_measure(study, one)]
    except (KeyError, TypeError, AttributeError) as error:
        raise EvidenceError(
            f"{study.number}: {_WHERE} is not as the API writes it ({type(error).__name__}: {error}). Save the study again."
        ) from error
    if check:
        raise EvidenceError(
            f"{study.number} mixes participants and percentages: {listed(check)}. Enter these counts by hand, and name the other outcomes by "
            "`outcomes`."
        )
    others = [shortened(one.title) for one in measures if not one.unit]
    if not rows:
        raise EvidenceError(
            f"{study.number} has no outcome of participants; its measures: {listed(others)}. Enter counts by hand."
        )
    return rows, _left_out(study, others) if outcomes is None else []


def _holds(measure: Measure, outcomes: Collection[str]) -> bool:
    return any(cell.outcome in outcomes for cell in measure.cells)


def _left_out(study: _Study, others: list[str]) -> list[Finding]:
    if not others:
        return []
    text = f"{study.number}: {counted(len(others), 'measure')} not of participants are left out: {listed(others)}"
    return [Finding("registry", (), text, "Enter their counts by hand, if they have any.")]


def _of_measure(study: _Study, measure: Measure) -> Iterator[dict[str, Any]]:
    for cell in measure.cells:
        percent = measure.unit == "percent"
        yield {
            STUDY: study.number,
            ARM: cell.group,
            OUTCOME: cell.outcome,
            EVENTS: None if percent else cell.value,
            N: cell.n,
            PERCENT: cell.value if percent else None,
            CI_LOW: cell.low if percent else None,
            CI_HIGH: cell.high if percent else None,
            LABEL: study.label,
            "randomised": study.randomised,
            "time_frame": measure.time_frame,
            "measure_type": measure.kind,
            "locator": f"{study.number}, {_WHERE}.{cell.place}",
        }


def _explained(rows: Rows) -> tuple[Rows, list[Finding]]:
    """Return the rows that have a count, or a percentage that some count explains."""
    kept, lost = [], []
    for row in rows:
        if row[PERCENT] is None or _is_of_a_count(row[PERCENT], row[N]):
            kept.append(row)
        else:
            lost.append(
                f"{row[STUDY]}, {row[ARM]}, {shortened(row[OUTCOME])}: {row[PERCENT]}% of {row[N]}"
            )
    if not lost:
        return kept, []
    text = f"percentages that no count explains are left out: {listed(lost)}"
    return kept, [
        Finding("rate", (), text, "They may be Kaplan-Meier estimates, or of other participants.")
    ]


def _is_of_a_count(percent: str, n: str) -> bool:
    """Return whether a count explains a percentage; what is no number is told of by the checks."""
    text, patients = percentage_of(percent, Notation()), count_of(n, Notation())
    return text is None or patients is None or bool(explaining(text, patients))
