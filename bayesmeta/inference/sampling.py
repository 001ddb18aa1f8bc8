"""`fit`: from a model and its arms to posterior draws, or to the deterministic posterior."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from bayesmeta.deprecated import warn_deprecated
from bayesmeta.errors import SettingsError, SpecError
from bayesmeta.evidence import Arms
from bayesmeta.evidence.arms import check_are_arms
from bayesmeta.inference.engines import Engine, sampled
from bayesmeta.inference.own_models import fit_own, is_pymc_model
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings, check_settings
from bayesmeta.model import Design, ModelSpec, make_design
from bayesmeta.model.labelling import check_labels
from bayesmeta.model.limits import refuse_several
from bayesmeta.numeric import check_seed

if TYPE_CHECKING:
    import pymc as pm

    from bayesmeta.inference.exact import QuadratureFit


@overload
def fit(
    spec: "ModelSpec | pm.Model",
    arms: Arms,
    *,
    seed: int,
    settings: SamplerSettings | None = None,
    engine: Engine = "compiled",
    progress: bool | None = None,
    method: Literal["nuts"] = "nuts",
) -> Fit: ...
@overload
def fit(spec: ModelSpec, arms: Arms, *, method: Literal["quadrature"]) -> "QuadratureFit": ...
def fit(
    spec: "ModelSpec | pm.Model",
    arms: Arms,
    *,
    seed: int | None = None,
    settings: SamplerSettings | None = None,
    engine: Engine = "compiled",
    progress: bool | None = None,
    method: Literal["nuts", "quadrature"] = "nuts",
    store: object = None,
) -> "Fit | QuadratureFit":
    """Return the posterior of `spec` given `arms`.

    Parameters
    ----------
    spec : ModelSpec or pymc.Model
        What is assumed; see `load_model`. The arms decide whether it is fitted to one outcome
        or to several. A user-supplied PyMC model is sampled as it is; it needs the scalar `mu`,
        `theta` with one value per arm (both log-odds) and the observed `events`, and `tau` and
        `u` (one per study) where studies differ; see `OwnModel` for what answers take it to
        mean. Its `events` are held against those of `arms`; its patients cannot be.
    arms : Arms
        What was observed; see `EvidenceTable.select`.
    seed : int
        Random seed; the same seed gives the same draws with the same versions on
        the same kind of processor (another agrees within Monte-Carlo error), whatever the number of
        cores. Needed by ``method="nuts"``.
    settings : SamplerSettings, optional
        Chains, warm-up, draws.
    engine : {"compiled", "pymc"}
        Sample the compiled density, or the PyMC model itself (which compiles for many seconds).
        Both define the same posterior.
    progress : bool, optional
        Show a progress bar; where None, only where a person watches (a terminal or a notebook).
    method : {"nuts", "quadrature"}
        Draws by the No-U-Turn sampler, or the deterministic posterior, for models without
        covariates.
    store : None
        Draws are no longer written to disk: keep those of parameters alone by
        ``settings=SamplerSettings(arm_draws=False)``.

    Returns
    -------
    Fit or QuadratureFit
        Draws, or the deterministic posterior; `summary` and `predict` take any.

    Raises
    ------
    SettingsError
        If an argument is missing, out of its range, or would have no effect.
    SpecError
        If the model does not fit the evidence, has parts that quadrature cannot compute, or is a
        PyMC model without the variables that answers need.
    SamplingError
        If the sampler cannot start or stops.

    Warns
    -----
    EvidenceWarning
        If arms are left out because a covariate is missing.
    ModelWarning
        If the evidence is too little for a part of the model.

    References
    ----------
    Hoffman & Gelman 2014, J Mach Learn Res 15, 1593-1623 (the No-U-Turn sampler).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.fit(bm.load_model("pooled"), arms, seed=1).posterior.sizes["study"]
    14
    """
    if store is not None:
        raise SettingsError(
            f"`store`={store!r}: draws are no longer written to disk while the sampler runs. Leave it out; for large "
            "evidence, keep the draws of parameters alone by settings=SamplerSettings(arm_draws=False)."
        )
    method = _renamed(method)
    own = is_pymc_model(spec)
    _check_types(spec, arms, settings, own=own)
    refuse_several(arms, f"method={method!r}", f"engine={engine!r}", "a PyMC model" if own else "")
    if method == "quadrature":
        given = {"seed": seed, "settings": settings, "progress": progress}
        _check_quadrature(given | {"engine": None if engine == "compiled" else engine}, own=own)
        from bayesmeta.inference.exact import quadrature_fit

        return quadrature_fit(_design(spec, arms))
    chosen = settings or SamplerSettings()
    _check_choices(method, engine, chosen, own=own)
    seed = check_seed(seed)
    if own:
        return fit_own(spec, arms, seed, chosen, progress=progress)
    return sampled(_design(spec, arms), seed, chosen, engine=engine, progress=progress)


def _renamed(method: object) -> Any:
    """Return a method by its name of today."""
    if method != "grid":
        return method
    warn_deprecated(
        "method='grid' is now method='quadrature'; the old word goes with the next version."
    )
    return "quadrature"


def _design(spec: ModelSpec, arms: Arms) -> Design:
    design = make_design(spec, arms)
    check_labels(spec.labels, arms, design.coding)
    return design


def _check_types(spec: object, arms: object, settings: object, *, own: bool) -> None:
    """Raise unless the model, the arms and the settings are what they must be."""
    if not own and not isinstance(spec, ModelSpec):
        raise SpecError(
            f"`spec` must be a ModelSpec or a PyMC model; got {type(spec).__name__}. "
            "Make one by load_model or ModelSpec."
        )
    check_are_arms(arms)
    check_settings(settings)


def _check_quadrature(arguments: Mapping[str, object], *, own: bool) -> None:
    given = [name for name, value in arguments.items() if value is not None]
    if given:
        raise SettingsError(
            f"`{given[0]}` has no effect with method='quadrature', which is deterministic. Leave it out."
        )
    if own:
        raise SpecError(
            "method='quadrature' takes a ModelSpec, not a PyMC model. Use method='nuts'."
        )


def _check_choices(method: object, engine: object, settings: SamplerSettings, *, own: bool) -> None:
    if method != "nuts":
        raise SettingsError(f"`method` must be 'nuts' or 'quadrature'; got {method!r}.")
    if engine not in ("compiled", "pymc"):
        raise SettingsError(f"`engine` must be 'compiled' or 'pymc'; got {engine!r}.")
    if own and engine != "compiled":
        raise SettingsError("`engine` has no effect on a PyMC model. Leave it out.")
    if settings.arm_draws:
        return
    if own:
        raise SettingsError(
            "`arm_draws` has no effect on a PyMC model, whose draws are all kept in memory. Leave it out."
        )
    if engine == "pymc":
        raise SettingsError(
            "`arm_draws=False` needs engine='compiled'; engine='pymc' keeps all draws in memory."
        )
