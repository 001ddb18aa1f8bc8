"""The command `bayesmeta fit`."""

from typing import Annotated, Any

import typer

import bayesmeta as bm
from bayesmeta.cli.nested import ByDefinition, Outcomes, fit_nested, nested_selection
from bayesmeta.cli.options import (
    BUNDLED,
    DEFAULT_SEED,
    AsJson,
    Cohort,
    Evidence,
    FailOn,
    Force,
    Interval,
    LabelFile,
    Notation,
    Out,
    RatesPer,
    Seed,
    Selection,
    Units,
    exits,
    labelled_table,
    reading,
    selecting,
)
from bayesmeta.cli.output import check_no_effect, check_out, code_of, print_blocks, print_json, save
from bayesmeta.cli.profiles import parsed_units
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort
from bayesmeta.label_files import as_labels
from bayesmeta.rounding import Rates

__all__ = ["fit"]

DEFAULTS = bm.SamplerSettings()


@exits
@selecting
@reading
def fit(
    selection: Selection,
    notation: Notation,
    model: Annotated[str, typer.Argument(help="A model file (.toml), or a bundled model by name.")],
    out: Out,
    seed: Seed = DEFAULT_SEED,
    evidence: Evidence = BUNDLED,
    outcomes: Outcomes = None,
    by_definition: ByDefinition = None,
    chains: Annotated[int, typer.Option(help="Independent chains.")] = DEFAULTS.chains,
    warmup: Annotated[int, typer.Option(help="Warm-up iterations.")] = DEFAULTS.warmup,
    draws: Annotated[int, typer.Option(help="Draws per chain that are kept.")] = DEFAULTS.draws,
    target_accept: Annotated[
        float, typer.Option(help="Acceptance that the step size is adapted to.")
    ] = DEFAULTS.target_accept,
    per: Units = None,
    ci: Interval = 0.95,
    cohort: Cohort = 40,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    force: Force = False,
    fail_on: FailOn = None,
    as_json: AsJson = False,
) -> int:
    """Fit a model, print its summary and save the run."""
    # What can be refused is refused before the work, and before what it needs is loaded.
    check_out(out, force=force)
    check_ci_prob(ci)
    check_cohort("cohort", cohort)
    asked: dict[str, Any] = {
        "per": parsed_units(per),
        "ci_prob": ci,
        "cohort": cohort,
        "rates_per": Rates(rates_per).per,
    }
    settings = bm.SamplerSettings(
        chains=chains, warmup=warmup, draws=draws, target_accept=target_accept
    )
    named = as_labels(labels)
    if outcomes is not None:
        table = labelled_table(evidence, notation, named)
        nested = nested_selection(table, selection, outcomes, by_definition)
        return fit_nested(
            model, nested, seed, settings, out, asked, force=force, fail_on=fail_on, as_json=as_json
        )
    check_no_effect("--by-definition", by_definition, "without --outcomes")
    from bayesmeta.report.fit_text import fit_blocks, fit_json, note_lines
    from bayesmeta.report.sensitivity_text import tau_prior_line

    spec = bm.load_model(model)
    arms = labelled_table(evidence, notation, named).select(**selection)
    result = bm.fit(spec, arms, seed=seed, settings=settings)
    diagnostics = bm.diagnose(result)
    summary = bm.summary(result, **asked)
    save(result, out, force=force, figure=False)
    if as_json:
        content = fit_json(result, diagnostics, summary, out)
        print_json(content | {"notes": list(bm.notes(result))})
    else:
        print_blocks(*fit_blocks(result, diagnostics, summary), "")
        if result.spec.study_effects.tau is not None:
            found = bm.prior_sensitivity(result, ci_prob=ci)
            print_blocks(f"Prior      {tau_prior_line(found, summary.words)}")
        notes = note_lines(bm.notes(result), summary.words)
        print_blocks(notes, f"Saved in {out}; random seed {seed}.")
    return code_of(diagnostics, fail_on)
