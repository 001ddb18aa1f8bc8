"""Zip archives of other people: opened only where they unpack to what a table needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from bayesmeta.errors import EvidenceError, counted

LARGEST = 32 * 2**20
"""Bytes of an unpacked archive beyond which it is refused: about 500,000 cells of a sheet."""

MOST_PARTS = 2_000


@contextmanager
def opened(path: Path, content: BytesIO, what: str = "a zip archive") -> Iterator[ZipFile]:
    """Yield an archive after checking its size.

    Raises
    ------
    EvidenceError
        If it is damaged, has a password, or unpacks to too much; it unpacks to no more than it declares.
    """
    try:
        with ZipFile(content) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if size > LARGEST or len(parts) > MOST_PARTS:
                raise EvidenceError(
                    f"{path} unpacks to {size:,} bytes in {counted(len(parts), 'part')}; up to {LARGEST:,} bytes in {MOST_PARTS:,} "
                    "parts are read. Delete what is not the table (formatted rows below it, too), or save it as CSV."
                )
            yield archive
    except EvidenceError:
        raise
    except Exception as error:
        # A damaged archive raises errors of zipfile, zlib, lzma and others.
        raise EvidenceError(
            f"{path} cannot be read as {what} ({type(error).__name__}). Save or download it again; from a spreadsheet "
            "program, as .xlsx or CSV."
        ) from error
