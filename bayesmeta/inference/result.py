"""What a fit leaves behind: the draws and everything needed to reproduce them."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import xarray as xr

from bayesmeta.errors import RunError, SettingsError
from bayesmeta.evidence import Arms
from bayesmeta.inference.saved import Contents, read_run, write_run
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design, ModelSpec, OwnModel, to_toml
from bayesmeta.model.coding import Coding
from bayesmeta.runs.files import whole_folder
from bayesmeta.shown import Shown

_PACKAGES = (
    *("bayesmeta", "arviz", "formulaic", "numba", "numpy"),
    *("nutpie", "pandas", "pymc", "scipy", "xarray"),
)


@dataclass(frozen=True)
class Provenance:
    """Where a fit comes from.

    Parameters
    ----------
    seed : int
        Root seed of all randomness.
    engine : str
        What sampled: ``"compiled"`` or ``"pymc"``.
    created : str
        UTC time at which the fit ended, ISO 8601.
    seconds : float
        Wall time of the fit.
    versions : mapping
        Version of Python and of each package that matters.
    spec_hash, arms_hash : str
        SHA-256 of the model and of the arms.
    stream : tuple of int
        Which of the streams of the seed a refit used; empty for a fit.
    repeats : tuple of str
        Why it was sampled again, and at what cost; empty where the first draws stand.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.fit(bm.load_model("common_effect"), arms, seed=1).provenance
    >>> found.seed, found.engine, found.arms_hash == arms.hash
    (1, 'compiled', True)
    """

    seed: int
    engine: str
    created: str
    seconds: float
    versions: Mapping[str, str]
    spec_hash: str
    arms_hash: str
    stream: tuple[int, ...] = ()
    repeats: tuple[str, ...] = ()


def provenance(
    spec: ModelSpec | OwnModel, arms: Arms, *, seed: int, engine: str, seconds: float, **more: Any
) -> Provenance:
    """Return the provenance of a fit that has just ended."""
    definition = spec.definition.encode() if isinstance(spec, OwnModel) else to_toml(spec).encode()
    return Provenance(
        seed,
        engine,
        datetime.now(UTC).isoformat(timespec="seconds"),
        round(seconds, 3),
        _versions(),
        sha256(definition).hexdigest(),
        arms.hash,
        **more,
    )


@cache
def _versions() -> Mapping[str, str]:
    """Return the versions of what matters; looking them up takes longer than many a fit's answers."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Shown):
    """Posterior draws of a model on its arms.

    Made by `bayesmeta.fit`. ArviZ's summaries, diagnostics and plots work on `draws`.

    Parameters
    ----------
    spec : ModelSpec
        What was assumed.
    arms : Arms
        What was observed; arms with missing covariates are among its excluded rows.
    settings : SamplerSettings
        How the sampler ran.
    draws : xarray.DataTree
        Groups posterior, sample_stats, log_likelihood, posterior_predictive, prior,
        prior_predictive, observed_data and constant_data. Dims chain, draw, arm, study and
        covariate. The posterior holds `mu`, `beta`, `tau`, `u` and `theta`, all log-odds, as far
        as the model has them. Of several outcomes these have dim outcome, too (outermost first), are
        log-odds of each outcome given the enclosing one, and `correlation` (dim pair) stands beside.
        Fitted with ``arm_draws=False``, it lacks everything that has an arm or a study in each draw.
    provenance : Provenance
        Seed, versions, hashes and times.
    coding : Coding
        How covariates are coded: learnt from the arms, or from those of a larger fit.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> sorted(fit.posterior.sizes)
    ['arm', 'chain', 'draw', 'study']

    Of several outcomes:

    >>> table, few = bm.load_evidence("rr_aml_venetoclax"), bm.SamplerSettings(chains=2, draws=1000)
    >>> both = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 40")
    >>> fit = bm.fit(bm.load_model("pooled"), both, seed=1, settings=few)
    >>> fit.outcomes, bm.diagnose(fit).ok
    (('ORR', 'CR'), True)
    >>> fit.posterior["tau"].median(("chain", "draw")).round(1).values.tolist()  # log-odds
    [0.8, 0.4]
    """

    shown = ""

    spec: ModelSpec
    arms: Arms
    settings: SamplerSettings
    draws: xr.DataTree
    provenance: Provenance = field(kw_only=True)
    coding: Coding = field(kw_only=True)

    @cached_property
    def design(self) -> Design:
        """The model on its arms, with the coding of its covariates."""
        return Design(self.spec, self.arms, self.coding)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes, outermost first."""
        return self.arms.outcomes

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior group as a Dataset."""
        return self.draws["posterior"].to_dataset()

    def save(self, folder: str | PathLike[str], *, force: bool = False) -> None:
        """Write the fit to `folder`, whole or not at all; `bayesmeta.load_fit` reads it back.

        Parameters
        ----------
        folder : path
            A folder that does not exist yet.
        force : bool
            Replace a saved run that stands there.

        Raises
        ------
        RunError
            If the folder exists, or cannot be written.
        SettingsError
            If the model is a PyMC model of the user's own, which a run cannot hold.
        """
        if isinstance(self.spec, OwnModel):
            raise SettingsError(
                "A fit of a PyMC model cannot be saved as a run, which could not be made again from it. "
                "Save its draws: fit.draws.to_netcdf('draws.nc', engine='h5netcdf')."
            )
        with whole_folder(folder, force=force) as partial:
            self.write(partial)

    def write(self, folder: Path) -> None:
        """Write the files of the fit into an empty folder that exists."""
        origin = asdict(self.provenance)
        found = Contents(self.spec, self.arms, self.settings, self.draws, origin, self.coding)
        write_run(found, folder)

    def require(self, name: str, what: str) -> xr.DataArray:
        """Return the draws of a variable of studies or arms, or raise that `what` needs them."""
        if name in self.posterior:
            return self.posterior[name]
        raise SettingsError(
            f"{what} needs the draws of `{name}`, which this fit did not keep (arm_draws=False). "
            "Fit again with SamplerSettings(arm_draws=True)."
        )

    def __repr__(self) -> str:
        sizes = self.draws["posterior"].sizes
        return (
            f"Fit({self.spec!r}, {self.arms!r}, {sizes['chain']} chains of {sizes['draw']} draws, "
            f"seed {self.provenance.seed})"
        )


def load_fit(folder: str | PathLike[str]) -> Fit:
    """Return a fit that was saved by `Fit.save`.

    Raises
    ------
    RunError
        If the folder is not a saved run, was written by another version of the format, or a file is
        missing or changed since it was written.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> with TemporaryDirectory() as folder:
    ...     fit.save(f"{folder}/run")
    ...     again = bm.load_fit(f"{folder}/run")
    >>> again.draws.posterior.equals(fit.draws.posterior)
    True
    """
    spec, arms, settings, draws, origin, coding = read_run(folder)
    try:
        # JSON has no tuples.
        tuples = {name: tuple(origin.get(name, ())) for name in ("stream", "repeats")}
        found = Provenance(**(origin | tuples))
    except (AttributeError, TypeError) as error:
        raise RunError(f"{folder}: its provenance is damaged ({error}). Fit again.") from error
    return Fit(spec, arms, settings, draws, provenance=found, coding=coding)
