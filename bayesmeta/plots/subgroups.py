"""The rates of each level of a factor below each other, those of all studies, and tau."""

from collections.abc import Sequence

from bayesmeta.errors import counted
from bayesmeta.estimates.heterogeneity import without_tau
from bayesmeta.estimates.inferred import inferred_words, marked
from bayesmeta.estimates.subgroup_numbers import SubgroupNumbers, subgroup_numbers
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.plots.fit_text import about_characters, about_conditional, fit_words
from bayesmeta.plots.pages import Plot
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.rows import Column, Rows, draw_rates, draw_rows, rate_columns
from bayesmeta.plots.style import house_style

__all__ = ["subgroups"]


def subgroups(
    fit: Fit,
    *,
    outcome: str | None = None,
    by: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the typical rate of each level of a factor, a new study's, those of all studies, and tau.

    A forest plot without its arms: one row per level, and below them all studies together.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    outcome : str, optional
        Which of several outcomes.
    by : str, optional
        The factor; the first of the formula where None.
    profile : mapping, optional
        Values of the other covariates; what is left out is at the reference level or the centre.
    ci_prob : float
        Probability of the intervals.
    scale : RateScale
        How rates are shown.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per level and one of all studies, with columns as of
        `bayesmeta.estimates.subgroup_numbers.subgroup_numbers`; rates are probabilities.

    Raises
    ------
    SettingsError
        If `fit` has no draws, the model no such factor, or an argument is out of its range.
    ProfileError
        If the profile cannot be coded.
    EvidenceError
        If no arm has patients.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> bm.plots.subgroups(bm.fit(bm.load_model("regimen"), arms, seed=1))
    Plot(subgroups: 8 levels)
    """
    numbers = subgroup_numbers(fit, outcome=outcome, by=by, profile=profile, ci_prob=ci_prob)
    table, said = numbers.table, words_of(fit)
    factor = said.column(numbers.factor)
    levels = [said.level(numbers.factor, one) for one in table["label"].iloc[:-1]]
    labels = [*levels, "All studies"]
    rows = Rows(
        heading=factor,
        axis=scale.label("Rate"),
        labels=[marked(*each) for each in zip(labels, table["inferred"], strict=True)],
        columns=[
            Column("Studies", table["studies"].astype(str).tolist()),
            Column(
                "Responders\n/ patients", [f"{k}/{n}" for k, n in table[["events", "n"]].to_numpy()]
            ),
            *rate_columns(table, ci_prob, scale),
        ],
        bold=[len(levels)],
    )
    words = fit_words(
        f"By {factor}", fit, _notes(fit, outcome, numbers, labels), notes, outcome=outcome
    )
    with house_style():
        figure, graph, heights = draw_rows(rows, words)
        draw_rates(graph, table, heights, len(table) - 1, scale=scale)
    return Plot("subgroups", figure, table.copy(), counted(len(table) - 1, "level"))


def _notes(
    fit: Fit, outcome: str | None, numbers: SubgroupNumbers, labels: Sequence[str]
) -> list[str]:
    table = numbers.table
    return [
        "Thin, dark lines and marks: typical rate. Wide, light bars: prediction interval of a new study. "
        "All studies: the mean of the typical rates, each level with its share of the studies, and a new "
        "study of any level.",
        f"tau: {fit.spec.link.scale}."
        if "tau" in fit.posterior
        else f"Heterogeneity: {without_tau(fit.spec)}.",
        about_conditional(fit, outcome, "tau is that"),
        f"Rates are at {words_of(fit).text(numbers.held)}." if numbers.held else "",
        *inferred_words(zip(labels[:-1], table["arms"], table["inferred"], strict=False)),
        about_characters(table["label"].tolist()),
    ]
