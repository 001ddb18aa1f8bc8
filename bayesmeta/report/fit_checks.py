"""The part of a fit's report that says how far its numbers may be trusted."""

from collections.abc import Iterator

from bayesmeta import plots
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.report.contrast_text import sensitivity_lines
from bayesmeta.report.document import Block, Figure, Table, Text
from bayesmeta.report.figures import figure_blocks
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.sections.checklists import AUTHOR, NOT_DONE, USUAL, Answer, done
from bayesmeta.report.sections.titles import BRIEF, SENSITIVITY, VALIDATION
from bayesmeta.report.sensitivity_text import prior_cells, scaling_cells
from bayesmeta.rounding import percent

__all__ = ["fit_answers", "sensitivity_of_fit", "validation_of_fit"]

NOT_REFITTED = "The model was not fitted again under other priors; `bayesmeta sensitivity` does, and a report without --quick."
NOT_LEFT_OUT = (
    "Studies were not left out in turn. `bayesmeta.joint_against_separate` does, and compares this model with one of "
    "each outcome. There is no posterior predictive check, whose statistics are of one outcome."
)
METHODS = {"weighted": "by PSIS", "refit": "by refits", "bridged": "by bridge sampling"}


def sensitivity_of_fit(results: FitResults) -> Iterator[Block]:
    """Yield how far the rates rest on the priors."""
    if results.several:
        yield from _nested_sensitivity(results)
        return
    if results.tau_prior is not None:
        yield Text(
            sensitivity_lines(results.tau_prior, results.words)[0].removeprefix("Prior").strip()
        )
    found = results.sensitivity
    if found is None:
        yield Text(
            NOT_REFITTED
            if results.fit.settings.arm_draws
            else "The fit kept no draws of arms, without which sensitivity to the priors can't be told."
        )
        return
    width = f"{100 * found.ci_prob:g}%"
    said = "Rates under each other prior"
    plot = plots.sensitivity(found, scale=results.scale, labels=results.words.labels)
    yield Figure("sensitivity", plot, f"{said}.", said)
    yield Table(
        f"Other priors, each by a refit: median and {width} interval{results.words.rates.note} ({found.profile})",
        prior_cells(found.priors, found.question, results.words),
    )
    yield Table(
        f"How fast estimates move with the priors and the likelihood (rates: {found.profile})",
        scaling_cells(found.scaling),
    )
    yield Text("From 0.05 on an estimate counts as sensitive (doi:10.1007/s11222-023-10366-5).")


def _nested_sensitivity(results: FitResults) -> Iterator[Block]:
    fit, words, found = results.fit, results.words, results.prior_grid
    if found is None:
        yield Text(NOT_REFITTED)
        return
    label = profile_label(fit.coding, results.profile)
    width = f"{100 * results.question.ci_prob:g}%"
    for place, (outcome, rows) in enumerate(found.groupby("outcome", sort=False)):
        if not place and not rows["ok"].all():
            yield Text(
                f"NOT RELIABLE: {int((~rows['ok']).sum())} of {len(rows)} fits failed, or the diagnostics of their draws.",
                "warning",
            )
        yield Table(
            f"{words.outcome(str(outcome))} under other priors, each by a joint refit: median and {width} interval"
            f"{words.rates.note} ({label})",
            prior_cells(rows, words=words),
        )
    yield Text("Rates are of all patients; tau is that of the conditional probability.")


def validation_of_fit(results: FitResults) -> Iterator[Block]:
    """Yield how replicated counts look, and how studies were predicted from all others."""
    if results.several:
        yield Text(NOT_LEFT_OUT)
        return
    yield from figure_blocks("posterior_predictive", results)
    found = results.left_out
    if found is None:
        reason = (
            "With one study that has patients, none can be predicted from others."
            if results.studies_with_patients == 1
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
        "Held-out predictions against the observed counts.",
        "Leave-one-study-out predictive check: observed counts against predictions from all other studies",
    )
    influence = found.influence_on("typical rate")
    yield Figure(
        "leave_one_out",
        plots.leave_one_out(
            influence,
            ci_prob=results.question.ci_prob,
            scale=results.scale,
            notes=[f"Typical rate of: {results.words.text(results.prediction.profile)}."],
        ),
        "The typical rate without each study in turn.",
        "Influence of single studies: the typical rate without each in turn",
    )


def _methods(found: LeftOut) -> str:
    """Return how studies were left out."""
    counts = found.studies["method"].value_counts()
    parts = [f"{count} {METHODS[str(method)]}" for method, count in counts.items()]
    return f"Studies left out: {', '.join(parts)}."


def _coverage(found: LeftOut) -> str:
    inside = ", ".join(
        f"{row['inside']:.0f} of {row['arms']:.0f} arms inside their {100 * row['ci_prob']:g}% intervals ({percent(row['expected'])} expected)"
        for row in found.coverage.to_dict("records")
    )
    return f"{inside}. Log predictive density {found.elpd:.1f} (Monte-Carlo error {found.mcse_elpd:.2f})."


def fit_answers(results: FitResults) -> dict[str, Answer]:
    """Return the answers to the checklists."""
    if results.several:
        return {
            **USUAL,
            **({} if results.options.refits else {"5A": Answer(NOT_DONE, SENSITIVITY)}),
        }
    fitted_again = results.sensitivity is not None
    own: dict[str, Answer] = {}
    if results.left_out is not None:
        weighted = f"{VALIDATION}: PSIS, with refits where it is not reliable"
        own["2D"] = Answer("in part", weighted)
    if results.replicated is not None:
        own["3A"] = done(VALIDATION)
    if not fitted_again:
        own["5A"] = Answer("in part", f"{SENSITIVITY}: tau alone")
    if results.question.rate_above is not None:
        own["4"] = Answer(AUTHOR, f"{BRIEF} has the probability asked for")
        own["5C"] = done(SENSITIVITY) if fitted_again else Answer(NOT_DONE, "")
    return {**USUAL, **own}
