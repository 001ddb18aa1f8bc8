"""The report of one fit: results first, then what they rest on; diagnostics in the appendix."""

from collections.abc import Iterator

from bayesmeta import plots
from bayesmeta.errors import counted
from bayesmeta.estimates.summary_text import rate_table
from bayesmeta.report.document import Block, Document, Figure, Items, Section, Text
from bayesmeta.report.fit_checks import fit_answers, sensitivity_of_fit, validation_of_fit
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.fit_summary import fit_summary
from bayesmeta.report.sections.checklists import checklists_section
from bayesmeta.report.sections.contrasts import contrast_blocks
from bayesmeta.report.sections.diagnostics import (
    UNRELIABLE,
    diagnostics_section,
    trace_figure,
    verdict_line,
)
from bayesmeta.report.sections.evidence import evidence_section
from bayesmeta.report.sections.limits import limits_section
from bayesmeta.report.sections.model import model_section, priors_section
from bayesmeta.report.sections.rates import parameter_blocks, rate_blocks, rate_definitions
from bayesmeta.report.sections.redo import redo_section
from bayesmeta.report.sections.titles import ANSWERS, BRIEF, SENSITIVITY, VALIDATION
from bayesmeta.report.text import heterogeneity_line

__all__ = ["fit_document"]


UNRELIABLE_REFITS = "NOT RELIABLE: fits without a study failed, or the diagnostics of their draws. Do not use Validation."


def fit_document(results: FitResults) -> Document:
    """Return the report of a fit; every sentence and number is made from the results."""
    fit = results.fit
    outcome = results.words.outcome(fit.arms.selection.get("outcome") or "Response")
    origin = fit.provenance
    return Document(
        title=f"{outcome}: model '{fit.spec.name}' on {counted(len(fit.arms.studies), 'study', 'studies')}",
        warning=_warning(results),
        sections=tuple(_sections(results)),
        made=f"Made by bayesmeta {origin.versions['bayesmeta']} from a fit of {origin.created}, seed {origin.seed}.",
        verdict=verdict_line(results.diagnostics),
    )


def _sections(results: FitResults) -> Iterator[Section]:
    fit = results.fit
    yield Section(BRIEF, fit_summary(results))
    yield Section(ANSWERS, tuple(_answers(results)))
    yield evidence_section(fit.arms, fit.design.coding.columns, results.words)
    yield model_section(fit.design)
    yield _priors(results)
    yield Section(SENSITIVITY, tuple(sensitivity_of_fit(results)))
    yield Section(VALIDATION, tuple(validation_of_fit(results)))
    yield limits_section(
        fit.arms,
        tuple(map(results.words.note, results.notes)),
        covariates=bool(fit.spec.covariates.parsed.terms),
        tau=fit.spec.study_effects.tau is not None,
    )
    yield diagnostics_section(fit, results.diagnostics, trace_figure(results.drawn))
    yield checklists_section(fit_answers(results))
    yield redo_section(fit)


def _warning(results: FitResults) -> str:
    if not results.diagnostics.ok:
        return UNRELIABLE
    if results.left_out is not None and not results.left_out.ok:
        return UNRELIABLE_REFITS
    return ""


def _priors(results: FitResults) -> Section:
    section = priors_section(results.fit.design)
    plot = plots.prior_posterior(
        results.drawn,
        profile=results.asked.profile,
        ci_prob=results.asked.ci_prob,
        scale=results.scale,
    )
    figure = Figure(
        "prior_posterior",
        plot,
        "Densities of the prior and the posterior of rates and heterogeneity, beside each other.",
        "Prior and posterior densities",
    )
    return Section(section.title, (*section.blocks, figure))


def _answers(results: FitResults) -> Iterator[Block]:
    fit, asked = results.fit, results.asked
    yield _forest(results)
    yield from rate_blocks(results.summary)
    yield Items(rate_definitions(fit.spec))
    yield _cohort(results)
    for found in results.contrasts:
        yield from contrast_blocks(found, results.words, results.scale, ranks=asked.ranks)
    for covariate in fit.design.coding.centres:
        plot = plots.regression(
            results.drawn,
            covariate,
            profile=asked.profile,
            ci_prob=asked.ci_prob,
            scale=results.scale,
        )
        said = f"Observed and fitted rates by {results.words.column(covariate)}"
        yield Figure(f"regression_{covariate}", plot, f"{said}.", said)
    if fit.spec.study_effects.tau is not None:
        yield _heterogeneity(results)
    yield Text(heterogeneity_line(results.summary, fit.spec, results.words))
    caption = f"Parameters ({fit.spec.link.scale}; {results.summary.heading.interval})"
    yield from parameter_blocks(results.summary, caption)


def _forest(results: FitResults) -> Block:
    fit, asked = results.fit, results.asked
    if not fit.settings.arm_draws:
        return Text("The fit kept no draws of arms, which a forest plot needs.")
    rates = rate_table(results.summary, results.words)
    typical = "; ".join(f"{row.profile} {row.typical}" for row in rates.itertuples())
    return Figure(
        "forest",
        plots.forest(
            results.drawn, profile=asked.profile, ci_prob=asked.ci_prob, scale=results.scale
        ),
        f"Forest plot of {counted(len(fit.arms), 'arm')}. Typical rates: {typical}.",
        "Forest plot: the rate of each arm as observed and by the model, with typical rates and prediction intervals",
    )


def _cohort(results: FitResults) -> Figure:
    found, ci_prob = results.prediction, results.asked.ci_prob
    low, median, high = found.interval(ci_prob).loc["events", ["lower", "median", "upper"]]
    return Figure(
        "prediction",
        plots.prediction(
            found, rate_above=results.asked.rate_above, ci_prob=ci_prob, scale=results.scale
        ),
        f"Probability of each number of responders among {found.n}: median {median:.0f}, "
        f"{100 * ci_prob:g}% interval {low:.0f} to {high:.0f}.",
        f"Predicted cohort of {found.n}: the true rate of a new study, and the number of responders",
    )


def _heterogeneity(results: FitResults) -> Figure:
    asked = results.asked
    return Figure(
        "heterogeneity",
        plots.heterogeneity(
            results.drawn, profile=asked.profile, ci_prob=asked.ci_prob, scale=results.scale
        ),
        "The rates that studies have for each value of tau.",
        "What heterogeneity means: the true rates of studies for each value of tau",
    )
