"""Missing studies: rates under each assumption on the publication of studies."""

from collections.abc import Sequence

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.labels import Labels
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.estimate_rows import draw_rates, rate_columns
from bayesmeta.plots.fit_text import warning_of_fits
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.rows import Column, Rows, draw_rows
from bayesmeta.plots.style import house_style
from bayesmeta.sensitivity.selection import TRIED, Selection

NOTE = (
    "Each row is the model fitted with one assumption on publication: the probability that the smallest and the "
    "largest study are published, and the correlation rho between a study's rate and its publication. Published "
    "studies cannot estimate them. Thin, dark lines and marks: typical rate of all studies, published or not. "
    "Wide, light bars: prediction interval of a new study. Band: typical rate if all are published."
)


def selection(
    result: Selection,
    *,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    labels: Labels = Labels(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the typical rate and a new study's if studies with low rates were published less often.

    Parameters
    ----------
    result : Selection
        Of `bayesmeta.selection`. Rows whose draws failed their diagnostics have an asterisk.
    scale : RateScale
        How rates are shown.
    labels : Labels
        Labels of levels and columns, in place of their names.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: that of `Selection`; rates are probabilities, tau is on the scale of the link.

    Raises
    ------
    SettingsError
        If `result` is not a Selection.

    References
    ----------
    Copas & Shi 2000, doi:10.1093/biostatistics/1.3.247.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> bm.plots.selection(bm.selection(fit, smallest=[0.8, 0.5], rho=0.9))
    Plot(selection: 2 assumptions)
    """
    check_kind("result", result, Selection, "selection")
    table = result.table.reset_index(drop=True)
    rows = Rows(
        heading="P(published)",
        axis=scale.label("Rate"),
        labels=[_label(row, ok=bool(row["ok"])) for _, row in table.iterrows()],
        columns=[
            Column("rho", ["" if pd.isna(rho) else f"{rho:g}" for rho in table["rho"]]),
            Column("Unpublished\nstudies", [f"{number:.1f}" for number in table["unpublished"]]),
            *rate_columns(table, result.ci_prob, scale),
            *_probabilities(table),
        ],
        bold=[0],
    )
    words = Words(
        f"Missing studies: {labels.text(result.profile)}",
        [NOTE, *_notes(result), *notes],
        warning_of_fits(int((~table["ok"].astype(bool)).sum()), len(table)),
    )
    with house_style():
        figure, graph, heights = draw_rows(rows, words)
        draw_rates(graph, table, heights, 0, scale=scale)
    return Plot("selection", figure, table, counted(len(table) - 1, "assumption"))


def _label(row: "pd.Series[float]", *, ok: bool) -> str:
    star = "" if ok else "*"
    if pd.isna(row["smallest"]):
        return f"All published{star}"
    return f"{100 * row['smallest']:.10g}% to {100 * row['largest']:.10g}%{star}"


def _probabilities(table: pd.DataFrame) -> list[Column]:
    if "probability" not in table:
        return []
    return [Column("P", ["" if pd.isna(p) else f"{p:.3f}" for p in table["probability"]])]


def _notes(result: Selection) -> list[str]:
    found = [f"P: {result.question}."] if result.question else []
    for row in result.tipping_points.to_dict("records"):
        where = f"does not change while {100 * TRIED[0]:.0f}% of studies as small as the smallest are published"
        if row["open"]:
            where = "may change or not: Monte-Carlo error leaves it open"
        if row["exists"]:
            where = f"changes where {100 * row['smallest']:.0f}% of studies as small as the smallest are published"
        found.append(
            f"With rho {row['rho']:g} a decision that requires {result.question} of {result.certainty:g} {where}."
        )
    if not result.table["ok"].all():
        found.append("* The fit could not be made, or its draws failed their diagnostics.")
    return found
