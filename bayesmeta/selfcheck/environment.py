"""The machine: versions, whether compiled code can be kept, and whether seeds give the same draws."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import bayesmeta
from bayesmeta.inference.result import Fit
from bayesmeta.inference.sampling import fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import load_model
from bayesmeta.runs.jobs import versions
from bayesmeta.selfcheck.checks import Finding, Task
from bayesmeta.selfcheck.quadrature import bundled


@dataclass(frozen=True)
class Environment:
    """What a result may depend on, besides evidence, model, settings and seed."""

    bayesmeta: str
    python: str
    packages: Mapping[str, str]
    """Version of each package that may change a result."""
    platform: str
    processors: int
    installed: str
    """Folder of the package."""
    executable: str
    """The interpreter."""


def this_environment() -> Environment:
    """Return where this process is."""
    packages = {
        name: found for name, found in versions().items() if name not in ("python", "bayesmeta")
    }
    return Environment(
        bayesmeta=bayesmeta.__version__,
        python=platform.python_version(),
        packages=packages,
        platform=platform.platform(),
        processors=os.cpu_count() or 1,
        installed=str(Path(bayesmeta.__file__).parent),
        executable=sys.executable,
    )


def check_version(_: Path) -> Finding:
    """Compare the version of the code with that of what is installed."""
    code, installed = bayesmeta.__version__, versions()["bayesmeta"]
    fault = f"the code is {code}, the installation is {installed}. Install bayesmeta again."
    return Finding(code == installed, code if code == installed else fault)


def check_cache(_: Path) -> Finding:
    """Write to where compiled code is kept, without which each start takes longer."""
    from bayesmeta.places import can_be_written, folders

    place = next(filter(can_be_written, folders()), None)
    lacking = "nowhere. Set NUMBA_CACHE_DIR to a folder that can be written."
    return Finding(place is not None, lacking if place is None else str(place))


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


ENVIRONMENT = (
    Task("environment", "the version is that of the installation", check_version),
    Task("environment", "compiled code can be kept", check_cache),
)
REPRODUCIBILITY = (
    Task("reproducibility", "the same draws with one core and with two", check_cores),
)
