"""The sensitivity to priors: rates under other priors, and what moves with priors and evidence."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.arrays import Array
from bayesmeta.errors import counted
from bayesmeta.estimates.log_priors import SENSITIVE
from bayesmeta.estimates.survival_words import months_texts
from bayesmeta.labels import Labels
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.estimate_rows import draw_months, draw_rates, estimate_columns, rate_columns
from bayesmeta.plots.fit_text import warning_of_fits
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.rows import Column, Rows, draw_axis, draw_panels
from bayesmeta.plots.style import ALARM, DOT, HOLLOW, house_style
from bayesmeta.sensitivity.sensitivity import Sensitivity
from bayesmeta.sensitivity.tipping_point import TippingPoint

MARK = 24.0
"""Area of marks in square points."""

NOTE = (
    "Above: each row is the model fitted with one other prior. Thin, dark lines and marks: typical "
    "{what}. Wide, light bars: prediction interval of a new study. Band: typical {what} with the model's own "
    "priors. Overlap: what the intervals of a new study with this prior and with the model's own share, "
    "as a part of both together."
)
SCALING_NOTE = (
    "Below: how fast each estimate moves as all priors (filled) or the likelihood (hollow) are made "
    f"stronger or weaker. From {SENSITIVE:g} (dashed) on it counts as sensitive."
)


def sensitivity(
    result: Sensitivity,
    *,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    labels: Labels = Labels(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the rates under other priors, and how fast estimates move with priors and likelihood.

    Of survival, the medians under other priors, on a log axis of months.

    Parameters
    ----------
    result : Sensitivity
        Of `bayesmeta.sensitivity`. Rows whose draws failed their diagnostics have an asterisk.
    scale : RateScale
        How rates are shown.
    labels : Labels
        Labels of levels and columns, in place of their names.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per prior tried (`kind` ``"prior"``), with the columns of
        `Sensitivity.changes` (rates are probabilities, medians in months), and per estimate
        (``"scaling"``), with those of `power_scaling`.

    Raises
    ------
    SettingsError
        If `result` is not a Sensitivity.

    References
    ----------
    Kallioinen, Paananen, Bürkner & Vehtari 2024, doi:10.1007/s11222-023-10366-5 (power-scaling).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> found = bm.sensitivity(fit, priors={"tau": [bm.HalfNormal(0.5)]})
    >>> bm.plots.sensitivity(found)
    Plot(sensitivity: 2 priors, 5 estimates)
    """
    check_kind("result", result, Sensitivity, "sensitivity")
    priors, scaling = result.changes, result.scaling
    panels = [_prior_rows(result, priors, scale, labels), _scaling_rows(scaling, labels)]
    words = Words(
        f"Sensitivity to priors: {labels.text(result.profile)}",
        [
            NOTE.format(what="rate" if result.time is None else "median"),
            SCALING_NOTE,
            *_notes(result),
            *notes,
        ],
        warning_of_fits(*_failed(result)),
    )
    with house_style():
        figure, [(upper, heights), (lower, places)] = draw_panels(panels, words)
        shown, own = _shown(priors), int(priors["own"].to_numpy().argmax())
        if result.time is None:
            draw_rates(upper, shown, heights, own, scale=scale)
        else:
            draw_months(upper, shown, heights, own)
        _draw_scaling(lower, scaling, places)
    table = pd.concat(
        [priors.assign(kind="prior"), scaling.assign(kind="scaling")], ignore_index=True
    )
    about = f"{counted(len(priors), 'prior')}, {counted(len(scaling), 'estimate')}"
    return Plot("sensitivity", figure, table, about)


def _failed(result: Sensitivity) -> tuple[int, int]:
    """Return how many fits failed, with other priors and for tipping points, and how many there were."""
    verdicts = [result.priors["ok"], *(one.trials["ok"] for one in result.tipping_points)]
    return sum(int((~one.astype(bool)).sum()) for one in verdicts), sum(map(len, verdicts))


