"""The part of a fit's report that says how far its numbers may be trusted."""

from collections.abc import Iterator
from typing import Any

from bayesmeta import plots
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.model.limits import why_not_integrated
from bayesmeta.report.bias_text import bias_blocks, bias_sentence
from bayesmeta.report.document import Block, Figure, Text
from bayesmeta.report.figures import figure_blocks
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.many_figures import held_out_figure, influence_figure
from bayesmeta.report.predicted_text import coverage_sentence
from bayesmeta.report.sections import titles
from bayesmeta.report.sections.checklists import (
    AUTHOR,
    LEFT_OUT,
    NOT_DONE,
    OF_SURVIVAL,
    Answer,
    done,
)
from bayesmeta.report.selection_text import limit_sentence, without_results_sentence
from bayesmeta.report.sensitivity_text import (
    nested_prior_blocks,
    prior_blocks,
    scaling_blocks,
    tau_prior_line,
)
from bayesmeta.sensitivity.unreported import without_results

NOT_REFITTED = "The model was not fitted again under other priors; `bayesmeta sensitivity` does, and a report without --quick."
NO_DRAWS = (
    "The fit kept no draws of arms, without which sensitivity to the priors cannot be computed."
)
NOT_LEFT_OUT = "Studies were not left out in turn. `bayesmeta leave-one-out` does, and a report without --quick."
ONE_STUDY = "With one study that has patients, none can be predicted from others."
METHODS = {"weighted": "by PSIS", "refit": "by refits", "bridged": "by bridge sampling"}


def sensitivity_of_fit(results: FitResults) -> Iterator[Block]:
    """Yield how far the rates depend on the priors, and on biases of studies."""
    words, found, grid = results.words, results.sensitivity, results.prior_grid
    if results.tau_prior is not None:
        line = tau_prior_line(results.tau_prior, words)
        yield Text(f"{line[0].upper()}{line[1:]}")
    if found is not None:
        said = f"{'Medians' if results.of_survival else 'Rates'} under each other prior"
        plot = plots.sensitivity(found, scale=results.scale, labels=words.labels)
        yield Figure("sensitivity", plot, f"{said}.", said)
        yield from prior_blocks(found, words)
        yield from scaling_blocks(found.scaling, words)
    elif grid is not None:
        # Each fit has a row for each outcome.
        fits = grid[grid["outcome"] == grid["outcome"].iloc[0]]
        yield from _failed(int((~fits["ok"]).sum()), len(fits))
        label = profile_label(results.fit.coding, results.profile)
        yield from nested_prior_blocks(
            grid, label, results.question.ci_prob, words, question=results.event
        )
    else:
        lacking = not results.several and not results.fit.settings.arm_draws
        yield Text(NO_DRAWS if lacking else NOT_REFITTED)
    if results.bias is not None:
        yield from bias_blocks(results.bias, words)
    elif results.why_no_bias:
        yield Text(f"Models of the risk of bias were not fitted: {results.why_no_bias}.")


def _failed(wrong: int, fits: int) -> Iterator[Block]:
    if wrong:
        told = f"NOT RELIABLE: {wrong} of {fits} fits failed, or the diagnostics of their draws."
        yield Text(told, "warning")


def _why_not_left_out(results: FitResults) -> str:
    if reason := why_not_integrated(results.fit.spec, results.fit.arms):
        return f"Studies were not left out in turn: {reason}."
    return ONE_STUDY if results.informed_studies == 1 else NOT_LEFT_OUT


def missing_lines(results: FitResults) -> Iterator[str]:
    """Yield what missing studies could do to the rates."""
    without = without_results(results.fit.arms)
    if without and not results.several:
        yield without_results_sentence(without)
    if results.selection is not None:
        yield limit_sentence(results.selection, results.words)
    if results.bias is not None and results.bias.ok:
        yield from filter(None, [bias_sentence(results.bias, results.words)])


def validation_of_fit(results: FitResults) -> Iterator[Block]:
    """Yield how replicated counts look, and how studies were predicted from all others."""
    yield from figure_blocks("posterior_predictive", results)
    found = results.left_out
    if found is None:
        yield Text(_why_not_left_out(results))
        return
    counts = found.studies["method"].value_counts()
    methods = ", ".join(f"{count} {METHODS[str(method)]}" for method, count in counts.items())
    yield Text(
        "Each study was predicted from all others, its own effect integrated out: a check on data that the prediction has "
        f"not seen. Studies left out: {methods}."
    )
    yield from _failed(int((found.fits["ok"] != True).sum()), len(found.fits))  # noqa: E712 - failed: no verdict
    yield Text(
        f"{_predicted(results)}: {coverage_sentence(found.coverage)} Log predictive density "
        f"{found.elpd:.1f} (MCSE {found.mcse_elpd:.2f})."
    )
    words = results.words
    own: dict[str, Any] = {
        "ci_prob": results.question.ci_prob,
        "note": f"{found.main_quantity.capitalize()} of: {words.text(results.prediction.profile)}.",
        "scale": results.scale,
    }
    for name in results.names:
        outcome = name or None
        yield held_out_figure(found, outcome, words)
        yield influence_figure(found, outcome, words, **own)


def _predicted(results: FitResults) -> str:
    """Return what lies inside prediction intervals, or not."""
    if results.of_survival:
        return "Medians and landmarks"
    return "Counts of arms" if results.several else "Arms"


def fit_answers(results: FitResults) -> dict[str, Answer]:
    """Return the answers to the checklists."""
    own: dict[str, Answer] = dict(OF_SURVIVAL) if results.of_survival else {}
    fitted_again = results.sensitivity is not None or results.prior_grid is not None
    if results.left_out is not None:
        weighted = f"{titles.VALIDATION}: PSIS, with refits where it is not reliable"
        if (results.left_out.studies["method"] != "refit").any():
            own["2D"] = Answer("in part", weighted)
        own["3A"] = LEFT_OUT
    if results.replicated is not None:
        own["3A"] = done(titles.VALIDATION)
    if not fitted_again:
        tau_alone = Answer("in part", f"{titles.SENSITIVITY}: tau alone")
        own["5A"] = Answer(NOT_DONE, titles.SENSITIVITY) if results.tau_prior is None else tau_alone
    if results.question.rate_above is not None:
        own["4"] = Answer(AUTHOR, f"{titles.BRIEF} has the probability asked for")
        own["5C"] = done(titles.SENSITIVITY) if fitted_again else Answer(NOT_DONE, "")
    return own
