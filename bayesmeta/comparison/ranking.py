"""Models ranked by their log predictive density of studies left out, and weights to average them."""

import warnings

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import ndtr, ndtri


def best_of(table: pd.DataFrame) -> str | None:
    """Return the model that predicts best, by the table of a comparison; None if none has a rank."""
    if "elpd_diff" not in table:
        return None
    return str(table.loc[table["elpd_diff"].notna(), "model"].iloc[0])


def ranked(elpd: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return models by log predictive density, best first, and cautions about the ranks.

    Parameters
    ----------
    elpd : DataFrame
        One row per study left out, one column per model, no missing values.

    References
    ----------
    Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4.
    Yao, Vehtari, Simpson & Gelman 2018, doi:10.1214/17-BA1091 (stacking).
    Sivula, Magnusson, Matamoros & Vehtari 2025, doi:10.1214/25-BA1569 (errors).
    """
    if elpd.shape[1] == 1:
        return _alone(elpd), ()
    from arviz_stats import compare
    from arviz_stats.utils import ELPDDataLOO

    data = {
        str(model): ELPDDataLOO(
            elpd=float(own.sum()),
            se=float(np.sqrt(len(own) * own.var(ddof=1))),
            p=float("nan"),
            n_samples=1,
            n_data_points=len(own),
            scale="log",
            warning=False,
            good_k=0.7,
            elpd_i=xr.DataArray(own.to_numpy(), dims="study"),
        )
        for model, own in elpd.items()
    }
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        table = compare(data, method="stacking", round_to="none")
    kept = ["rank", "elpd", "se", "elpd_diff", "dse", "p_worse", "weight"]
    table = table[kept].rename_axis("model").reset_index()
    table["rank"] += 1
    # ArviZ takes the studies for all there are: here they are a sample, as wherever else in the package.
    larger = np.sqrt(len(elpd) / (len(elpd) - 1))
    table["dse"] *= larger
    table["p_worse"] = ndtr(ndtri(table["p_worse"]) / larger)
    notes = [
        str(one.message)
        if "chance" not in str(one.message)
        else f"With so many models ({elpd.shape[1]}) the best may be so by chance (doi:10.1007/s11222-024-10442-4)."
        for one in seen
        if issubclass(one.category, UserWarning)
    ]
    return table, (*_few(len(elpd)), *notes)


def _few(studies: int) -> tuple[str, ...]:
    if studies >= 100:  # noqa: PLR2004
        return ()
    return (f"{studies} studies: standard errors of differences are rough below 100.",)


def _alone(elpd: pd.DataFrame) -> pd.DataFrame:
    [model], own = elpd.columns, elpd.iloc[:, 0]
    row = {
        "model": str(model),
        "rank": 1,
        "elpd": float(own.sum()),
        "se": float(np.sqrt(len(own) * own.var(ddof=1))),
        "elpd_diff": 0.0,
        "dse": 0.0,
        "p_worse": float("nan"),
        "weight": 1.0,
    }
    return pd.DataFrame([row])
