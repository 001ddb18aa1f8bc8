"""`read_risk_of_bias`: judgements of the risk of bias of studies, as tables for robvis have them."""

import re
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, listed, nearest
from bayesmeta.evidence.findings import check_none, warn_of
from bayesmeta.evidence.sources import Source, cells_of
from bayesmeta.shown import Shown

STUDY, OVERALL = "Study", "Overall"
NO_INFORMATION = "No information"


class Tool(NamedTuple):
    """A tool in one version: how many domains it may have, its labels, and what its domains are."""

    domains: range
    labels: tuple[str, ...]
    overall: tuple[str, ...]
    topics: tuple[str, ...] = ()
    """Of its usual domains, in order; none of JBI, whose checklists differ."""


V2_LOW = "Low (except for concerns about uncontrolled confounding)"
_ROBINS_2016 = ("Low", "Moderate", "Serious", "Critical", NO_INFORMATION)
_ROBINS_V2 = ("Low", V2_LOW, "Moderate", "Serious", "Critical", NO_INFORMATION)
_STARS = tuple(map(str, range(5)))

TOOLS = {
    "RoB 2": Tool(
        range(5, 7),
        ("Low", "Some concerns", "High"),
        ("Low", "Some concerns", "High"),
        (
            "randomisation process",
            "deviations from intended interventions",
            "missing outcome data",
            "measurement of the outcome",
            "selection of the reported result",
        ),
    ),
    "ROBINS-I 2016": Tool(
        range(7, 8),
        _ROBINS_2016,
        _ROBINS_2016,
        (
            "confounding",
            "selection of participants into the study",
            "classification of interventions",
            "deviations from intended interventions",
            "missing data",
            "measurement of outcomes",
            "selection of the reported result",
        ),
    ),
    "ROBINS-I V2": Tool(
        range(6, 8),
        _ROBINS_V2,
        (V2_LOW, "Moderate", "Serious", "Critical", NO_INFORMATION),
        (
            "confounding",
            "classification of interventions",
            "selection of participants into the study or the analysis",
            "missing data",
            "measurement of the outcome",
            "selection of the reported result",
        ),
    ),
    "JBI": Tool(
        range(8, 14),
        ("Yes", "No", "Unclear", "Not applicable"),
        ("Include", "Exclude", "Seek further info"),
    ),
    "NOS": Tool(
        range(3, 4),
        _STARS,
        tuple(map(str, range(10))),
        ("selection", "comparability", "outcome or exposure"),
    ),
}
"""Tools by name and version: RoB 2, both versions of ROBINS-I, JBI checklists, Newcastle-Ottawa."""


@dataclass(frozen=True, eq=False, repr=False)
class RiskOfBias(Shown):
    """Judgements of the risk of bias of studies by one tool.

    Made by `read_risk_of_bias`.

    Parameters
    ----------
    tool : str
        Tool and version, one of ``"RoB 2"``, ``"ROBINS-I 2016"``, ``"ROBINS-I V2"``, ``"JBI"`` and
        ``"NOS"``.
    frame : DataFrame
        One row per study: `Study`, the domains `D1`, `D2`, ..., and `Overall`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> domains = {f"D{k}": ["Low", "Low"] for k in range(1, 6)}
    >>> frame = pd.DataFrame({"Study": ["a", "b"], **domains, "Overall": ["Low", "High"]})
    >>> judgements = bm.read_risk_of_bias(frame, tool="RoB 2")
    >>> judgements.overall.to_dict()
    {'a': 'Low', 'b': 'High'}
    """

    shown = "frame"

    tool: str
    frame: pd.DataFrame

    @property
    def overall(self) -> "pd.Series[str]":
        """Overall judgement by study."""
        return self.frame.set_index(STUDY)[OVERALL]

    @property
    def domains(self) -> tuple[str, ...]:
        """Names of the domains."""
        return tuple(name for name in self.frame.columns if name not in (STUDY, OVERALL))

    def __repr__(self) -> str:
        counts = self.frame[OVERALL].value_counts(sort=False)
        told = ", ".join(f"{label} {count}" for label, count in counts.items())
        return f"RiskOfBias({self.tool}: {len(self.frame)} studies; {told})"


