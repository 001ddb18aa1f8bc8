"""`diagnose`: whether draws may be used, as a value; raising is the caller's choice."""

from collections.abc import Iterable
from itertools import batched, product

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayesmeta.errors import SettingsError, listed
from bayesmeta.inference.blocks import arm_slices
from bayesmeta.inference.convergence import (
    e_bfmi as energy_fractions,
    ess_bulk,
    ess_tail,
    half_scores,
    largest_mcse_of_limits,
    r_hat,
)
from bayesmeta.inference.result import Fit
from bayesmeta.inference.verdict import THRESHOLDS, Diagnostics, Problem, Thresholds

__all__ = ["THRESHOLDS", "Diagnostics", "Problem", "Thresholds", "diagnose"]

Array = npt.NDArray[np.float64]


BLOCK = 64
"""Parameters whose statistics are computed, and held in memory, at once."""


def diagnose(fit: Fit) -> Diagnostics:
    """Return the diagnosis of a fit: convergence of every parameter, and the sampler's own signs.

    Checked: R-hat at most 1.01 and bulk and tail ESS at least 400 for each of mu, beta, tau and u; no
    divergences; no trajectory at its greatest depth; E-BFMI at least 0.3 in each chain; two chains or
    more; no chain that stands still. Where all else is well, divergences of at most 0.1% of the
    transitions are a warning. Of a fit that kept no draws of studies and arms, the other parameters,
    and `unchecked` names those left out.

    Parameters
    ----------
    fit : Fit
        Posterior draws.

    Returns
    -------
    Diagnostics
        With `ok`, `problems`, `table` and `raise_for_problems()`.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, doi:10.1214/20-BA1221 (R-hat, ESS).
    Betancourt 2016, arXiv:1604.00695 (E-BFMI).
    Betancourt 2017, arXiv:1701.02434 (its threshold).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.diagnose(bm.fit(bm.load_model("pooled"), arms, seed=1))
    >>> found.ok
    True
    >>> found.divergences
    0
    """
    if not isinstance(fit, Fit):
        raise SettingsError(f"`fit` must be a Fit; got {type(fit).__name__}. Make one by bm.fit.")
    table = _table(fit.posterior)
    statistics = fit.draws["sample_stats"].to_dataset()
    e_bfmi = energy_fractions(np.asarray(statistics["energy"]))
    divergences = int(np.asarray(statistics["diverging"]).sum())
    problems = [
        *_about_chains(fit.posterior),
        *_about_parameters(table, fit.posterior.sizes["chain"]),
        *_about_sampler(statistics, e_bfmi),
    ]
    limits = largest_mcse_of_limits(fit.posterior["mu"])
    few = not problems and divergences <= THRESHOLDS.divergent * statistics["diverging"].size
    diverged = tuple(_about_divergences(divergences, statistics["diverging"].size))
    return Diagnostics(
        table,
        (*problems, *(() if few else diverged)),
        divergences,
        tuple(map(float, e_bfmi)),
        _unchecked(fit),
        (*(diverged if few else ()), *_about_limits(limits)),
        fit.provenance.repeats,
        limits,
    )


def _unchecked(fit: Fit) -> tuple[str, ...]:
    """Return the parameters of studies and arms that the model has and the fit did not keep."""
    there = {
        "u": fit.spec.study_effects.has_effects,
        "w": fit.spec.arm_effects is not None,
        "x": bool(fit.design.imputed),
    }
    return tuple(name for name, has in there.items() if has and name not in fit.posterior)


def _table(posterior: xr.Dataset) -> pd.DataFrame:
    labels, blocks = [], []
    for block in batched(_scalars(posterior), BLOCK):
        labels += [label for label, _ in block]
        draws = np.stack([draws for _, draws in block])
        scores = half_scores(draws)
        found = r_hat(draws, scores), ess_bulk(draws, scores), ess_tail(draws)
        blocks.append(np.stack(found, axis=-1))
    return pd.DataFrame(
        np.concatenate(blocks), index=labels, columns=["r_hat", "ess_bulk", "ess_tail"]
    )


