"""The command `bayesmeta compare`: models against each other, in a run that can be resumed."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayesmeta.cli.options import (
    BUNDLED,
    DEFAULT_SEED,
    DIAGNOSTICS_FAILED,
    OK,
    AsJson,
    Cohort,
    Evidence,
    Interval,
    LabelFile,
    Notation,
    Profiles,
    RatesPer,
    Seed,
    Selection,
    exits,
    labelled_table,
    reading,
    selecting,
)
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.cli.profiles import parsed_profile
from bayesmeta.cli.workers import Dask, Workers, workers_of
from bayesmeta.paths import expanded

if TYPE_CHECKING:
    import bayesmeta as bm

__all__ = ["compare"]


@exits
@selecting
@reading
def compare(
    selection: Selection,
    notation: Notation,
    models: Annotated[
        list[str],
        typer.Argument(help="Model files, folders of them, or bundled models by name."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="Folder for the run; where it holds this one, it goes on from there.",
        ),
    ],
    seed: Seed = DEFAULT_SEED,
    evidence: Evidence = BUNDLED,
    method: Annotated[
        Literal["exact", "psis"],
        typer.Option(help="Leave studies out by refits, or by PSIS."),
    ] = "exact",
    rows: Annotated[
        Literal["same", "common"],
        typer.Option(help="Refuse models that can't use the same arms, or take those all can use."),
    ] = "same",
    profile: Profiles = None,
    factor: Annotated[
        str | None, typer.Option(help="Factor whose levels are compared, study by study left out.")
    ] = None,
    cohort: Cohort = 40,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    draws: Annotated[int, typer.Option(help="Draws per chain that are kept of each fit.")] = 1000,
    workers: Workers = None,
    dask: Dask = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit with 1 if this check fails: failures (of a fit, or a model that does not apply), diagnostics (that "
            "failed, or a failed fit; not a warning), coverage (so few arms inside 95% intervals of the best model "
            "that p < 0.01); once per gate, or nothing. If left out: diagnostics."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Compare models by leave-one-study-out prediction."""
    import bayesmeta as bm
    from bayesmeta.comparison.gates import GATES, asked_gates, tripped
    from bayesmeta.comparison.plans import SETTINGS
    from bayesmeta.estimates.words import evidence_wording
    from bayesmeta.labels import as_labels
    from bayesmeta.labels import Labels
    from bayesmeta.report.comparison_text import comparison_blocks, comparison_json
    from bayesmeta.report.many_figures import comparison_figures
    from bayesmeta.rounding import Rates

    gates = asked_gates(fail_on or ["diagnostics"], tuple(GATES))
    specs = _models(models)
    Rates(rates_per)
    arms = labelled_table(evidence, notation, as_labels(labels)).select(**selection)
    own = Labels().merged(spec.labels for spec in specs)
    words = evidence_wording(arms, own, rates_per)
    with workers_of(workers, dask, out) as where:
        found = bm.compare(
            specs,
            arms,
            seed=seed,
            method=method,
            rows=rows,
            profile=parsed_profile(profile),
            factor=factor,
            cohort=cohort,
            ci_prob=ci,
            settings=replace(SETTINGS, draws=draws),
            out=out,
            figures=partial(comparison_figures, words=words),
            **where,
        )
    wrong = tripped(found, gates)
    if as_json:
        content = comparison_json(found, ci) | {"gates": list(wrong), "saved": str(out)}
        print_json(content)
    else:
        saved = f"Saved in {out}: tables, comparison.png and leave_one_out.png; random seed {seed}."
        print_blocks(comparison_blocks(found, ci, words), "", saved)
    for message in wrong:
        print(f"Gate {message}", file=sys.stderr)
    return DIAGNOSTICS_FAILED if wrong else OK


def _models(names: list[str]) -> "list[bm.ModelSpec]":
    """Return the models of files, folders and names, in that order."""
    import bayesmeta as bm

    specs = []
    for name in names:
        folder = expanded(name)
        if name.endswith("/") and not folder.exists():
            raise bm.SpecError(
                f"There is no folder {name} in {Path.cwd()}. Give another, or bundled models by name, such as pooled."
            )
        if not folder.is_dir():
            specs.append(bm.load_model(name))
            continue
        files = sorted(folder.glob("*.toml"))
        if not files:
            raise bm.SpecError(f"{folder} holds no model file (*.toml). Give another folder.")
        specs += [bm.load_model(file) for file in files]
    return specs
