"""The files of `bayesmeta selfcheck --report`: a folder with the record as HTML and as Word file."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesmeta.report.qualification import qualification_document
from bayesmeta.report.rendering import FORMATS
from bayesmeta.runs.files import FolderKind, check_folder, sha256_of, whole_folder

if TYPE_CHECKING:
    from bayesmeta.selfcheck import SelfCheck

NAME = "record"
FORMS = ("html", "docx")
RECORD = FolderKind(NAME, f"{NAME}.html", frozenset(f"{NAME}.{form}" for form in FORMS))


def check_record(folder: Path, *, force: bool) -> None:
    """Raise if the folder of a record cannot be written, before the work whose record it is."""
    check_folder(folder, force=force, kind=RECORD)


def write_record(found: "SelfCheck", folder: Path, *, force: bool) -> dict[str, Any]:
    """Write the record, whole or not at all; return its files, each with its SHA-256."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    document = qualification_document(found, performed=now)
    # The HTML alone is a whole record.
    forms = [form for form in FORMS if form != "docx" or shutil.which("pandoc")]
    contents = {f"{NAME}.{form}": FORMATS[form](document) for form in forms}
    with whole_folder(folder, force=force, kind=RECORD) as partial:
        for name, content in contents.items():
            (partial / name).write_bytes(content)
        files = {name: sha256_of(partial / name) for name in contents}
    return {"folder": str(folder), "files": files, "warning": document.warning}


def record_lines(written: dict[str, Any]) -> list[str]:
    """Return what was written, as lines for a terminal."""
    files = written["files"]
    lines = [f"  {name}  SHA-256 {digest}" for name, digest in files.items()]
    if len(files) < len(FORMS):
        lines.append("  No Word file was made: that needs pandoc (pandoc.org).")
    warning = [written["warning"]] if written["warning"] else []
    return [*warning, f"Record in {written['folder']}:", *lines]
