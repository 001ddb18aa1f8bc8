"""What a terminal shows of evidence, fits and predictions: they format, they compute nothing."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.heterogeneity import without_tau
from bayesmeta.estimates.predict import Prediction
from bayesmeta.evidence import Arms, NestedArms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design, ModelSpec
from bayesmeta.priors import Prior

__all__ = [
    "NOT_RELIABLE",
    "Blocks",
    "arms_blocks",
    "cohort_lines",
    "diagnosis_lines",
    "evidence_lines",
    "finding_lines",
    "fit_blocks",
    "head_blocks",
    "heterogeneity_line",
    "model_lines",
    "parameter_table",
    "prediction_lines",
    "rate_precision",
    "rate_table",
    "table_text",
    "warning_lines",
]


Blocks = list[str | list[str]]

NOT_RELIABLE = "NOT RELIABLE: the diagnostics failed; do not use these numbers."
"""What is told first of draws that failed their diagnostics."""


def fit_blocks(fit: Fit, diagnostics: Diagnostics, table: pd.DataFrame, ci_prob: float) -> Blocks:
    """Return what is printed of a fit: evidence, model, draws, parameters and rates."""
    return [
        *head_blocks(fit, diagnostics),
        f"Parameters ({fit.spec.link.scale}; {100 * ci_prob:g}% interval)",
        table_text(parameter_table(table), indent=2),
        "",
        f"Rates: median and {100 * ci_prob:g}% interval",
        table_text(rate_table(table), indent=2),
        f"  {rate_precision(table)}",
        *_independent_note(fit.spec),
    ]


def _independent_note(spec: ModelSpec) -> list[str]:
    """Return what to know of rates where no study tells of another."""
    if spec.study_effects.name != "independent":
        return []
    return [
        "  Without pooling, these are the rates of a study not seen: its prior and the covariates. "
        "The studies' own are in bm.shrinkage(fit)."
    ]


def arms_blocks(arms: Arms) -> Blocks:
    """Return the arms of a selection, and the rows left out with their rules."""
    kept = arms.frame.assign(arm=arms.labels)[["arm", "events", "n"]]
    left_out = arms.excluded[["study", "arm", "stratum", "events", "n", "rule"]]
    return [
        evidence_lines(arms),
        table_text(kept, indent=2),
        "Left out",
        table_text(left_out, indent=2),
    ]


def warning_lines(diagnostics: Diagnostics) -> list[str]:
    """Return the first line of everything printed of a fit that failed its diagnostics."""
    return [] if diagnostics.ok else [NOT_RELIABLE]


def head_blocks(fit: Fit, diagnostics: Diagnostics) -> Blocks:
    """Return evidence, model and draws, before any number."""
    return [
        warning_lines(diagnostics),
        evidence_lines(fit.arms),
        model_lines(fit.spec, fit.design),
        diagnosis_lines(diagnostics, fit),
        "",
    ]


def evidence_lines(arms: Arms) -> list[str]:
    """Return what was selected and what was left out, by rule."""
    outcome = arms.selection.get("outcome") or "responders"
    head = (
        f"Evidence   {outcome} in {arms.selection.get('table', 'the table')}: "
        f"{counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}, "
        f"{arms.events.sum()} of {arms.n.sum()} patients responded."
    )
    lines = [head]
    if len(arms.excluded):
        kinds = arms.excluded["rule"].str.split(":").str[0].value_counts()
        counts = ", ".join(f"{kind} {rows}" for kind, rows in kinds.items())
        lines.append(f"           {counted(len(arms.excluded), 'row')} left out ({counts}).")
    if len(arms.studies) == 1:
        lines.append(
            "           One study: tau and what a new study would show rest on the priors."
        )
    if arms.without_patients:
        lines.append(
            f"           Without patients, so without information: {', '.join(arms.without_patients)}."
        )
    return [*lines, *finding_lines(arms)]


def finding_lines(arms: Arms | NestedArms) -> list[str]:
    """Return what was found in the arms that is probably not meant."""
    return [f"           Check: {finding}" for finding in arms.findings]


def model_lines(spec: ModelSpec, design: Design) -> list[str]:
    """Return the model in symbols and its priors, each with the range it allows."""
    law, link = spec.study_effects, spec.link
    terms = [":".join(factor.text for factor in term) for term in spec.covariates.parsed.terms]
    effects = ["u(study)"] * bool(law.symbol) + ["w(arm)"] * (spec.arm_effects is not None)
    predictor = " + ".join(["mu", *terms, *effects])
    low, high = map(percent, link.rate(spec.mu.interval(0.95)))
    lines = [
        f"Model      {spec.name}: events ~ {spec.likelihood.symbol}, {link.name}(rate) = {predictor}",
        f"Priors     mu ~ {spec.mu!r}: typical rate {low} to {high} with 95% probability",
    ]
    lines += [
        f"           beta ~ {prior!r}: {prior_range(prior)} ({link.scale})"
        for prior in dict.fromkeys(design.beta)
    ]
    if law.symbol:
        by = f", one for each level of {law.by}" if law.by else ""
        tau = f", tau ~ {law.tau!r}: {prior_range(law.tau)}{by}" if law.tau is not None else ""
        lines.append(f"           {law.symbol}{tau}")
    if spec.arm_effects is not None:
        tau_arm = spec.arm_effects.tau_arm
        lines.append(
            f"           w ~ Normal(0, tau_arm), tau_arm ~ {tau_arm!r}: {prior_range(tau_arm)}"
        )
    own = {**law.parameters, **spec.likelihood.parameters}
    return lines + [
        f"           {name} ~ {prior!r}: {prior_range(prior)}" for name, prior in own.items()
    ]


def prior_range(prior: Prior) -> str:
    """Return the 95% range of a prior."""
    low, high = prior.interval(0.95)
    return f"95% between {low:.2f} and {high:.2f}"


def diagnosis_lines(diagnostics: Diagnostics, fit: Fit | NestedFit) -> list[str]:
    """Return the verdict on the draws; a failed one comes with what to do."""
    table, sizes = diagnostics.table, fit.posterior.sizes
    measured = (
        f"{sizes['chain']} chains of {sizes['draw']} draws, largest R-hat {table['r_hat'].max():.3f}, smallest ESS "
        f"{table[['ess_bulk', 'ess_tail']].min().min():.0f}, {diagnostics.divergences} divergences"
    )
    if diagnostics.ok:
        return [f"Draws      ok: {measured}; {fit.provenance.seconds:.1f} s."]
    return [
        f"Draws      NOT RELIABLE: {measured}.",
        *(f"           {problem}" for problem in diagnostics.problems),
    ]


def percent(rate: Any) -> str:
    """Return a probability as a percentage."""
    return f"{100 * rate:.0f}%"


def rate_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the four rates of each profile as text, one row per profile."""
    rows = []
    for profile, group in summary[summary["profile"] != ""].groupby("profile", sort=False):
        found = group.set_index("quantity")
        cells = {
            name: _interval(found.loc[quantity])
            for name, quantity in (
                ("typical", "typical rate"),
                ("mean", "mean rate"),
                ("new study", "new study"),
            )
        }
        cohort = found.loc["new cohort"]
        cells[f"{cohort['scale']}"] = (
            f"{cohort['median']:.0f} ({cohort['lower']:.0f} to {cohort['upper']:.0f})"
        )
        rows.append({"profile": profile, **cells})
    return pd.DataFrame(rows)


