"""The part of a fit's report that says how far its numbers may be trusted."""

from collections.abc import Iterator

from bayesmeta import plots
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.report.contrast_text import sensitivity_lines
from bayesmeta.report.document import Block, Figure, Table, Text
from bayesmeta.report.fit_results import FitResults, studies_with_patients
from bayesmeta.report.sections.checklists import AUTHOR, NOT_DONE, USUAL, Answer, done
from bayesmeta.report.sections.titles import BRIEF, SENSITIVITY, VALIDATION
from bayesmeta.report.sensitivity_text import prior_cells, scaling_cells
from bayesmeta.rounding import percent

__all__ = ["fit_answers", "sensitivity_of_fit", "validation_of_fit"]

LEFT_OUT_QUANTITY = "typical rate"


def sensitivity_of_fit(results: FitResults) -> Iterator[Block]:
    """Yield how far the rates rest on the priors."""
    if results.tau_prior is not None:
        yield Text(
            sensitivity_lines(results.tau_prior, results.words)[0].removeprefix("Prior").strip()
        )
    found = results.sensitivity
    if found is None:
        yield Text(
            "The model was not fitted again under other priors; `bayesmeta sensitivity` does, and a report without --quick."
            if results.fit.settings.arm_draws
            else "The fit kept no draws of arms, without which sensitivity to the priors can't be told."
        )
        return
    width = f"{100 * found.ci_prob:g}%"
    said = "Rates under each other prior"
    plot = plots.sensitivity(found, scale=results.scale, labels=results.words.labels)
    yield Figure("sensitivity", plot, f"{said}.", said)
    yield Table(
        f"Other priors, each by a fit of its own: median and {width} interval{results.words.rates.note} ({found.profile})",
        prior_cells(found.priors, found.question, results.words),
    )
    yield Table(
        f"How fast estimates move with the priors and the likelihood (rates: {found.profile})",
        scaling_cells(found.scaling),
    )
    yield Text("From 0.05 on an estimate counts as sensitive (doi:10.1007/s11222-023-10366-5).")


def validation_of_fit(results: FitResults) -> Iterator[Block]:
    """Yield how replicated counts look, and how studies were predicted from all others."""
    yield from _replicated(results)
    found = results.left_out
    if found is None:
        reason = (
            "With one study that has patients, none can be predicted from others."
            if studies_with_patients(results.fit) == 1
            else "Studies were not left out in turn. `bayesmeta compare` does, and a report without --quick."
        )
        yield Text(reason)
        return
    yield Text(
        "Each study was predicted from all others, its own effect integrated out: a check on data that the prediction has "
        f"not seen. {_methods(found)}"
    )
    if not found.ok:
        wrong = found.fits[found.fits["ok"] != True]  # noqa: E712 - a failed fit has no verdict
        yield Text(
            f"NOT RELIABLE: {len(wrong)} of {len(found.fits)} fits failed, or the diagnostics of their draws.",
            "warning",
        )
    yield Text(_coverage(found))
    yield Figure(
        "predictive_checks",
        plots.predictive_checks(found),
        "How predictions of studies left out hold.",
        "Leave-one-study-out predictive check: observed counts against predictions from all other studies",
    )
    influence = found.influence_on(LEFT_OUT_QUANTITY)
    yield Figure(
        "leave_one_out",
        plots.leave_one_out(
            influence,
            ci_prob=results.asked.ci_prob,
            scale=results.scale,
            notes=[f"Typical rate of: {results.words.text(results.prediction.profile)}."],
        ),
        "The typical rate without each study in turn.",
        "Influence of single studies: the typical rate without each in turn",
    )


def _replicated(results: FitResults) -> Iterator[Block]:
    """Yield the posterior predictive check."""
    found = results.replicated
    if found is None:
        yield Text(
            "No posterior predictive check: it needs two arms with patients, and draws of arms."
        )
        return
    yield Figure(
        "posterior_predictive",
        plots.posterior_predictive(found),
        "Rates replicated from the posterior beside those observed.",
        "Posterior predictive check: replicated counts, with the effects of these studies, against the observed",
    )


def _methods(found: LeftOut) -> str:
    """Return how studies were left out."""
    counts = found.studies["method"].value_counts()
    words = {
        "weighted": "by weighting draws (PSIS)",
        "refit": "by a fit of their own",
        "bridged": "by bridge sampling",
    }
    parts = [f"{count} {words[str(method)]}" for method, count in counts.items()]
    return f"Studies left out: {', '.join(parts)}."


def _coverage(found: LeftOut) -> str:
    inside = ", ".join(
        f"{row['inside']:.0f} of {row['arms']:.0f} arms inside their {100 * row['ci_prob']:g}% intervals ({percent(row['expected'])} expected)"
        for row in found.coverage.to_dict("records")
    )
    return f"{inside}. Log predictive density {found.elpd:.1f} (Monte-Carlo error {found.mcse_elpd:.2f})."


def fit_answers(results: FitResults) -> dict[str, Answer]:
    """Return the answers to the checklists."""
    fitted_again = results.sensitivity is not None
    own: dict[str, Answer] = {}
    if results.left_out is not None:
        weighted = f"{VALIDATION}: weighted draws, with refits where weights are poor"
        own["2D"] = Answer("in part", weighted)
    if results.replicated is not None:
        own["3A"] = done(VALIDATION)
    if not fitted_again:
        own["5A"] = Answer("in part", f"{SENSITIVITY}: tau alone")
    if results.asked.rate_above is not None:
        own["4"] = Answer(AUTHOR, f"{BRIEF} has the probability asked for")
        own["5C"] = done(SENSITIVITY) if fitted_again else Answer(NOT_DONE, "")
    return {**USUAL, **own}
