"""The report of one fit: diagnostics first, then evidence, model, answers and their limits."""

from collections.abc import Iterator

from bayesmeta import plots
from bayesmeta.errors import counted
from bayesmeta.estimates.contrasts import Contrasts
from bayesmeta.estimates.predict import Prediction
from bayesmeta.estimates.profiles import beyond_evidence
from bayesmeta.report.contrast_text import (
    CONTRASTS_SAY,
    RANKS_SAY,
    contrast_cells,
    rank_cells,
)
from bayesmeta.report.document import Block, Document, Figure, Items, Section, Table, Text
from bayesmeta.report.fit_checks import fit_answers, sensitivity_of_fit, validation_of_fit
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.sections.checklists import (
    checklists_section,
)
from bayesmeta.report.sections.diagnostics import UNRELIABLE, diagnostics_section, verdict_words
from bayesmeta.report.sections.evidence import evidence_section
from bayesmeta.report.sections.limits import limits_section
from bayesmeta.report.sections.model import model_section, priors_section
from bayesmeta.report.sections.rates import parameter_blocks, rate_blocks, rate_definitions
from bayesmeta.report.sections.redo import redo_section
from bayesmeta.report.sections.titles import (
    ANSWERS,
    BRIEF,
    QUESTION,
    SENSITIVITY,
    VALIDATION,
)
from bayesmeta.report.text import heterogeneity_line, prediction_lines, rate_table

__all__ = ["fit_document"]


UNRELIABLE_REFITS = "NOT RELIABLE: fits without a study failed, or the diagnostics of their draws. Do not use Validation."


def fit_document(results: FitResults) -> Document:
    """Return the report of a fit; every sentence and number is made from the results."""
    fit = results.fit
    outcome = fit.arms.selection.get("outcome") or "Response"
    origin = fit.provenance
    return Document(
        title=f"{outcome}: model '{fit.spec.name}' on {counted(len(fit.arms.studies), 'study', 'studies')}",
        warning=_warning(results),
        sections=(
            Section(BRIEF, tuple(_brief(results))),
            _question(results),
            diagnostics_section(
                fit, results.diagnostics, Figure("trace", plots.trace(fit), _alt_trace(results))
            ),
            evidence_section(fit.arms, fit.design.coding.columns),
            model_section(fit.design),
            _priors(results),
            Section(ANSWERS, tuple(_answers(results))),
            Section(SENSITIVITY, tuple(sensitivity_of_fit(results))),
            Section(VALIDATION, tuple(validation_of_fit(results))),
            limits_section(
                fit.arms,
                results.notes,
                covariates=bool(fit.spec.covariates.parsed.terms),
                tau=fit.spec.study_effects.tau is not None,
            ),
            checklists_section(fit_answers(results)),
            redo_section(fit),
        ),
        made=f"Made by bayesmeta {origin.versions['bayesmeta']} from a fit of {origin.created}, seed {origin.seed}.",
    )


def _warning(results: FitResults) -> str:
    if not results.diagnostics.ok:
        return UNRELIABLE
    if results.left_out is not None and not results.left_out.ok:
        return UNRELIABLE_REFITS
    return ""


def _brief(results: FitResults) -> Iterator[Block]:
    rates, width = rate_table(results.summary), f"{100 * results.asked.ci_prob:g}%"
    first = rates.iloc[0]
    where = "" if first["profile"] == "all studies" else f" ({first['profile']})"
    arms = results.fit.arms
    yield Items(
        (
            f"Evidence: {counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}; "
            f"{arms.events.sum():,} of {arms.n.sum():,} patients responded.",
            f"Typical response rate{where}: {first['typical']}, median and {width} interval{_unpooled(results)}.",
            *prediction_lines(results.prediction, results.asked.ci_prob, _questions(results)),
            *beyond_evidence(results.fit.coding, results.asked.profile),
            heterogeneity_line(results.summary, results.fit.spec),
            f"Draws: {verdict_words(results.diagnostics)}.",
        )
    )


