"""The command `bayesmeta plot`: the figures of a saved run, each with the table of its numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.judgements import judging
from bayesmeta.cli.options import AsJson, LabelFile, Profiles, Times
from bayesmeta.cli.output import check_files, csv_of, print_json, write_files
from bayesmeta.cli.parsing import parsed_names, parsed_profile
from bayesmeta.errors import RunError

if TYPE_CHECKING:
    from bayesmeta import RiskOfBias


@exits
@judging
def plot(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run, a comparison or a grid.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for the figures; created if needed."),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Figures, such as forest; all that need no refits if left out."),
    ] = None,
    form: Annotated[
        Literal["png", "svg", "pdf"], typer.Option("--format", help="Format of the figures.")
    ] = "png",
    cohort: Annotated[
        int | None, typer.Option("--n", help="Patients of a new cohort, for predictions.")
    ] = None,
    profile: Profiles = None,
    times: Times = None,
    axis: Annotated[
        Literal["auto", "whole", "zoom", "logit"] | None,
        typer.Option(help="Axis of rates: by the rates, 0 to 100%, as far as they go, log-odds."),
    ] = None,
    rates_per: Annotated[
        Literal["100", "1000", "10000", "100000"],
        typer.Option(help="Denominator of rates; 100 is percent."),
    ] = "100",
    labels: LabelFile = None,
    limits: Annotated[
        tuple[float, float] | None, typer.Option(help="Ends of the axis, such as 0 0.4.")
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(help="Unit of a numeric covariate, such as age=years; once for each."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the forest plot.")] = None,
    order: Annotated[
        str | None,
        typer.Option(help="Column that orders the arms of the forest plot; -n: greatest first."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Columns of the forest plot, such as year,events,model."),
    ] = None,
    dpi: Annotated[int, typer.Option(help="Dots per inch of a png.", min=30, max=1200)] = 300,
    tables: Annotated[
        bool, typer.Option("--tables/--no-tables", help="The table of numbers beside each figure.")
    ] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Replace figures of the same names.")
    ] = False,
    as_json: AsJson = False,
    *,
    judged: "RiskOfBias | None",
) -> int:
    """Draw the figures of a saved run, each with a table of its numbers (.csv)."""
    from bayesmeta.estimates.questions import Question
    from bayesmeta.plots.style import figure_bytes
    from bayesmeta.report.options import Options
    from bayesmeta.report.run_plots import draw_run
    from bayesmeta.report.saved_runs import is_reliable, load_run
    from bayesmeta.report.text import NOT_RELIABLE

    if out.resolve() == run.resolve():
        raise RunError(
            f"`--out` is the run itself, whose files are kept as written; got {out}. Choose another folder."
        )
    ends = (form, "csv") if tables else (form,)
    check_files(out, [f"{name}.{end}" for name in names or () for end in ends], force=force)
    loaded = load_run(run)
    forest = {"title": title, "order": order, "columns": columns and columns.split(",")}
    scale = {"axis": axis, "limits": limits}
    question = Question(parsed_profile(profile) or {}, cohort=40 if cohort is None else cohort)
    options = Options(
        refits=bool(names),
        rates_per=int(rates_per),
        labels=labels,
        times=times,
        scale=_given(scale),
        forest=_given(forest),
        units=parsed_names("--unit", unit) or {},
        judgements=judged,
    )
    drawn = draw_run(loaded, question, options, n=cohort, names=names)
    contents = {
        f"{name}.{form}": figure_bytes(one.figure, form, dpi=dpi)
        for name, one in drawn.plots.items()
    }
    if tables:
        contents |= {f"{name}.csv": csv_of(one.table) for name, one in drawn.plots.items()}
    write_files(out, contents, force=force)
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
            print(f"{out / name}.{form}{' and .csv' if tables else ''}: {one.about}")
        for name, reason in drawn.reasons.items():
            print(f"Not drawn: {name}, since {reason}.")
    return OK if reliable else DIAGNOSTICS_FAILED


def _given(options: Mapping[str, object]) -> dict[str, object]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}