def _scalars(posterior: xr.Dataset) -> Iterable[tuple[str, Array]]:
    """Yield label and draws, dims (chain, draw), of every scalar parameter."""
    for name, variable in posterior.items():
        if name == "theta":
            continue
        labels = list(product(*(map(str, variable.indexes[dim]) for dim in variable.dims[2:])))
        for label, draws in zip(labels, _each(variable), strict=True):
            # A known value of a covariate stands beside those that the model imputes.
            if name != "x" or np.ptp(draws) > 0:
                yield (f"{name}[{', '.join(label)}]" if label else str(name)), draws


def _each(variable: xr.DataArray) -> Iterable[Array]:
    """Yield the draws, dims (chain, draw), of each scalar, reading as many at once as memory allows."""
    if variable.ndim == 2:  # noqa: PLR2004
        yield np.asarray(variable)
        return
    for part in arm_slices(variable.size // variable.shape[2], variable.shape[2]):
        values = np.asarray(variable.variable[:, :, part])
        yield from np.moveaxis(values.reshape(*values.shape[:2], -1), -1, 0)


def _about_chains(posterior: xr.Dataset) -> Iterable[Problem]:
    mu = np.asarray(posterior["mu"])
    if len(mu) < THRESHOLDS.chains:
        yield Problem(
            "chains", "There is one chain, which can't show that chains disagree.", "Sample four."
        )
    still = [str(chain) for chain, draws in enumerate(mu) if draws.size > 1 and np.ptp(draws) == 0]
    if still:
        yield Problem(
            "stuck",
            f"Chain {listed(still)} does not move.",
            "Fit again with another seed, or raise target_accept.",
        )


def _about_parameters(table: pd.DataFrame, chains: int) -> Iterable[Problem]:
    # NaN fails too: a statistic that can't be computed can't speak for the draws.
    unlike = table.index[~(table["r_hat"].to_numpy() <= THRESHOLDS.r_hat)]
    # That of one chain is never known, which has been said.
    if len(unlike) and chains >= THRESHOLDS.chains:
        yield Problem(
            "r_hat",
            f"R-hat exceeds {THRESHOLDS.r_hat} or is undefined for {listed(unlike)}: the chains disagree.",
            "Sample longer; if that does not help, use stronger priors or a simpler model.",
        )
    for column, what in (("ess_bulk", "bulk"), ("ess_tail", "tail")):
        few = table.index[~(table[column].to_numpy() >= THRESHOLDS.ess)]
        if len(few):
            yield Problem(
                "ess",
                f"The {what} ESS is below {THRESHOLDS.ess:.0f} for {listed(few)}: the estimates are noisy.",
                "Keep more draws.",
            )


def _about_divergences(divergences: int, drawn: int) -> Iterable[Problem]:
    if divergences:
        yield Problem(
            "divergences",
            f"{divergences:,} of {drawn:,} transitions diverged: part of the posterior may be missed.",
            "Raise target_accept towards 1, or use a stronger prior on tau.",
        )


def _about_limits(limits: float) -> Iterable[Problem]:
    if limits > THRESHOLDS.limits:
        yield Problem(
            "limits",
            f"The 95% limits of mu are known to {limits:.2f} posterior standard deviations (Monte-Carlo error).",
            "Keep more draws, or use a stronger prior on mu.",
        )


def _about_sampler(statistics: xr.Dataset, e_bfmi: Array) -> Iterable[Problem]:
    deepest = int(np.asarray(statistics["reached_max_treedepth"]).sum())
    if deepest:
        yield Problem(
            "tree_depth",
            f"{deepest} trajectories ended at the greatest tree depth: the chains move slowly.",
            "Raise max_treedepth.",
        )
    if (e_bfmi < THRESHOLDS.e_bfmi).any():
        yield Problem(
            "e_bfmi",
            f"E-BFMI is {e_bfmi.min():.2f} in a chain, below {THRESHOLDS.e_bfmi}: the tails are explored badly.",
            "Use a stronger prior on tau, or sample longer.",
        )
