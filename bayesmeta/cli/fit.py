"""The command `bayesmeta fit`."""

from typing import Annotated

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
    Notation,
    Out,
    Seed,
    Selection,
    Units,
    exits,
    reading,
    selecting,
    table_of,
)
from bayesmeta.cli.output import check_no_effect, check_out, code_of, print_blocks, print_json, save
from bayesmeta.cli.profiles import parsed_units
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort

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
    warmup: Annotated[int, typer.Option(help="Draws that adapt the sampler.")] = DEFAULTS.warmup,
    draws: Annotated[int, typer.Option(help="Draws per chain that are kept.")] = DEFAULTS.draws,
    target_accept: Annotated[
        float, typer.Option(help="Acceptance that the step size is adapted to.")
    ] = DEFAULTS.target_accept,
    per: Units = None,
    ci: Interval = 0.95,
    cohort: Cohort = 40,
    force: Force = False,
    fail_on: FailOn = None,
    as_json: AsJson = False,
) -> int:
    """Fit a model, print its summary and save the run."""
    # What can be refused is refused before the work, and before what it needs is loaded.
    check_out(out, force=force)
    check_ci_prob(ci)
    check_cohort("cohort", cohort)
    units = parsed_units(per)
    settings = bm.SamplerSettings(
        chains=chains, warmup=warmup, draws=draws, target_accept=target_accept
    )
    if outcomes is not None:
        nested = nested_selection(table_of(evidence, notation), selection, outcomes, by_definition)
        asked = {"per": units, "ci_prob": ci, "cohort": cohort}
        return fit_nested(
            model, nested, seed, settings, out, asked, force=force, fail_on=fail_on, as_json=as_json
        )
    check_no_effect("--by-definition", by_definition, "without --outcomes")
    from bayesmeta.report import machine
    from bayesmeta.report.contrast_text import note_lines, sensitivity_lines
    from bayesmeta.report.fit_text import fit_blocks

    spec, arms = bm.load_model(model), table_of(evidence, notation).select(**selection)
    result = bm.fit(spec, arms, seed=seed, settings=settings)
    diagnostics = bm.diagnose(result)
    table = bm.summary(result, per=units, ci_prob=ci, cohort=cohort)
    save(result, out, force=force, figure=False)
    if as_json:
        content = machine.fit_json(result, diagnostics, table, out)
        print_json(content | {"notes": list(bm.notes(result))})
    else:
        print_blocks(*fit_blocks(result, diagnostics, table, ci), "")
        if result.spec.study_effects.tau is not None:
            print_blocks(sensitivity_lines(bm.prior_sensitivity(result, ci_prob=ci)))
        print_blocks(note_lines(bm.notes(result)), f"Saved in {out}; random seed {seed}.")
    return code_of(diagnostics, fail_on)