def _shown(priors: pd.DataFrame) -> pd.DataFrame:
    """Return what is drawn under the names that rates have: of survival, the medians."""
    return priors.rename(columns=lambda name: str(name).replace("_median", ""))


def _prior_rows(
    result: Sensitivity, priors: pd.DataFrame, scale: RateScale, labels: Labels
) -> Rows:
    rows = priors.to_dict("records")
    if result.time is None:
        columns = rate_columns(priors, result.ci_prob, scale)
    else:
        columns = estimate_columns(_shown(priors), result.ci_prob, months_texts, "median, months")
    typical, new_study, *tau = columns
    return Rows(
        heading="Prior",
        axis=scale.label("Rate") if result.time is None else "Median (months)",
        labels=[labels.text(_prior_label(row)) for row in rows],
        columns=[
            typical,
            new_study,
            Column("Overlap\n%", list(map(_overlap, rows))),
            *tau,
            *([Column("P", list(map(_probability, rows)))] if "probability" in priors else []),
        ],
        bold=np.flatnonzero(priors["own"]).tolist(),
    )


def _prior_label(row: Mapping[Hashable, Any]) -> str:
    """Return which priors are other than the model's own."""
    names = row["changed"].split(", ") if row["changed"] else []
    changed = ", ".join(f"{name} ~ {row[f'prior_{name}']}" for name in names)
    return (changed or "The model's own") + ("" if row["ok"] else "*")


def _overlap(row: Mapping[Hashable, Any]) -> str:
    return "" if row["own"] or pd.isna(row["overlap"]) else f"{100 * row['overlap']:.0f}"


def _probability(row: Mapping[Hashable, Any]) -> str:
    return "" if pd.isna(row["overlap"]) else f"{row['probability']:.3f}"


def _scaling_rows(scaling: pd.DataFrame, labels: Labels) -> Rows:
    diagnoses = scaling["diagnosis"].tolist()
    return Rows(
        heading="Estimate",
        axis="Power-scaling sensitivity",
        labels=[labels.text(str(quantity)) for quantity in scaling["quantity"]],
        columns=[
            Column("Priors", [f"{value:.3f}" for value in scaling["prior"]]),
            Column("Likelihood", [f"{value:.3f}" for value in scaling["likelihood"]]),
            Column("Diagnosis", diagnoses),
        ],
        bold=[i for i, diagnosis in enumerate(diagnoses) if diagnosis],
    )


def _draw_scaling(graph: Axes, scaling: pd.DataFrame, heights: Array) -> None:
    prior, likelihood = (scaling[name].to_numpy(dtype=np.float64) for name in ("prior", "likelihood"))  # fmt: skip
    graph.axvline(SENSITIVE, color=ALARM, linewidth=1.0, linestyle="--", zorder=1)
    graph.scatter(likelihood, heights, s=MARK, zorder=2, **HOLLOW)
    graph.scatter(prior, heights, s=MARK, zorder=3, **DOT)
    ends = np.array([0.0, 2 * SENSITIVE, np.nanmax([prior, likelihood])])
    draw_axis(graph, ends, "Sensitivity")


def _notes(result: Sensitivity) -> list[str]:
    found = [f"P: {result.question}."] if result.question else []
    found += [_about_tipping_point(one) for one in result.tipping_points]
    if not result.priors["ok"].all():
        found.append("* The fit could not be made, or its draws failed their diagnostics.")
    return found


def _about_tipping_point(found: TippingPoint) -> str:
    """Return at which scale of a prior a decision changes, or that it does not."""
    head = f"Decision that requires {found.question} of {found.certainty:g}, and the prior of {found.parameter}:"
    if found.open_at_own:
        head += " it is open with the model's own, within Monte-Carlo error;"
    if not found.exists:
        low, high = found.trials["factor"].iloc[[0, -1]]
        return f"{head} no tipping point between {low:g} and {high:g} times its scale."
    low, high = found.factor_interval
    return f"{head} it changes at {found.factor:.2f} times its scale (95% {low:.2f} to {high:.2f} from Monte-Carlo error)."
