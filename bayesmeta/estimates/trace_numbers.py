"""Every number of a figure of chains: the parameters, their draws, ranks and diagnostics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, nearest
from bayesmeta.estimates.posterior import check_draws
from bayesmeta.estimates.precision import labelled_draws
from bayesmeta.inference.convergence import ess_bulk
from bayesmeta.inference.diagnosis import THRESHOLDS, diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.model import OwnModel

EFFECTS = ("theta", "u", "w", "x", "z")
"""Variables of studies and arms."""

STEPS = 100
"""Steps of the distribution functions of ranks."""


@dataclass(frozen=True, eq=False)
class TraceNumbers:
    """What a figure of chains shows."""

    table: pd.DataFrame
    draws: dict[str, Array]
    ranks: dict[str, Array]


def trace_numbers(fit: Fit, *, quantities: Sequence[str] | None = None) -> TraceNumbers:
    """Return the draws of parameters, chain by chain, with what tells whether they may be used.

    Returns
    -------
    TraceNumbers
        Its `table` has one row per quantity, with the columns quantity; mean, sd, lower, upper (of
        all draws, the equal-tailed 95% interval, on the parameter's own scale); ess_chain, the bulk
        ESS of a chain by itself, averaged over chains; r_hat, ess_bulk, ess_tail; chains and draws
        (per chain); and failed, whether R-hat or an ESS of all breaks its threshold.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, doi:10.1214/20-BA1221.
    """
    check_draws(fit, survival=True)
    found = _chosen(_parameters(fit), quantities)
    diagnosed = diagnose(fit).table
    rows = [
        {"quantity": name, **_summary(draws), **diagnosed.loc[name].to_dict()}
        for name, draws in found.items()
    ]
    table = pd.DataFrame(rows).assign(
        chains=fit.posterior.sizes["chain"], draws=fit.posterior.sizes["draw"]
    )
    # Not the reverse, which NaN would pass.
    good = (table["r_hat"] <= THRESHOLDS.r_hat) & (
        table[["ess_bulk", "ess_tail"]] >= THRESHOLDS.ess
    ).all(axis=1)
    ranks = {name: rank_differences(draws, STEPS) for name, draws in found.items()}
    return TraceNumbers(table.assign(failed=~good), found, ranks)


def rank_differences(draws: Array, points: int) -> Array:
    """Return, for each chain, the distribution function of its ranks minus that of even ones.

    Ranks are those among all chains, as shares from 0 to 1. The result has shape (chain, points + 1),
    at evenly spaced shares from 0 to 1 (Säilynoja, Bürkner & Vehtari 2022,
    doi:10.1007/s11222-022-10090-6).
    """
    from arviz_stats.base import array_stats

    ranks = np.asarray(array_stats.compute_ranks(draws, axis=(-2, -1), relative=True))
    shares = np.linspace(0, 1, points + 1)
    ordered = np.sort(ranks, axis=-1)
    counts = np.stack([np.searchsorted(chain, shares, side="right") for chain in ordered])
    return np.asarray(counts / draws.shape[-1] - shares)


def _parameters(fit: Fit) -> dict[str, Array]:
    """Return the draws of each parameter by its label, as `diagnose` writes it."""
    posterior = fit.posterior
    # A PyMC model may have anything in it.
    own = isinstance(fit.spec, OwnModel)
    names = [
        str(name)
        for name, variable in posterior.items()
        if name not in EFFECTS
        and not {"study", "arm"} & set(variable.dims)
        and (not own or variable.ndim == 2)  # noqa: PLR2004
    ]
    return {
        f"{name}[{', '.join(labels)}]" if labels else name: draws
        for name in names
        for labels, draws in labelled_draws(posterior[name])
        # The diagonal of a matrix of correlations is constant.
        if posterior[name].ndim < 4 or np.ptp(draws) > 0  # noqa: PLR2004
    }


def _chosen(found: dict[str, Array], quantities: Sequence[str] | None) -> dict[str, Array]:
    if quantities is None:
        return found
    if isinstance(quantities, str) or not quantities:
        raise SettingsError(
            f"`quantities` must list parameters, such as ['mu', 'tau']; got {quantities!r}."
        )
    chosen: dict[str, Array] = {}
    for name in quantities:
        own = {label: one for label, one in found.items() if name in (label, label.split("[")[0])}
        if not own:
            raise SettingsError(
                f"`quantities` names '{name}', which is not a parameter of the model. {nearest(str(name), found)}"
            )
        chosen |= own
    return chosen


def _summary(draws: Array) -> dict[str, float]:
    lower, upper = np.quantile(draws, [0.025, 0.975])
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)),
        "lower": float(lower),
        "upper": float(upper),
        # Of all chains together it falls, too, if they disagree, which is for ranks to show.
        "ess_chain": float(ess_bulk(draws[:, None]).mean()),
    }
