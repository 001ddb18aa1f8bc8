"""The command `bayesmeta plot`: the figures of a saved run, each with the table of its numbers."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayesmeta.cli.options import DIAGNOSTICS_FAILED, OK, AsJson, Profiles, exits
from bayesmeta.cli.output import print_json
from bayesmeta.cli.profiles import parsed_profile
from bayesmeta.errors import RunError, listed

if TYPE_CHECKING:
    from bayesmeta.plots.pages import Plot

__all__ = ["plot"]


@exits
def plot(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run, a comparison or a grid.")],
    out: Annotated[Path, typer.Option(help="Folder for the figures; made if it is not there.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Figures, such as forest; all that the run allows if left out."),
    ] = None,
    form: Annotated[
        Literal["png", "svg", "pdf"], typer.Option("--format", help="Format of the figures.")
    ] = "png",
    n: Annotated[
        int | None, typer.Option("--n", help="Patients of a new cohort, for predictions.")
    ] = None,
    profile: Profiles = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace figures of the same names.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Draw the figures of a saved run, each with the table of its numbers beside it (.csv)."""
    from bayesmeta.report.run_plots import FigureRequest, draw_run
    from bayesmeta.report.saved_runs import is_reliable, load_run
    from bayesmeta.report.text import NOT_RELIABLE

    if out.resolve() == run.resolve():
        raise RunError(
            f"`--out` is the run itself, whose files are kept as written; got {out}. Choose another folder."
        )
    _check_out(out, [f"{name}.{end}" for name in names or () for end in (form, "csv")], force=force)
    loaded = load_run(run)
    drawn = draw_run(FigureRequest(loaded, parsed_profile(profile), n), names)
    contents = _contents(drawn.plots, form)
    _write(contents, out, force=force)
    reliable = is_reliable(loaded)
    if as_json:
        content = {
            "saved": [str(out / name) for name in contents],
            "figures": list(drawn.plots),
            "not_drawn": dict(drawn.reasons),
            "diagnostics_ok": reliable,
        }
        print_json(content)
    else:
        if not reliable:
            print(NOT_RELIABLE)
        for name, one in drawn.plots.items():
            print(f"{out / name}.{form} and .csv: {one!r}")
        for name, reason in drawn.reasons.items():
            print(f"Not drawn: {name}, since {reason}.")
    return OK if reliable else DIAGNOSTICS_FAILED


def _check_out(out: Path, files: list[str], *, force: bool) -> None:
    """Raise, before anything is read or drawn, if figures can't be written or stand there already."""
    from bayesmeta.runs.files import check_folder_writable

    there = [name for name in files if (out / name).exists()]
    if there and not force:
        raise RunError(
            f"{out} holds {listed(there)}. Choose another folder, or replace them with --force."
        )
    check_folder_writable(out, remedy="Choose another folder")


def _contents(plots: "Mapping[str, Plot]", form: str) -> dict[str, bytes]:
    """Return every figure and its table by name of file."""
    found: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, one in plots.items():
            file = Path(folder) / f"{name}.{form}"
            one.save(file)
            found[file.name] = file.read_bytes()
            found[f"{name}.csv"] = one.table.to_csv(index=False, lineterminator="\n").encode()
    return found


def _write(contents: Mapping[str, bytes], out: Path, *, force: bool) -> None:
    """Write files into a folder, each whole or not at all, after all of them are drawn."""
    from bayesmeta.runs.files import write_whole

    there = [name for name in contents if (out / name).exists()]
    if there and not force:
        raise RunError(
            f"{out} holds {listed(there)}. Choose another folder, or replace them with --force."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"{out} can't be written: {error.strerror}. Choose another folder."
        ) from error
    for name, content in contents.items():
        write_whole(out / name, content, remedy="Choose another folder")
