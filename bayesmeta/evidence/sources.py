"""What `read_evidence` takes: the cells of a file of some format, or of a frame of some library.

What reads a format is imported when a source of it is read.
"""

from os import PathLike
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError
from bayesmeta.evidence.cells import Cells, cells_of_frame
from bayesmeta.paths import expanded


@runtime_checkable
class ArrowTable(Protocol):
    """A frame that hands its columns over as Arrow does: of polars, pyarrow, duckdb and others."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return a stream of record batches."""
        ...


type Source = str | PathLike[str] | pd.DataFrame | ArrowTable

WORKBOOKS = (".xlsx", ".xlsm")
PARQUET = (".parquet", ".pq")


def cells_of(source: Source, sheet: str | None, study: str) -> tuple[Cells, str]:
    """Return the cells of a source, and its name.

    `study` is what the table calls its column of studies, by which a sheet is known.
    """
    if isinstance(source, str | PathLike):
        return _of_file(Path(source), expanded(source), sheet, study)
    _check_no_sheet(sheet, "a frame")
    if isinstance(source, pd.DataFrame):
        return cells_of_frame(source), "DataFrame"
    if isinstance(source, ArrowTable):
        return cells_of_frame(_of_arrow(source)), "DataFrame"
    lazy = hasattr(source, "collect")
    raise EvidenceError(
        "`source` must be the path of a file (.csv, .xlsx, .parquet) or a frame of pandas or polars; got "
        f"{type(source).__name__}.{' Give its .collect().' if lazy else ''}"
    )


def _of_file(named: Path, path: Path, sheet: str | None, study: str) -> tuple[Cells, str]:
    ending = path.suffix.casefold()
    if ending in WORKBOOKS:
        from bayesmeta.evidence.workbooks import cells_of_workbook

        return cells_of_workbook(path, sheet, study), named.name
    _check_no_sheet(sheet, named.name)
    if ending in PARQUET:
        return cells_of_frame(_of_parquet(path)), named.name
    from bayesmeta.evidence.text_files import cells_of_text

    return cells_of_text(path, named.name), named.name


def _check_no_sheet(sheet: str | None, what: str) -> None:
    if sheet is not None:
        raise SettingsError(f"`sheet` has no effect on {what}, which has no sheets. Leave it out.")


def _of_arrow(source: Any) -> pd.DataFrame:
    import pyarrow as pa

    # Whole numbers beside missing ones stay whole numbers: studies may be called by them.
    frame: pd.DataFrame = pa.table(source).to_pandas(integer_object_nulls=True)
    return frame


def _of_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bayesmeta.evidence.text_files import content_of

    content = content_of(path)
    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EvidenceError(
            f"{path} cannot be read as Parquet: {str(error).splitlines()[0].rstrip('.')}. Write the file again, or save the table as "
            "CSV."
        ) from error
    return _of_arrow(table)
