"""A report as a Word file, made by pandoc where it is installed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from bayesmeta.errors import RunError, SettingsError, shortened
from bayesmeta.plots.pages import Plot
from bayesmeta.report.document import Document
from bayesmeta.report.rendering.markdown import markdown

__all__ = ["as_docx", "pandoc"]

DPI = 200


def pandoc() -> str:
    """Return the program that makes Word files.

    Raises
    ------
    SettingsError
        If it is not installed.
    """
    found = shutil.which("pandoc")
    if found is None:
        raise SettingsError(
            "A report in docx is made by pandoc, which is not installed. Install it (pandoc.org), or choose "
            "html or md."
        )
    return found


def as_docx(document: Document) -> bytes:
    """Return the report as a Word file.

    Raises
    ------
    SettingsError
        If pandoc is not installed.
    RunError
        If pandoc fails.
    """
    program = pandoc()
    with tempfile.TemporaryDirectory() as folder:

        def address(name: str, plot: Plot) -> str:
            (Path(folder) / f"{name}.png").write_bytes(plot.png(dpi=DPI))
            return f"{name}.png"

        source, target = Path(folder) / "report.md", Path(folder) / "report.docx"
        source.write_text(markdown(document, address), encoding="utf-8")
        # Images have captions of their own, which pandoc would make of what they say to the blind.
        command = [
            program,
            "--from=markdown-implicit_figures",
            "--to=docx",
            f"--output={target}",
            str(source),
        ]
        done = subprocess.run(  # noqa: S603 - a fixed command; texts are in a file
            command,
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise RunError(f"pandoc could not make the report: {shortened(done.stderr.strip())}")
        return target.read_bytes()
