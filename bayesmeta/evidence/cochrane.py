"""Cochrane data packages: from the zip archive of a review to the arms of its dichotomous outcomes."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO, StringIO
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pandas as pd

from bayesmeta.errors import EvidenceError, counted, listed
from bayesmeta.evidence.archives import opened
from bayesmeta.evidence.cells import cells_of_frame
from bayesmeta.evidence.checks import checked
from bayesmeta.evidence.columns import ARM, COUNTS, DERIVATION, EVENTS, OUTCOME, STUDY, N
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.renaming import Rows, check_outcomes, renamed
from bayesmeta.evidence.table import EvidenceTable
from bayesmeta.evidence.text_files import content_of
from bayesmeta.evidence.values import Notation, count_of
from bayesmeta.paths import expanded

DATA_ROWS, SETTINGS, PARAMETERS = (
    "-data-rows.csv",
    "-overall-estimates-and-settings.csv",
    "-parameters.csv",
)
"""Files of a package, by how their names end; the last is that of a review of diagnostic tests."""

_GROUPS = ("Experimental", "Control")
_FIRST = _GROUPS[0].casefold()
_NEEDED = ("Analysis group", "Analysis number", "Study", *(f"{one} {what}" for one in _GROUPS for what in ("cases", "N")))  # fmt: skip
_OF_ANALYSES = ("Analysis group", "Analysis number", "Data type")

Lines = list[tuple[int, dict[str, str]]]
"""Rows of a file with their lines."""


def read_cochrane(
    source: str | PathLike[str], *, outcomes: Mapping[str, str] | None = None
) -> EvidenceTable:
    """Return the arms of the dichotomous outcomes of a Cochrane review as a checked evidence table.

    Parameters
    ----------
    source : path
        The data package of a review of interventions, a zip archive.
    outcomes : mapping, optional
        The analyses that are wanted, each with the name it shall have:
        ``{"1.1 Response": "ORR"}``. All of them, by number and name, where None.

    Returns
    -------
    EvidenceTable
        Two rows per study and analysis, its experimental and its control arm. `outcome` is number and
        name of the analysis, `subgroup` what the review calls it, `locator` file and line. A study that
        stands in several subgroups of an analysis has an arm for each; `findings` tell of it, since its
        arms may share patients, and of counts that are not whole.

    Raises
    ------
    EvidenceError
        If the file cannot be read, is no data package, is of diagnostic tests, or has no dichotomous
        outcome.

    References
    ----------
    Cochrane data packages (version 1) as described by Schwarzer, read.cdir of the R package meta,
    https://cran.r-project.org/package=meta.

    Examples
    --------
    A package of one study and one analysis:

    >>> import tempfile, zipfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> import bayesmeta as bm
    >>> analysis = {"Analysis group": 1, "Analysis number": 1, "Analysis name": "Response"}
    >>> arms = {"Experimental cases": 12, "Experimental N": 40, "Control cases": 7, "Control N": 38}
    >>> files = {"data-rows": {"Study": "a"} | arms,
    ...          "overall-estimates-and-settings": {"Data type": "Dichotomous"}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "review.zip")
    ...     with zipfile.ZipFile(path, "w") as archive:
    ...         for name, row in files.items():
    ...             text = pd.DataFrame([analysis | row]).to_csv(index=False)
    ...             archive.writestr(f"review-{name}.csv", text)
    ...     table = bm.read_cochrane(path, outcomes={"1.1 Response": "ORR"})
    >>> table.frame[["study", "arm", "outcome", "events", "n"]]
          study           arm outcome  events   n
    row 1     a  Experimental     ORR      12  40
    row 2     a       Control     ORR       7  38
    """
    check_outcomes(outcomes)
    path = expanded(source)
    name = Path(source).name
    file, rows, settings = _package(path)
    kinds = {_key(one): one for _, one in settings}
    arms = [
        arm
        for line, row in rows
        if _type(kinds.get(_key(row), {})).startswith("dichotomous")
        for arm in _pair(file, line, row, kinds[_key(row)])
    ]
    if not arms:
        raise _without_counts(name, kinds.values())
    wanted, several = _apart(renamed(arms, outcomes, name))
    whole = [arm for arm in wanted if _is_whole(arm)]
    if not whole:
        raise _without_counts(name, kinds.values())
    remarks = _told(several, [arm for arm in wanted if not _is_whole(arm)])
    cells = cells_of_frame(pd.DataFrame(whole)).frame
    frame, told = checked(cells, name, Notation(text=("locator",)))
    return EvidenceTable(frame, name, (*remarks, *told))


def _without_counts(name: str, settings: Iterable[Mapping[str, str]]) -> EvidenceError:
    there = listed(sorted({one["Data type"] for one in settings})) or "no type"
    return EvidenceError(
        f"{name} has no dichotomous outcome with counts; its analyses are of {there}."
    )


def _package(path: Path) -> tuple[str, Lines, Lines]:
    """Return name and rows of the file of arms, and the settings of the analyses."""
    with opened(path, BytesIO(content_of(path))) as archive:
        names = archive.namelist()
        inner = [one for one in names if one.endswith("-data.zip")]
        if inner and not _ending(names, DATA_ROWS):
            # A download of several files holds the package as one of them.
            with opened(path, BytesIO(archive.read(inner[0]))) as package:
                return _files(path, package)
        return _files(path, archive)


def _files(path: Path, archive: ZipFile) -> tuple[str, Lines, Lines]:
    names = archive.namelist()
    if _ending(names, PARAMETERS):
        raise EvidenceError(
            f"{path} is the data package of a review of diagnostic tests, which has no arms. Choose a review of interventions."
        )
    found = [_ending(names, ending) for ending in (DATA_ROWS, SETTINGS)]
    lacking = [f"*{end}" for end, there in zip((DATA_ROWS, SETTINGS), found, strict=True) if not there]  # fmt: skip
    if lacking:
        raise EvidenceError(
            f"{path} is no data package of a Cochrane review: it has no {listed(lacking)}. Download the package again."
        )
    rows, settings = (
        _lines(path, one, archive.read(one), needed)
        for one, needed in zip(found, (_NEEDED, _OF_ANALYSES), strict=True)
    )
    return found[0].rpartition("/")[2], rows, settings


def _ending(names: list[str], ending: str) -> str:
    return next((name for name in names if name.endswith(ending)), "")


def _lines(path: Path, name: str, content: bytes, needed: tuple[str, ...]) -> Lines:
    try:
        reader = csv.DictReader(StringIO(content.decode("utf-8-sig")), restval="")
        lines = [(reader.line_num, {key: (text or "").strip() for key, text in row.items() if key}) for row in reader]  # fmt: skip
    except (UnicodeDecodeError, csv.Error) as error:
        raise EvidenceError(
            f"{path}: {name} cannot be read ({error}). Download the package again."
        ) from error
    missing = [one for one in needed if one not in (reader.fieldnames or ())]
    if missing:
        raise EvidenceError(
            f"{path}: {name} has no column {listed(map(repr, missing))}. Download the package again."
        )
    return lines


def _key(row: Mapping[str, str]) -> tuple[str, str]:
    return row["Analysis group"], row["Analysis number"]


def _type(settings: Mapping[str, str]) -> str:
    return settings.get("Data type", "").casefold()


def _apart(arms: Rows) -> tuple[Rows, list[str]]:
    """Return arms whose names differ within an analysis, and the studies that stand in several rows."""
    rows = Counter((arm[STUDY], arm[OUTCOME]) for arm in arms if arm["group"] == _FIRST)
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for arm in arms:
        own = (arm[STUDY], arm[OUTCOME], arm["group"], arm["subgroup"] or "")
        seen[own] += 1
        again = str(seen[own]) if seen[own] > 1 else ""
        apart = (arm["subgroup"], again) if rows[own[:2]] > 1 else ()
        found.append({**arm, ARM: ", ".join(filter(None, (arm[ARM], *apart)))})
    several = [f"{study} in {outcome}" for (study, outcome), count in rows.items() if count > 1]
    return found, several


def _is_whole(arm: Mapping[str, str]) -> bool:
    return all(count_of(arm[column], Notation()) is not None for column in COUNTS)


def _pair(
    file: str, line: int, row: Mapping[str, str], settings: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for group in _GROUPS:
        label = settings.get(f"{group} group label") or settings.get(f"{group} intervention")
        yield {
            STUDY: row["Study"],
            ARM: label if label and label != "#N/A" else group,
            OUTCOME: f"{'.'.join(_key(row))} {row.get('Analysis name') or settings.get('Analysis name', '')}".strip(),
            EVENTS: row[f"{group} cases"],
            N: row[f"{group} N"],
            DERIVATION: "reported",
            "group": group.casefold(),
            "subgroup": row.get("Subgroup") or None,
            "year": row.get("Study year") or None,
            "locator": f"{file}, line {line}, {group.casefold()}",
            "note": row.get("Footnotes") or None,
        }


def _told(several: list[str], broken: Rows) -> Iterator[Finding]:
    if several:
        text = (
            f"{counted(len(several), 'study', 'studies')} in several rows of one analysis, whose arms may share patients: "
            f"{listed(several)}"
        )
        yield Finding("same patients", (), text, "Keep one row, or add up its arms.")
    if broken:
        each = listed(
            f"{arm[STUDY]} ({arm[EVENTS] or 'blank'} of {arm[N] or 'blank'}, {arm['locator']})"
            for arm in broken
        )
        text = f"counts that are not whole numbers are left out: {each}"
        yield Finding(
            "count", (), text, "They may be adjusted for clusters, or halved between comparisons."
        )
