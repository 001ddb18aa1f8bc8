"""The commands `bayesmeta compare` and `bayesmeta validate`: models held against evidence."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayesmeta.bundled import all_models
from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.options import (
    BUNDLED,
    DEFAULT_SEED,
    AsJson,
    Cohort,
    Evidence,
    Interval,
    LabelFile,
    Model,
    Notation,
    Profiles,
    RatesPer,
    ReplaceTables,
    Seed,
    Selection,
    TablesOut,
    Time,
    reading,
    selecting,
)
from bayesmeta.cli.output import check_tables, print_blocks, print_json, save_tables
from bayesmeta.cli.parsing import parsed_profile
from bayesmeta.cli.tables import arms_of
from bayesmeta.cli.workers import Dask, Workers, workers_of
from bayesmeta.paths import expanded

if TYPE_CHECKING:
    import bayesmeta as bm


@exits
@selecting
@reading
def compare(
    selection: Selection,
    notation: Notation,
    models: Annotated[
        list[str],
        typer.Argument(
            help="Model files, folders of them, or bundled models by name.",
            autocompletion=all_models,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="Folder of the run. An interrupted run resumes there.",
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
        typer.Option(
            help="Refuse models that cannot use the same arms, or take the arms that all can use."
        ),
    ] = "same",
    weights: Annotated[
        Literal["pseudo_bma_plus", "stacking", "dirichlet_stacking"],
        typer.Option(
            help="How models are weighted in the averaged prediction. pseudo_bma_plus: by elpd, averaged over bootstrap "
            "samples of the studies. stacking: so that the averaged prediction of studies left out is best. "
            "dirichlet_stacking: the same, under a prior of equal weights. Another method needs no new fits."
        ),
    ] = "pseudo_bma_plus",
    profile: Profiles = None,
    factor: Annotated[
        str | None, typer.Option(help="Factor whose levels are compared as each study is left out.")
    ] = None,
    cohort: Cohort = 40,
    time: Time = None,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    draws: Annotated[int, typer.Option(help="Draws per chain that are kept of each fit.")] = 1000,
    workers: Workers = None,
    dask: Dask = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit with code 1 if this check fails; may be repeated. failures: of a fit, or of a model that does not "
            "apply. diagnostics: of a fit; a warning does not count. coverage: so few arms lie inside 95% intervals of "
            "the best model that p < 0.01. nothing: none of these. Default: diagnostics."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Compare models by leave-one-study-out prediction."""
    import bayesmeta as bm
    from bayesmeta.comparison.gates import GATES, asked_gates, tripped
    from bayesmeta.comparison.plan import SETTINGS
    from bayesmeta.estimates.words import evidence_wording
    from bayesmeta.labels import Labels, as_labels
    from bayesmeta.report.comparison_text import comparison_blocks, comparison_json
    from bayesmeta.report.many_figures import kept_figures
    from bayesmeta.rounding import Rates

    gates = asked_gates(fail_on or ["diagnostics"], tuple(GATES))
    specs = _models(models)
    Rates(rates_per)
    # Models of survival, and of rates, have arms of their own kind.
    arms = arms_of(specs[0], evidence, notation, selection, as_labels(labels))
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
            time=time,
            weights=weights,
            settings=replace(SETTINGS, draws=draws),
            out=out,
            figures=partial(kept_figures, words=words),
            **where,
        )
    wrong = tripped(found, gates)
    if as_json:
        content = comparison_json(found, ci) | {"gates": list(wrong), "saved": str(out)}
        print_json(content)
    else:
        saved = f"Saved in {out}: tables, comparison.png and leave_one_out.png; random seed {seed}."
        print_blocks(comparison_blocks(found, ci, words), "", saved)
    return _gated(wrong)


@exits
@selecting
@reading
def validate(
    selection: Selection,
    notation: Notation,
    model: Model,
    train: Annotated[
        str, typer.Option(help="Condition on the earlier studies, such as \"source == '001'\".")
    ],
    test: Annotated[str, typer.Option(help="Condition on the later cohorts.")],
    seed: Seed = DEFAULT_SEED,
    evidence: Evidence = BUNDLED,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit with code 1 if this check fails; may be repeated. diagnostics: of the fit; a warning does not "
            "count. coverage: so few arms lie inside 95% intervals that p < 0.01. nothing: none of these. "
            "Default: diagnostics."
        ),
    ] = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Predict later cohorts from earlier studies."""
    check_tables(out, ("arms", "studies", "coverage"), force=force)
    import bayesmeta as bm
    from bayesmeta.comparison.gates import asked_gates, coverage_gate
    from bayesmeta.evidence.matching import matching
    from bayesmeta.report.predicted_text import validation_blocks, validation_json

    gates = asked_gates(fail_on or ["diagnostics"], ("diagnostics", "coverage"))
    spec = bm.load_model(model)
    arms = arms_of(spec, evidence, notation, selection)
    found = bm.validate(
        spec,
        train=matching(arms, train, argument="train"),
        test=matching(arms, test, argument="test"),
        seed=seed,
    )
    wrong = []
    if "diagnostics" in gates and not found.diagnostics.ok:
        wrong.append(f"diagnostics: {found.diagnostics!r}")
    if "coverage" in gates and (message := coverage_gate(found.arms, f"model {spec.name}")):
        wrong.append(message)
    tables = {"arms": found.arms, "studies": found.studies, "coverage": found.coverage}
    saved = save_tables(out, tables)
    if as_json:
        content = validation_json(found) | {"gates": wrong}
        print_json(content)
    else:
        print_blocks(validation_blocks(found), f"  Random seed {seed}.", saved)
    return _gated(wrong)


def _gated(wrong: Sequence[str]) -> int:
    """Print which checks failed; return the exit code."""
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
