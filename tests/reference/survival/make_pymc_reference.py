"""Posteriors of the bundled overall survival by PyMC's own sampler, as references for the compiled one.

    uv run python tests/reference/survival/make_pymc_reference.py

writes `pymc_reference.json`: of each parameter and of each arm's log median the mean, its Monte-Carlo
standard error, and the standard deviation. The model is the PyMC definition itself (`engine="pymc"`),
and its gradient is PyTensor's, so that nothing of the compiled density enters.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

import bayesmeta as bm
from bayesmeta.estimates.precision import mean_of

CURVES = (bm.WeibullSurvival(), bm.LogLogisticSurvival())
PARAMETERS = ("mu", "tau", "kappa", "tau_k", "retention")
SETTINGS = bm.SamplerSettings(chains=4, warmup=1000, draws=2500, target_accept=0.95)


def moments(fit: bm.Fit) -> dict[str, dict[str, float]]:
    """Mean, Monte-Carlo standard error and standard deviation by parameter and arm."""
    draws = {name: np.asarray(fit.posterior[name]) for name in PARAMETERS}
    theta = np.asarray(fit.posterior["theta"])
    draws |= {f"theta[{arm}]": theta[..., k] for k, arm in enumerate(fit.arms.labels)}
    found = {}
    for name, values in draws.items():
        mean = mean_of(values)
        found[name] = {"mean": mean.value, "mcse": float(mean.mcse), "sd": float(values.std())}
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    arms = bm.load_survival("rr_aml_venetoclax").select(outcome="OS")
    result = {"pymc": version("pymc"), "arms": arms.hash}
    for curve in CURVES:
        fit = bm.fit(bm.ModelSpec(curve=curve), arms, seed=16, settings=SETTINGS, engine="pymc")
        result[curve.name] = moments(fit)
    path = Path(__file__).with_name("pymc_reference.json")
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
