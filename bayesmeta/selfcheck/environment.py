"""The machine: versions, whether compiled code can be kept, and whether seeds give the same draws."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path

import bayesmeta
from bayesmeta.inference.result import Fit
from bayesmeta.inference.sampling import fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import load_model
from bayesmeta.runs.jobs import versions
from bayesmeta.selfcheck.checks import Compared, Finding, Task, same
from bayesmeta.selfcheck.installation import NAME, distributions, is_editable
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
    machine: str
    """Name of the machine in its network."""
    editable: bool
    """Whether the code is that of a folder of sources, which no wheel records."""
    distributions: Mapping[str, str]
    """Version of everything installed beside the package."""


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
        machine=platform.node(),
        editable=is_editable(distribution(NAME)),
        distributions=distributions(),
    )


def check_version(_: Path) -> Finding:
    """Compare the version of the code with that of what is installed."""
    code, installed = bayesmeta.__version__, versions()["bayesmeta"]
    fault = f"the code is {code}, the installation is {installed}. Install bayesmeta again."
    compared = (same("version of the code", installed, code),)
    return Finding(code == installed, code if code == installed else fault, compared)


def check_cache(_: Path) -> Finding:
    """Write to where compiled code is kept, without which each start takes longer."""
    from bayesmeta.places import can_be_written, folders

    place = next(filter(can_be_written, folders()), None)
    if place is None:
        lacking = "nowhere. Set NUMBA_CACHE_DIR to a folder that can be written."
        return Finding(ok=False, detail=lacking)
    return Finding(ok=True, detail=str(place))


def check_cores(_: Path) -> Finding:
    """Draw with one core and with two, and with another seed, which must give other draws."""
    one, two = (digest(drawn(seed=1, cores=cores)) for cores in (1, 2))
    other = digest(drawn(seed=2, cores=2))
    compared = (
        same("SHA-256 of draws, two cores", one, two),
        Compared("SHA-256 of draws, another seed", "another", other, one != other),
    )
    if one != two:
        detail = f"SHA-256 {one[:8]} with one core, {two[:8]} with two"
    elif one == other:
        detail = f"seeds 1 and 2 give the same draws, SHA-256 {one[:8]}"
    else:
        detail = f"SHA-256 {one[:8]} with one core and with two"
    return Finding(all(each.ok for each in compared), detail, compared)


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
    Task(
        "installation",
        "the version is that of the installation",
        check_version,
        "The version of the code is that of the installation.",
    ),
    Task(
        "installation",
        "compiled code can be kept",
        check_cache,
        "A folder in which compiled code is kept can be written.",
    ),
)
REPRODUCIBILITY = (
    Task(
        "reproducibility",
        "the same draws with one core and with two",
        check_cores,
        "The same seed gives the same draws with one core and with two, and another seed gives others.",
    ),
)
