"""The command `bayesmeta grid`: every combination of a grid of specifications, kept and printed."""

import time
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.options import (
    BUNDLED,
    DEFAULT_SEED,
    AsJson,
    Evidence,
    LabelFile,
    Notation,
    RatesPer,
    reading,
)
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.cli.tables import table_of
from bayesmeta.cli.workers import Dask, Workers, workers_of
from bayesmeta.errors import SettingsError


@exits
@reading
def grid(
    notation: Notation,
    file: Annotated[Path | None, typer.Argument(help="A grid file (.toml). See --example.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the run. An interrupted run resumes there."),
    ] = None,
    evidence: Evidence = BUNDLED,
    seed: Annotated[
        int | None, typer.Option(help="Random seed. Default: that of the file, or else 1.")
    ] = None,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    workers: Workers = None,
    dask: Dask = None,
    fail_on: Annotated[
        Literal["diagnostics", "failures", "nothing"],
        typer.Option(
            help="Exit with code 1 if a fit failed its diagnostics (a warning does not count), or only if a fit failed."
        ),
    ] = "diagnostics",
    example: Annotated[bool, typer.Option("--example", help="Print a grid file and exit.")] = False,
    as_json: AsJson = False,
) -> int:
    """Fit every combination of the choices in a grid file."""
    if example:
        from bayesmeta.multiverse.files import example_grid

        print(example_grid(), end="")
        return OK
    if file is None or out is None:
        raise SettingsError(
            "A grid file and --out FOLDER are needed. `bayesmeta grid --example` prints a grid file."
        )
    import bayesmeta as bm
    from bayesmeta.labels import as_labels
    from bayesmeta.report.grid_text import grid_blocks, grid_json
    from bayesmeta.report.many_figures import kept_figures
    from bayesmeta.rounding import Rates
    from bayesmeta.wording import Wording

    started = time.perf_counter()
    words = Wording(Rates(rates_per), as_labels(labels))
    chosen, table = bm.load_grid(file), table_of(evidence, notation, words.labels)
    if seed is None and chosen.seed is None:
        seed = DEFAULT_SEED
    with workers_of(workers, dask, out) as where:
        draw = partial(kept_figures, words=words)
        results = bm.run_grid(chosen, table, seed=seed, out=out, figures=draw, **where)
    if as_json:
        print_json(grid_json(results) | {"saved": str(out)})
    else:
        seconds = time.perf_counter() - started
        saved = f"The table (results.parquet, .csv) and figures are in {out}; {seconds:.0f} s; random seed {results.seed}."
        print_blocks(grid_blocks(results, words), "", saved)
    return OK if results.meets(fail_on) else DIAGNOSTICS_FAILED
