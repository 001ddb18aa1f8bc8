"""What a terminal shows of the plan of a trial."""

import pandas as pd

from bayesmeta.planning.borrowing import NO_BORROWING
from bayesmeta.planning.conflict import CONFLICT
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan import MAP, ROBUST, Interim, Plan
from bayesmeta.report.text import percent, table_text

__all__ = ["plan_lines"]

METHODS = {"elir": "ELIR", "moment": "moments", "morita": "Morita"}
NAMES = {MAP: "MAP", ROBUST: "robust", NO_BORROWING: "no borrowing"}


def plan_lines(plan: Plan) -> list[str]:
    """Return all that a plan says: priors, success, conflict, operating characteristics, interim."""
    lines = [*_prior_lines(plan), "", *_success_lines(plan), "", *_borrowing_lines(plan)]
    return lines if plan.interim is None else [*lines, "", *_interim_lines(plan, plan.interim)]


def _prior_lines(plan: Plan) -> list[str]:
    """Return the two priors that borrow, and what each is worth."""
    fitted, sizes = plan.map_prior, plan.effective_sizes
    return [
        f"MAP prior  of a new study's rate ({fitted.profile}): {_terms(fitted.mixture)}",
        f"           {_summary(fitted.mixture)}; {_worth(sizes[MAP])}.",
        f"           Distribution functions of mixture and draws differ by at most {fitted.ecdf_difference:.4f}.",
        f"Robust     {percent(plan.robust)} of it vague: {_terms(plan.priors[ROBUST])}",
        f"           {_summary(plan.priors[ROBUST])}; {_worth(sizes[ROBUST])}.",
    ]


def _success_lines(plan: Plan) -> list[str]:
    """Return which counts succeed with the robust prior, how probably, and which conflict."""
    trial = plan.trial
    within = plan.conflict.index[~plan.conflict["conflict"]]
    return [
        f"Success    {trial.success}",
        f"           With the robust prior {trial.words} responders succeed.",
        f"           Probability of success before the trial, the rate as the MAP prior says: "
        f"{_exact(trial.probability_of_success(plan.priors[MAP]))}.",
        _conflict_line(trial.n, int(within[0]), int(within[-1])),
    ]


def _conflict_line(n: int, least: int, most: int) -> str:
    """Return which numbers of responders lie outside of what the MAP prior foretells."""
    outside = [f"fewer than {least}"] * (least > 0) + [f"more than {most}"] * (most < n)
    if not outside:
        return f"Conflict   No number of responders of {n} would conflict with the MAP prior."
    return (
        f"Conflict   {' or '.join(outside).capitalize()} responders of {n} would conflict with the MAP prior "
        f"(two-sided predictive probability below {percent(CONFLICT)})."
    )


def _borrowing_lines(plan: Plan) -> list[str]:
    """Return the operating characteristics with either prior, and without borrowing."""
    table = plan.borrowing
    rows = {f"true rate {rate:.4g}": table["rate"] == rate for rate in plan.rates}
    cells = [
        {"": name, **{NAMES[row.prior]: _exact(row.success) for row in table[chosen].itertuples()}}
        for name, chosen in rows.items()
    ]
    first = table.drop_duplicates("prior").set_index("prior")
    null = plan.trial.success.null_value
    for name, column in (
        (f"type-I error at {null:.4g}", "type_one_error"),
        ("expected, rate as MAP", "expected_success"),
    ):
        cells.append(
            {
                "": name,
                **{NAMES[str(prior)]: _exact(value) for prior, value in first[column].items()},
            }
        )
    words = {NAMES[name]: trial.words for name, trial in plan.trials.items()}
    return [
        "Operating characteristics: probability of success, with each prior of the analysis",
        *table_text(pd.DataFrame(cells), indent=2).splitlines(),
        "  Succeed: " + "; ".join(f"{name} {what}" for name, what in words.items()) + ".",
        "  Exact, by enumeration of all numbers of responders.",
    ]


def _interim_lines(plan: Plan, interim: Interim) -> list[str]:
    """Return what an interim look finds, and what it does to the trial."""
    look = interim.look
    found = ", ".join(f"{NAMES[name]} {_exact(value)}" for name, value in interim.success.items())
    stops = look.table.index[look.stops]
    stopping = (
        f"{_counts(stops)} of {look.n} responders stop it" if len(stops) else "nothing stops it"
    )
    table = look.operating_characteristics(plan.rates)
    cells = pd.DataFrame(
        {
            "": [f"true rate {rate:.4g}" for rate in table["rate"]],
            "success": [_exact(value) for value in table["success"]],
            "stopped": [_exact(value) for value in table["stop"]],
            "mean patients": [f"{value:.1f}" for value in table["expected_n"]],
        }
    )
    decision = "STOP for futility" if look.stops[interim.events] else "go on"
    return [
        f"Interim    {interim.events} responders of {interim.n}: {decision}.",
        f"           Predictive probability of success at the end: {found}.",
        f"           {interim.conflict.words}",
        f"  If the trial stops where it is below {percent(look.stop_below)} with the robust prior, {stopping}:",
        *table_text(cells, indent=2).splitlines(),
    ]


def _terms(mixture: BetaMixture) -> str:
    return repr(mixture).removeprefix("BetaMixture(").removesuffix(")")


def _summary(mixture: BetaMixture) -> str:
    low, high = mixture.interval(0.95)
    return f"mean {percent(mixture.mean)}, 95% interval {percent(low)} to {percent(high)}"


def _worth(sizes: "pd.Series[float]") -> str:
    """Return how many patients a prior is worth, by each method."""
    found = [f"{METHODS[str(name)]} {value:.1f}" for name, value in sizes.dropna().items()]
    return f"worth so many patients: {', '.join(found) or 'not known'}"


def _counts(counts: "pd.Index[int]") -> str:
    """Return neighbouring counts as text."""
    first, last = counts[0], counts[-1]
    return f"{last} or fewer" if first == 0 else f"{first} to {last}"


def _exact(probability: float) -> str:
    """Return a probability, which is exact, in percent with a decimal."""
    return f"{100 * probability:.1f}%"
