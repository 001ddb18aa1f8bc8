"""From rows and figures to a folder: all bytes are made first, then it is written whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pandas as pd

from bayesmeta.paths import expanded
from bayesmeta.report.dossier.answering import Found
from bayesmeta.report.dossier.documents import Content
from bayesmeta.report.dossier.files import document_files, hashes_of, with_manifest
from bayesmeta.report.dossier.guidelines import Guideline
from bayesmeta.report.dossier.rows import Row, rows_of
from bayesmeta.runs.files import FolderKind, whole_folder
from bayesmeta.shown import Shown

UNRELIABLE = (
    "NOT RELIABLE: the diagnostics of the draws failed. Do not use the numbers of this dossier."
)


@dataclass(frozen=True, eq=False, repr=False)
class WrittenDossier(Shown):
    """A dossier that was written; made by `write_dossier` and `write_prisma`.

    Parameters
    ----------
    path : Path
        The folder.
    title : str
        The title that is printed.
    rows : DataFrame
        One row per answer to an item: `guideline`, `item`, `topic`, `asked`, `state` ("answered", "not
        applicable" or "to be said", by sponsor or authors), `source` (what answers it, or who must),
        `answer`, and the `file` that it is from with its `sha256`.
    warning : str
        Why it must not be used; empty if it may.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> with TemporaryDirectory() as folder:
    ...     written = bm.write_prisma(exact, f"{folder}/prisma")
    >>> rows = written.rows.set_index("item")
    >>> rows.loc["4", ["state", "source"]].tolist()
    ['to be said', 'authors']
    >>> rows.loc["16b", "file"].tolist()
    ['exclusions.csv', '']
    """

    shown = "rows"

    path: Path
    title: str
    rows: pd.DataFrame
    warning: str

    def __repr__(self) -> str:
        warned = f" {self.warning}" if self.warning else ""
        return f"WrittenDossier({self.title}.{warned} {dossier_line(self)})"


def rows_by_guideline(
    found: tuple[Guideline, ...], answer: Callable[[str], Found], files: Mapping[str, bytes]
) -> tuple[Row, ...]:
    """Return the rows of all guidelines, with the hashes of these files."""
    hashes, known = hashes_of(files), {}

    def answered(source: str) -> Found:
        # Items of several guidelines share answers.
        if source not in known:
            known[source] = answer(source)
        return known[source]

    return tuple(row for one in found for row in rows_of(one, answered, hashes))


def write_folder(
    folder: str | PathLike[str],
    kind: FolderKind,
    content: Content,
    files: Mapping[str, bytes],
    *,
    force: bool,
) -> WrittenDossier:
    """Write the files of a dossier, its document and the hashes of all."""
    all_files = with_manifest({**files, **document_files(content, kind)})
    with whole_folder(folder, force=force, kind=kind) as partial:
        for name, written in all_files.items():
            (partial / name).write_bytes(written)
    columns = list(Row.__dataclass_fields__)
    rows = pd.DataFrame([vars(row) for row in content.rows], columns=columns)
    told = rows.drop(columns="numbers")
    return WrittenDossier(expanded(folder), content.heading, told, content.warning)


def dossier_line(written: WrittenDossier) -> str:
    """Return where a dossier is, and how many of its rows are answered."""
    states = written.rows["state"].value_counts()
    answered, left, lacking = (
        int(states.get(state, 0)) for state in ("answered", "to be said", "not applicable")
    )
    said = written.rows.loc[written.rows["state"] == "to be said", "source"]
    speaker = said.iloc[0] if len(said) else ""
    return f"Dossier in {written.path}: {answered} rows are answered, {lacking} not applicable, {left} the {speaker} must say."