def _interval(row: Any) -> str:
    return f"{percent(row['median'])} ({percent(row['lower'])} to {percent(row['upper'])})"


def heterogeneity_line(summary: pd.DataFrame, spec: ModelSpec) -> str:
    """Return how much studies differ, by the summary of a fit of `spec`."""
    quantity = summary["quantity"]
    rows = summary[(quantity == "tau") | quantity.str.startswith("tau[")].to_dict("records")
    if not rows:
        return f"Heterogeneity between studies: {without_tau(spec)}."
    parts = [
        f"{row['quantity']} {row['median']:.2f} ({row['lower']:.2f} to {row['upper']:.2f}) {row['scale']}, "
        f"MCSE {row['mcse_median']:.3f}"
        for row in rows
    ]
    line = f"Heterogeneity between studies: {'; '.join(parts)}"
    shares = summary[quantity == "i_squared"]
    if shares.empty:
        return f"{line}."
    return f"{line}; I-squared {percent(shares['median'].iloc[0])} (it rises with study size)."


def rate_precision(summary: pd.DataFrame) -> str:
    """Return a line that states the largest Monte-Carlo error of the rates printed."""
    rates = summary[summary["scale"] == "probability"]
    largest = rates[["mcse_median", "mcse_lower", "mcse_upper"]].max().max()
    return f"Monte-Carlo standard errors of these numbers: at most {100 * largest:.1f} percentage points."


def parameter_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return coefficients, tau and I-squared as text, with their Monte-Carlo errors."""
    rows = summary[summary["profile"] == ""]
    columns = ["quantity", "mean", "sd", "lower", "upper", "mcse_mean", "ess_bulk", "r_hat"]
    text = rows[columns].copy().astype(object)
    for column in columns[1:]:
        digits = {"ess_bulk": 0, "r_hat": 3, "mcse_mean": 3}.get(column, 2)
        text[column] = [f"{value:.{digits}f}" for value in rows[column]]
    return text


def cohort_lines(prediction: Prediction, ci_prob: float) -> list[str]:
    """Return the interval of the true rate and of the responders of a cohort."""
    table = prediction.interval(ci_prob)
    rate, events = table.loc["rate"], table.loc["events"]
    who = "a new study" if prediction.study is None else f"a further cohort of {prediction.study}"
    error = f"MCSE {100 * rate['mcse_lower']:.1f} and {100 * rate['mcse_upper']:.1f} points"
    return [
        f"True rate of {who} ({prediction.profile}): {percent(rate['median'])}, {100 * ci_prob:g}% interval "
        f"{percent(rate['lower'])} to {percent(rate['upper'])} ({error}).",
        f"Responders of {prediction.n}: {events['median']:.0f}, {100 * ci_prob:g}% interval {events['lower']:.0f} to {events['upper']:.0f}.",
    ]


def prediction_lines(
    prediction: Prediction, ci_prob: float, asked: Sequence[tuple[str, Any]]
) -> list[str]:
    """Return the intervals, and each probability asked for with its Monte-Carlo error."""
    lines = cohort_lines(prediction, ci_prob)
    words = {
        "rate_above": "rate >",
        "rate_below": "rate <",
        "events_at_least": "responders >=",
        "events_at_most": "responders <=",
    }
    for name, value in asked:
        probability = prediction.probability(**{name: value})
        lines.append(
            f"P({words[name]} {value:g}) = {probability:.3f} (MCSE {probability.mcse:.3f})."
        )
    return lines


def table_text(table: pd.DataFrame, indent: int = 0) -> str:
    """Return a table of text with its first column to the left and the others to the right."""
    body = [
        ["" if pd.isna(value) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    cells = [list(map(str, table.columns)), *body]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
    lines = []
    for row in cells:
        first, *rest = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append(" " * indent + "  ".join([first, *rest]).rstrip())
    return "\n".join(lines)
