"""`fit`: from a model and its arms to posterior draws, or to the deterministic posterior."""

import time
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from bayesmeta.errors import SettingsError, SpecError
from bayesmeta.evidence import Arms
from bayesmeta.inference.draws import DIMS, assemble
from bayesmeta.inference.result import Fit, provenance
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design, ModelSpec, make_design
from bayesmeta.model.build import build_design

if TYPE_CHECKING:
    from bayesmeta.inference.exact import GridFit

__all__ = ["fit"]

Engine = Literal["compiled", "pymc"]


@overload
def fit(
    spec: ModelSpec,
    arms: Arms,
    *,
    seed: int,
    settings: SamplerSettings | None = None,
    engine: Engine = "compiled",
    progress: bool | None = None,
    method: Literal["nuts"] = "nuts",
) -> Fit: ...
@overload
def fit(spec: ModelSpec, arms: Arms, *, method: Literal["grid"]) -> "GridFit": ...
def fit(
    spec: ModelSpec,
    arms: Arms,
    *,
    seed: int | None = None,
    settings: SamplerSettings | None = None,
    engine: Engine = "compiled",
    progress: bool | None = None,
    method: Literal["nuts", "grid"] = "nuts",
) -> "Fit | GridFit":
    """Return the posterior of `spec` given `arms`.

    Parameters
    ----------
    spec : ModelSpec
        What is assumed; see `load_model`.
    arms : Arms
        What was observed; see `EvidenceTable.select`.
    seed : int
        Source of all randomness; the same seed gives the same draws, whatever the number of
        cores. Needed by ``method="nuts"``.
    settings : SamplerSettings, optional
        Chains, warm-up, draws.
    engine : {"compiled", "pymc"}
        Sample the compiled density, or the PyMC model itself (which compiles for many seconds).
        Both define the same posterior.
    progress : bool, optional
        Show a progress bar; where None, only where a person watches (a terminal or a notebook).
    method : {"nuts", "grid"}
        Draws by the No-U-Turn sampler, or the deterministic posterior, for models without
        covariates.

    Returns
    -------
    Fit or GridFit
        Draws, or the deterministic posterior; `summary` and `predict` take either.

    Raises
    ------
    SettingsError
        If an argument is missing, out of its range, or would have no effect.
    SpecError
        If the model does not fit the evidence, or has covariates and the method is ``"grid"``.
    SamplingError
        If the sampler can't start or stops.

    Warns
    -----
    EvidenceWarning
        If arms are left out because a covariate is missing.

    References
    ----------
    Hoffman & Gelman 2014, The No-U-Turn sampler, J Mach Learn Res 15:1593-1623.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.fit(bm.load_model("pooled"), arms, seed=1).posterior.sizes["study"]
    14
    """
    _check_types(spec, arms)
    if method == "grid":
        _check_no_effect(
            seed=seed,
            settings=settings,
            progress=progress,
            engine=None if engine == "compiled" else engine,
        )
        from bayesmeta.inference.exact import grid_fit

        return grid_fit(make_design(spec, arms))
    if method != "nuts":
        raise SettingsError(f"`method` must be 'nuts' or 'grid'; got {method!r}.")
    if engine not in ("compiled", "pymc"):
        raise SettingsError(f"`engine` must be 'compiled' or 'pymc'; got {engine!r}.")
    if not isinstance(settings, SamplerSettings | None):
        raise SettingsError(
            f"`settings` must be SamplerSettings; got {type(settings).__name__}. Write SamplerSettings(draws=...)."
        )
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise SettingsError(
            f"`seed` must be a whole number of at least 0; got {seed!r}. Give one, and keep it."
        )
    return _sampled(
        make_design(spec, arms),
        int(seed),
        settings or SamplerSettings(),
        engine,
        progress=progress,
    )


def _sampled(
    design: Design, seed: int, settings: SamplerSettings, engine: Engine, *, progress: bool | None
) -> Fit:
    started = time.perf_counter()
    sampler_seed, draws_seed = np.random.SeedSequence(seed).spawn(2)
    sample = _sample_compiled if engine == "compiled" else _sample_pymc
    posterior, statistics = sample(design, settings, sampler_seed, progress=progress)
    draws = assemble(design, posterior, statistics, draws_seed)
    origin = provenance(
        design.spec, design.arms, seed=seed, engine=engine, seconds=time.perf_counter() - started
    )
    return Fit(design.spec, design.arms, settings, draws, provenance=origin)


def _sample_compiled(
    design: Design,
    settings: SamplerSettings,
    seed: np.random.SeedSequence,
    *,
    progress: bool | None,
) -> Any:
    from bayesmeta.inference.density.coordinates import density_data, variables
    from bayesmeta.inference.nuts import sample_density

    data = density_data(design)
    raw = sample_density(data, settings, seed, progress=progress)
    return variables(design, data, raw.points), raw.statistics


def _sample_pymc(
    design: Design,
    settings: SamplerSettings,
    seed: np.random.SeedSequence,
    *,
    progress: bool | None,
) -> Any:
    from bayesmeta.inference.nuts import STATISTICS, sample_pymc

    tree = sample_pymc(build_design(design), settings, seed, progress=progress)
    posterior = {name: tree.posterior[name].to_numpy() for name in DIMS if name in tree.posterior}
    return posterior, {name: tree.sample_stats[key].to_numpy() for key, name in STATISTICS.items()}


def _check_types(spec: object, arms: object) -> None:
    if not isinstance(spec, ModelSpec):
        raise SpecError(
            f"`spec` must be a ModelSpec; got {type(spec).__name__}. Make one by load_model or ModelSpec."
        )
    if not isinstance(arms, Arms):
        raise SettingsError(
            f"`arms` must be Arms; got {type(arms).__name__}. Make them by read_evidence(...).select(...)."
        )


def _check_no_effect(**arguments: object) -> None:
    given = [name for name, value in arguments.items() if value is not None]
    if given:
        raise SettingsError(
            f"`{given[0]}` has no effect with method='grid', which is deterministic. Leave it out."
        )