def _unpooled(results: FitResults) -> str:
    """Return what to know of rates of a model in which no study tells of another."""
    independent = results.fit.spec.study_effects.name == "independent"
    return (
        "; without pooling, this is what the priors say of a study not seen" if independent else ""
    )


def _questions(results: FitResults) -> list[tuple[str, float]]:
    above = results.asked.rate_above
    return [] if above is None else [("rate_above", above)]


def _question(results: FitResults) -> Section:
    fit = results.fit
    outcome = fit.arms.selection.get("outcome") or "response"
    by = fit.spec.covariates.formula
    return Section(
        QUESTION,
        (
            Text(
                f"Which rates of {outcome} do these studies support{f', by {by}' if by else ''}, how much do studies "
                f"differ, and what is to be expected in a new cohort of {results.asked.cohort} patients? Four rates are "
                "told apart:"
            ),
            Items(rate_definitions(fit.spec)),
        ),
    )


def _priors(results: FitResults) -> Section:
    section = priors_section(results.fit.design)
    plot = plots.prior_posterior(
        results.fit, profile=results.asked.profile, ci_prob=results.asked.ci_prob
    )
    alt = "Densities of the prior and the posterior of rates and heterogeneity, beside each other."
    return Section(section.title, (*section.blocks, Figure("prior_posterior", plot, alt)))


def _answers(results: FitResults) -> Iterator[Block]:
    fit, asked = results.fit, results.asked
    if fit.settings.arm_draws:
        yield Figure(
            "forest",
            plots.forest(fit, profile=asked.profile, ci_prob=asked.ci_prob),
            _alt_forest(results),
        )
    else:
        yield Text("The fit kept no draws of arms, which a forest plot needs.")
    yield from rate_blocks(results.summary, asked.ci_prob)
    width = f"{100 * asked.ci_prob:g}%"
    caption = f"Parameters ({fit.spec.link.scale}; {width} interval)"
    yield from parameter_blocks(fit, results.summary, caption)
    yield Text(heterogeneity_line(results.summary, fit.spec))
    if fit.spec.study_effects.tau is not None:
        yield Figure(
            "heterogeneity",
            plots.heterogeneity(fit, profile=asked.profile, ci_prob=asked.ci_prob),
            "The rates that studies have for each value of tau.",
        )
    yield Figure(
        "prediction",
        plots.prediction(results.prediction, rate_above=asked.rate_above, ci_prob=asked.ci_prob),
        _alt_prediction(results.prediction, asked.ci_prob),
    )
    for covariate in fit.design.coding.centres:
        plot = plots.regression(fit, covariate, profile=asked.profile, ci_prob=asked.ci_prob)
        yield Figure(f"regression_{covariate}", plot, f"Observed and fitted rates by {covariate}.")
    for found in results.contrasts:
        yield from _contrasts(found)


def _contrasts(found: Contrasts) -> Iterator[Block]:
    width = f"{100 * found.ci_prob:g}%"
    yield Figure(
        f"contrasts_{found.factor}",
        plots.contrasts(found),
        f"Odds ratios between levels of {found.factor}.",
    )
    yield Table(f"Contrasts of {found.factor}: median and {width} interval", contrast_cells(found))
    yield Items(CONTRASTS_SAY)
    yield Table(f"Probability of each rank of {found.factor}, 1 the highest", rank_cells(found))
    yield Text(RANKS_SAY)


def _alt_forest(results: FitResults) -> str:
    rates = rate_table(results.summary)
    typical = "; ".join(f"{row.profile} {row.typical}" for row in rates.itertuples())
    return f"Forest plot of {counted(len(results.fit.arms), 'arm')}. Typical rates: {typical}."


def _alt_prediction(prediction: Prediction, ci_prob: float) -> str:
    low, median, high = prediction.interval(ci_prob).loc["events", ["lower", "median", "upper"]]
    return (
        f"Probability of each number of responders among {prediction.n}: median {median:.0f}, "
        f"{100 * ci_prob:g}% interval {low:.0f} to {high:.0f}."
    )


def _alt_trace(results: FitResults) -> str:
    worst = results.diagnostics.table["r_hat"].max()
    return f"Traces and ranks of the chains by parameter; largest R-hat {worst:.3f}."
