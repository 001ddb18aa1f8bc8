"""Chains: the trace of each parameter, the ranks of each chain, and whether they agree."""

from collections.abc import Sequence

from bayesmeta.errors import counted
from bayesmeta.estimates.trace_numbers import TraceNumbers, trace_numbers
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.diagnosis import THRESHOLDS
from bayesmeta.inference.result import Fit
from bayesmeta.plots.fit_text import about_characters, fit_words
from bayesmeta.plots.pages import Plot
from bayesmeta.plots.style import house_style
from bayesmeta.plots.trace_page import SURE, draw_chains

__all__ = ["trace"]


def trace(
    fit: Fit,
    *,
    quantities: Sequence[str] | None = None,
    notes: Sequence[str] = (),
) -> Plot:
    """Return the chains of each parameter: draws, ranks, R-hat and effective sample sizes.

    In the middle, each chain's draws in their order. To the right, for each chain, the distribution
    function of the ranks of its draws among those of all chains, minus that of even ranks: a chain
    that leaves the grey band lies elsewhere, or spreads differently, than the others.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    quantities : sequence of str, optional
        Parameters such as ``mu`` or ``beta[age]``; ``beta`` stands for all of its coefficients. Where
        None, all but the effects of studies and arms; of a user-supplied PyMC model, its scalars.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        With `figure`, `save(path)` and `table`:
        one row per quantity, on its own scale, with columns as of
        `bayesmeta.estimates.trace_numbers.trace_numbers`; the draws themselves are those of the fit.

    Raises
    ------
    SettingsError
        If `fit` has no draws, or `quantities` names what is no parameter of the model.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, doi:10.1214/20-BA1221 (R-hat, ESS, ranks).
    Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6 (bands of ranks).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.plots.trace(bm.fit(bm.load_model("pooled"), arms, seed=1))
    Plot(trace: 2 quantities, 0 failed)
    """
    numbers = trace_numbers(fit, quantities=quantities)
    words = fit_words("Chains", fit, _notes(numbers), notes)
    with house_style():
        figure = draw_chains(numbers, words, words_of(fit).parameter)
    table = numbers.table
    about = f"{counted(len(table), 'quantity', 'quantities')}, {int(table['failed'].sum())} failed"
    return Plot("trace", figure, table.copy(), about)


def _notes(numbers: TraceNumbers) -> list[str]:
    table = numbers.table
    failing = int(table["failed"].sum())
    verdict = (
        f"Marked with ! is what misses these, in {counted(failing, 'parameter')}."
        if failing
        else "All that is shown meets these."
    )
    return [
        f"{counted(int(table['chains'].iloc[0]), 'chain')} of {int(table['draws'].iloc[0]):,} draws. R-hat must "
        f"be at most {THRESHOLDS.r_hat:g}, bulk and tail ESS at least {THRESHOLDS.ess:g}. {verdict} Effects of "
        "studies and arms are diagnosed, too, but not drawn.",
        "Ranks: across, the rank of a draw among those of all chains, as a share; upwards, the share of a "
        "chain's draws up to there, minus what it is if chains are alike. Grey: where all chains stay with "
        f"probability {100 * SURE:g}% or more, for as many independent draws as the effective sample size (ESS) of a chain.",
        about_characters([str(name) for name in table["quantity"]]),
    ]