def read_risk_of_bias(source: Source, *, tool: str, sheet: str | None = None) -> RiskOfBias:
    """Return the judgements of a table, checked by the labels of its tool.

    Parameters
    ----------
    source : path or frame
        As of `read_evidence`, with the columns of robvis: `Study`, `D1`, `D2`, ..., `Overall`. A column
        `Weight` is left out.
    tool : str
        Tool and version, since labels differ between versions: one of ``"RoB 2"``,
        ``"ROBINS-I 2016"``, ``"ROBINS-I V2"``, ``"JBI"`` and ``"NOS"`` (stars).
    sheet : str, optional
        Sheet of a workbook. Where None, the only visible sheet that has a column `Study`.

    Raises
    ------
    SettingsError
        If `tool` is none of these.
    EvidenceError
        If the file cannot be read, a column is missing or of another name, a study is named twice or
        not at all, or a label is not the tool's, such as that of another tool or version.

    References
    ----------
    McGuinness & Higgins 2021, doi:10.1002/jrsm.1411 (robvis).
    Sterne et al. 2019, doi:10.1136/bmj.l4898 (RoB 2).
    Sterne et al. 2016, doi:10.1136/bmj.i4919 (ROBINS-I).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> domains = {f"D{k}": ["Low", "Low"] for k in range(1, 6)}
    >>> frame = pd.DataFrame({"Study": ["a", "b"], **domains, "Overall": ["Low", "High"]})
    >>> bm.read_risk_of_bias(frame, tool="RoB 2")
    RiskOfBias(RoB 2: 2 studies; Low 1, High 1)
    """
    if tool not in TOOLS:
        raise SettingsError(
            f"`tool` must name a tool and its version; got {tool!r}. {nearest(str(tool), TOOLS)}"
        )
    found = _read(source, sheet).drop(columns="Weight", errors="ignore")
    _check_columns(found, tool)
    _check_studies(found)
    _check_labels(found, tool)
    return RiskOfBias(tool, found.reset_index(drop=True))


def _read(source: Source, sheet: str | None) -> pd.DataFrame:
    cells, name = cells_of(source, sheet, STUDY)
    check_none(name, cells.broken)
    warn_of(name, cells.remarks)
    return cells.frame.map(lambda value: "" if value is None else str(value))


def _check_columns(frame: pd.DataFrame, tool: str) -> None:
    names = list(map(str, frame.columns))
    domains = [name for name in names if re.fullmatch(r"D\d+", name)]
    wanted = [STUDY, *(f"D{k}" for k in range(1, len(domains) + 1)), OVERALL]
    numbers = TOOLS[tool].domains
    if names != wanted or len(domains) not in numbers:
        most = f" to {numbers[-1]}" if len(numbers) > 1 else ""
        raise EvidenceError(
            f"The columns of {tool} must be {STUDY}, D1, D2, ..., {OVERALL}, with {numbers[0]}{most} domains; got "
            f"{', '.join(names)}. Rename them, or name the tool and version that was used."
        )


def _check_studies(frame: pd.DataFrame) -> None:
    names = frame[STUDY]
    wrong = names[(names == "") | names.duplicated(keep=False)]
    if len(wrong):
        raise EvidenceError(
            f"`{STUDY}` must name each study once; not so in {listed(map(str, wrong.index))}."
        )


def _check_labels(frame: pd.DataFrame, tool: str) -> None:
    for name in frame.columns[1:]:
        valid = TOOLS[tool].overall if name == OVERALL else TOOLS[tool].labels
        wrong = frame[~frame[name].isin(valid)]
        if len(wrong):
            label = wrong[name].iloc[0]
            others = [
                one
                for one, own in TOOLS.items()
                if one != tool and label in (own.overall if name == OVERALL else own.labels)
            ]
            hint = f" It is a label of {' and of '.join(others)}." if others else ""
            raise EvidenceError(
                f"`{name}` of {tool} must be one of {', '.join(valid)}; not so of {listed(wrong[STUDY])} ({label!r}).{hint} "
                "Correct it, or name the tool and version that was used."
            )
