"""The cumulative forest: what the evidence said as it grew, one row for each year."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from bayesmeta.comparison.cumulative import Cumulative
from bayesmeta.errors import counted
from bayesmeta.labels import Labels
from bayesmeta.plots.checks import check_kind, rows_of_outcome
from bayesmeta.plots.fit_text import warning_of_fits
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.rows import Column, Rows, draw_rates, draw_rows, rate_columns
from bayesmeta.plots.style import house_style

__all__ = ["cumulative"]


def cumulative(
    result: Cumulative,
    *,
    outcome: str | None = None,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    labels: Labels = Labels(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the cumulative forest: the typical rate and a new study's, as studies were added.

    Each row is a fit to all studies up to then. The thin, dark line and the mark are the typical
    rate. The wide, light bar is the prediction interval of a new study, which does not shrink to
    nothing however many studies there are. The band is the interval of the last typical rate.

    Parameters
    ----------
    result : Cumulative
        Of `bayesmeta.cumulative`. Rows whose draws failed their diagnostics have an asterisk.
    outcome : str, optional
        Which of several outcomes.
    scale : RateScale
        How rates are shown.
    labels : Labels
        Labels of levels, columns and outcomes, in place of their names.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the rows of `bayesmeta.cumulative`: rates are probabilities, tau is on the scale
        of the link.

    Raises
    ------
    SettingsError
        If `result` is no Cumulative, or `outcome` is not one of its outcomes.

    References
    ----------
    Lau et al. 1992, doi:10.1056/NEJM199207233270406 (cumulative meta-analysis).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few)
    >>> plot = bm.plots.cumulative(bm.cumulative(fit, seed=2, settings=few))
    >>> plot
    Plot(cumulative: 7 rows)
    >>> plot.table["typical"].round(1).tolist()[1:]
    [0.1, 0.2, 0.2, 0.2, 0.2, 0.2]
    """
    check_kind("result", result, Cumulative, "cumulative")
    table = rows_of_outcome(result.table, outcome).reset_index(drop=True)
    rows = Rows(
        heading=f"Up to {result.by}",
        axis=scale.label("Rate"),
        labels=list(map(_label, table.to_dict("records"))),
        columns=[
            Column("Studies", table["studies"].astype(str).tolist()),
            Column("Patients", [f"{patients:,}" for patients in table["patients"]]),
            *rate_columns(table, result.ci_prob, scale),
        ],
        bold=[len(table) - 1],
    )
    of = f"{labels.outcome(outcome)}: " if outcome else ""
    words = Words(
        f"{of}Cumulative meta-analysis by {result.by}: {labels.text(result.profile)}",
        [*_notes(result), *notes],
        warning_of_fits(int((~table["ok"].astype(bool)).sum()), len(table)),
    )
    with house_style():
        figure, graph, heights = draw_rows(rows, words)
        draw_rates(graph, table, heights, len(table) - 1, scale=scale)
    return Plot("cumulative", figure, table, counted(len(table), "row"))


def _label(row: Mapping[Hashable, Any]) -> str:
    name = "All" if np.isnan(row["year"]) else f"{row['year']:.10g}"
    return name if row["ok"] else f"{name}*"


def _notes(result: Cumulative) -> list[str]:
    found = [
        "Each row: the same model fitted to all studies up to then. Thin, dark lines and marks: typical "
        "rate. Wide, light bars: prediction interval of a new study. Band: typical rate of the last row. "
        "Rows share their studies, so an estimate that settles is no test."
    ]
    if result.undated:
        found.append(
            f"{counted(len(result.undated), 'arm')} without {result.by} enter{'s' if len(result.undated) == 1 else ''} "
            "in the last row only."
        )
    if not result.ok:
        found.append("* The draws of this fit failed their diagnostics.")
    return found
