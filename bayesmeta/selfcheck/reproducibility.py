"""The same seed gives the same draws, whatever the number of cores."""

from hashlib import sha256
from pathlib import Path

from bayesmeta.inference.result import Fit
from bayesmeta.inference.sampling import fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import load_model
from bayesmeta.selfcheck.checks import Finding, Task
from bayesmeta.selfcheck.quadrature import bundled

__all__ = ["REPRODUCIBILITY"]


def check_cores(_: Path) -> Finding:
    """Draw with one core and with two, and with another seed, which must give other draws."""
    one, two = (digest(drawn(seed=1, cores=cores)) for cores in (1, 2))
    other = digest(drawn(seed=2, cores=2))
    if one != two:
        return Finding(ok=False, detail=f"SHA-256 {one[:8]} with one core, {two[:8]} with two")
    if one == other:
        return Finding(ok=False, detail=f"seeds 1 and 2 give the same draws, SHA-256 {one[:8]}")
    return Finding(ok=True, detail=f"SHA-256 {one[:8]} with one core and with two")


def drawn(*, seed: int, cores: int) -> Fit:
    """Return a short fit of a model with a covariate."""
    settings = SamplerSettings(warmup=200, draws=200, cores=cores)
    return fit(load_model("regimen"), bundled("ORR"), seed=seed, settings=settings, progress=False)


def digest(found: Fit) -> str:
    """Return the SHA-256 of all draws."""
    total = sha256()
    for name in sorted(map(str, found.posterior.data_vars)):
        total.update(name.encode() + found.posterior[name].to_numpy().tobytes())
    return total.hexdigest()


REPRODUCIBILITY = (
    Task("reproducibility", "the same draws with one core and with two", check_cores),
)
"""Checks of seeds."""
