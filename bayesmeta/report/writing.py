"""From the folder of a run to the file of its report."""

from os import PathLike
from pathlib import Path

from bayesmeta.comparison.grid_results import GridResults
from bayesmeta.errors import RunError, SettingsError, nearest
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.inference.result import Fit
from bayesmeta.model import OwnModel
from bayesmeta.report.comparison_report import comparison_document
from bayesmeta.report.document import Document
from bayesmeta.report.fit_report import fit_document
from bayesmeta.report.fit_results import Asked, fit_results
from bayesmeta.report.grid_report import grid_document
from bayesmeta.report.nested_report import nested_document
from bayesmeta.report.rendering import FORMATS
from bayesmeta.report.saved_runs import SavedComparison, evidence_of_grid, load_run
from bayesmeta.runs.files import write_whole

__all__ = ["document_of", "write_report"]

NAME = "report"


def write_report(
    folder: str | PathLike[str],
    asked: Asked,
    *,
    form: str = "html",
    out: str | PathLike[str] | None = None,
    force: bool = False,
) -> tuple[Document, Path]:
    """Write the report of the run in a folder, and return it and where it is.

    Parameters
    ----------
    folder : path
        A fit, a comparison or a grid.
    asked : Asked
        What the report of a fit is asked; of other runs, nothing else can be.
    form : {"html", "md", "json", "docx"}
        Format of the file.
    out : path, optional
        The file; ``report.html`` (or another suffix) in the folder where None, which is replaced.
    force : bool
        Whether another file is replaced.

    Raises
    ------
    RunError
        If the folder is no finished run, or the file can't be written.
    SettingsError
        If the format is none of these, pandoc is missing, or something asked would have no effect.
    """
    if form not in FORMATS:
        raise SettingsError(f"`form` must be one of them; got '{form}'. {nearest(form, FORMATS)}")
    own = Path(folder) / f"{NAME}.{form}"
    target = own if out is None else Path(out)
    if out is not None and target.exists() and not force:
        raise RunError(f"{target} exists. Choose another file, or replace it with --force.")
    if not target.parent.is_dir() and target != own:
        raise RunError(f"There is no folder {target.parent}. Make it, or choose another file.")
    document = document_of(Path(folder), asked)
    content = FORMATS[form](document)
    write_whole(target, content)
    return document, target


def document_of(folder: Path, asked: Asked) -> Document:
    """Return the report of what a folder holds."""
    match load_run(folder):
        case Fit() as run:
            if isinstance(run.spec, OwnModel):
                raise SettingsError(
                    "A report is of a model of the family, of which it knows what each part means; this is a "
                    "PyMC model of one's own."
                )
            return fit_document(fit_results(run, asked))
        case NestedFit() as run:
            return nested_document(run, asked)
        case GridResults() as run:
            _refuse(asked, "grid")
            return grid_document(run, evidence_of_grid(folder))
        case SavedComparison() as run:
            _refuse(asked, "comparison")
            return comparison_document(run)


def _refuse(asked: Asked, kind: str) -> None:
    """Raise if something was asked that a run of many fits has settled."""
    default = Asked()
    names = {
        "profile": "--profile",
        "cohort": "--cohort",
        "ci_prob": "--ci",
        "rate_above": "--rate-above",
        "refits": "--quick",
    }
    for name, option in names.items():
        if getattr(asked, name) != getattr(default, name):
            raise SettingsError(
                f"`{option}` has no effect on the report of a {kind}, whose questions were settled when it was run. "
                "Leave it out."
            )
