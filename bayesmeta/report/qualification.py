"""The record of a self-check: installation and operation, requirement by requirement, to be signed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.report.document import Block, Document, FrontMatter, Items, Section, Table, Text
from bayesmeta.rounding import fixed_text, places

if TYPE_CHECKING:
    from bayesmeta.selfcheck import Check, Compared, SelfCheck

INSTALLATION = "installation"
"""Group of the checks of the installation; all others are of its operation."""

FILES = "files of the package"
"""Name of the check whose values fill an appendix of their own."""

PASSED, FAILED = "passed", "FAILED"
LINE = "_" * 24
"""To be written upon."""

BLANK_LINES = 2
"""Of the table of deviations."""

DECIMALS = 6
"""Of a value that has no tolerance greater than zero."""


@dataclass(frozen=True)
class Numbered:
    """A check under its number in the record, such as ``"IQ-1"``."""

    number: str
    check: "Check"

    @property
    def result(self) -> str:
        """Whether the requirement is met."""
        return PASSED if self.check.ok else FAILED


def is_complete(found: "SelfCheck") -> bool:
    """Return whether every requirement was tested and met."""
    return found.ok and not found.environment.editable


def qualification_document(found: "SelfCheck", *, performed: str) -> Document:
    """Return the record of a self-check that was performed at a time, given as text."""
    rows = list(_numbered(found))
    installation, operation = (
        [row for row in rows if (row.check.group == INSTALLATION) is wanted]
        for wanted in (True, False)
    )
    return Document(
        title=f"Qualification record: bayesmeta {found.environment.bayesmeta}",
        warning=_warning(found, rows),
        verdict=f"PASSED: all {counted(len(rows), 'requirement')} are met.",
        front=FrontMatter(date=performed),
        sections=(
            Section("Summary", tuple(_summary(found, installation, operation))),
            Section("System", (_system(found, performed),)),
            Section("Installation qualification", tuple(_part(installation, _version_row))),
            Section("Operational qualification", tuple(_part(operation, _value_row))),
            Section("Deviations", (_deviations(),)),
            Section("Signatures", (Text(SIGNED), _signatures())),
            Section("Files of the package", tuple(_files(installation, found)), appendix=True),
            Section(
                "Installed packages",
                (_pairs("Packages", found.environment.distributions, "version"),),
                appendix=True,
            ),
        ),
        made=f"Made by `bayesmeta selfcheck` of bayesmeta {found.environment.bayesmeta} at {performed}.",
    )


def _numbered(found: "SelfCheck") -> Iterator[Numbered]:
    counts = {"IQ": 0, "OQ": 0}
    for check in found.checks:
        part = "IQ" if check.group == INSTALLATION else "OQ"
        counts[part] += 1
        yield Numbered(f"{part}-{counts[part]}", check)


def _warning(found: "SelfCheck", rows: list[Numbered]) -> str:
    failed = [row.number for row in rows if not row.check.ok]
    if failed or not rows:
        return (
            f"FAILED: {len(failed)} of {counted(len(rows), 'requirement')} not met ({', '.join(failed)}). "
            "Do not use numbers from this installation until this is explained."
        )
    return f"NOT COMPLETE: {EDITABLE}" if found.environment.editable else ""


EDITABLE = (
    "the installation is editable. Its code is that of a folder of sources, whose files no wheel records, so "
    "that the record cannot show which code was tested. Install the wheel, and repeat."
)

SCOPE = (
    "Installation qualification (IQ): versions and files of the package are as its metadata require and its "
    "wheel records.",
    "Operational qualification (OQ): known answers of other programs and of exact integration are found, "
    "those about trials among them; draws are reproduced, invalid input is refused, and interrupted runs are recovered.",
    "Performance qualification, fitness for the intended use, is the user's: it needs the user's own data and "
    "acceptance criteria.",
)

SIGNED = (
    "The signatures state that the record was read and that deviations, if any, were explained."
)


def _summary(
    found: "SelfCheck", installation: list[Numbered], operation: list[Numbered]
) -> Iterator[Block]:
    yield Items(SCOPE)
    if found.environment.editable:
        yield Text(f"Not tested: {EDITABLE}", "warning")
    parts = {"Installation (IQ)": installation, "Operation (OQ)": operation}
    frame = pd.DataFrame(
        [
            {
                "part": name,
                "requirements": str(len(rows)),
                "passed": str(sum(row.check.ok for row in rows)),
                "failed": str(sum(not row.check.ok for row in rows)),
            }
            for name, rows in parts.items()
        ]
    )
    yield Table("Requirements by result", frame, sortable=False)


def _system(found: "SelfCheck", performed: str) -> Table:
    own = found.environment
    return _pairs(
        "What was tested, and where",
        {
            "package": f"bayesmeta {own.bayesmeta}{' (editable)' if own.editable else ''}",
            "folder": own.installed,
            "Python": own.python,
            "interpreter": own.executable,
            "machine": own.machine,
            "system": own.platform,
            "processors": str(own.processors),
            "performed": performed,
            "duration": f"{found.seconds:.0f} s",
        },
        "value",
    )


def _pairs(caption: str, values: Mapping[str, str], heading: str) -> Table:
    frame = pd.DataFrame({"name": list(values), heading: list(values.values())})
    return Table(caption, frame, sortable=False)


def _part(rows: list[Numbered], row_of: "Callable[[Compared], dict[str, str]]") -> Iterator[Block]:
    """Yield the requirements of a part, and below them what was compared for each."""
    frame = pd.DataFrame(
        [
            {
                "number": row.number,
                "requirement": row.check.requirement,
                "test": row.check.name,
                "obtained": " ".join(row.check.detail.split()),
                "result": row.result,
            }
            for row in rows
        ],
        columns=["number", "requirement", "test", "obtained", "result"],
    )
    yield Table("Requirements", frame, sortable=False)
    for row in rows:
        if row.check.compared and row.check.name != FILES:
            values = pd.DataFrame([row_of(one) for one in row.check.compared])
            # Texts have no difference and no tolerance.
            values = values.loc[:, (values != "").any()]
            yield Table(f"{row.number}: {row.check.name}", values, sortable=False)


def _version_row(one: "Compared") -> dict[str, str]:
    return {
        "name": one.quantity,
        "required": str(one.expected),
        "installed": str(one.obtained),
        "result": PASSED if one.ok else FAILED,
    }


def _value_row(one: "Compared") -> dict[str, str]:
    expected, obtained, difference, tolerance = _texts(one)
    return {
        "quantity": one.quantity,
        "expected": expected,
        "obtained": obtained,
        "difference": difference,
        "tolerance": tolerance,
        "result": PASSED if one.ok else FAILED,
    }


def _texts(one: "Compared") -> tuple[str, str, str, str]:
    """Return expected and obtained value, difference and tolerance, with the digits of the last."""
    if isinstance(one.expected, str) or isinstance(one.obtained, str) or one.tolerance is None:
        return str(one.expected), " ".join(str(one.obtained).split()), "", ""
    decimals = places(one.tolerance) + 1 if one.tolerance else DECIMALS
    values = (one.expected, one.obtained)
    difference = f"{one.obtained - one.expected:.1e}"
    expected, obtained = (fixed_text(value, decimals) for value in values)
    return expected, obtained, difference, f"{one.tolerance:.1e}"


def _files(installation: list[Numbered], found: "SelfCheck") -> Iterator[Block]:
    """Yield the hash of each file of the package."""
    checked = next((row for row in installation if row.check.name == FILES), None)
    if checked is None or not checked.check.compared:
        yield Text(f"Not compared: {EDITABLE}" if found.environment.editable else "Not compared.")
        return
    frame = pd.DataFrame(
        [
            {
                "file": one.quantity,
                "SHA-256": str(one.obtained),
                "as recorded": "yes" if one.ok else f"NO: {one.expected}",
            }
            for one in checked.check.compared
        ]
    )
    yield Table(f"{checked.number}: {checked.check.name}", frame, sortable=False)


def _deviations() -> Table:
    """Return lines for what was not as required, and why the system may be used none the less."""
    columns = ("requirement", "deviation", "explanation")
    frame = pd.DataFrame([dict.fromkeys(columns, LINE)] * BLANK_LINES)
    return Table("Deviations, to be filled in; none if left blank", frame, sortable=False)


def _signatures() -> Table:
    people = ("Performed by", "Reviewed by", "Approved by")
    frame = pd.DataFrame(
        [{"": who, "name": LINE, "signature": LINE, "date": LINE} for who in people]
    )
    return Table("Signatures", frame, sortable=False)
