"""`refit`: a fit again with one thing changed, as one of many with a seed stream of its own.

`refit_with_retry` is that of the verbs that fit many times: by its design, with its diagnosis.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bayesmeta.errors import SettingsError
from bayesmeta.evidence import Arms
from bayesmeta.inference.diagnosis import Diagnostics, diagnose
from bayesmeta.inference.engines import sampled
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design, ModelSpec, OwnModel, make_design
from bayesmeta.numeric import is_whole

MORE_WARMUP, MORE_DRAWS = 2, 4
"""How many times as many there are the second time: about 3 of 100 fits of all kinds of models fail,
mostly for the tail of one outlying study's effect, and nearly none then."""


def refit(
    fit: Fit,
    *,
    stream: int,
    spec: ModelSpec | None = None,
    arms: Arms | None = None,
    settings: SamplerSettings | None = None,
    progress: bool | None = None,
) -> Fit:
    """Return a fit made again with another model, other arms or other settings.

    The density is compiled once for the whole family, so that a refit costs its sampling alone.
    Refits may run in threads or processes at once: the draws depend on the seed of `fit`, `stream`
    and what is fitted, and on nothing else.

    Parameters
    ----------
    fit : Fit
        The fit to start from.
    stream : int
        Number of the refit; each number gives a stream of random numbers of its own, derived from
        the seed of `fit`, and from the streams of `fit` where that is a refit itself.
    spec : ModelSpec, optional
        Another model; that of `fit` where None.
    arms : Arms, optional
        Other arms, such as those without one study; those of `fit` where None.
    settings : SamplerSettings, optional
        Other settings; those of `fit` where None. All draws are kept in memory; with
        ``arm_draws=False``, those of parameters only.
    progress : bool, optional
        Show a progress bar; where None, only where a person watches.

    Raises
    ------
    SettingsError
        If `fit` is not a Fit of a ModelSpec, or `stream` is not a whole number of at least 0.
    SpecError
        If the model does not fit the arms.
    SamplingError
        If the sampler cannot start or stops.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> first = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> one = (arms.frame["study"] == arms.studies[0]).to_numpy()
    >>> again = bm.refit(first, arms=arms.drop(one, "left out"), stream=0)
    >>> again.posterior.sizes["study"]
    13
    """
    # The arguments of users may be anything.
    if not isinstance(fit, Fit) or isinstance(fit.spec, OwnModel):
        raise SettingsError(
            f"`fit` must be a Fit of a ModelSpec; got {type(fit).__name__}. Make one by bm.fit; a PyMC model is fitted "
            "again by bm.fit."
        )
    if not is_whole(stream) or stream < 0:
        raise SettingsError(
            f"`stream` must be a whole number of at least 0; got {stream!r}. Number the refits."
        )
    changes = {
        "spec": (spec, ModelSpec),
        "arms": (arms, Arms),
        "settings": (settings, SamplerSettings),
    }
    for name, (value, kind) in changes.items():
        if value is not None and not isinstance(value, kind):
            raise SettingsError(
                f"`{name}` must be of type {kind.__name__}; got {type(value).__name__}. Leave it out to keep that of `fit`."
            )
    return sampled(
        make_design(spec or fit.spec, arms or fit.arms),
        fit.provenance.seed,
        settings or fit.settings,
        stream=(*fit.provenance.stream, int(stream)),
        progress=progress,
    )


def refit_with_retry(
    design: Design, seed: int, settings: SamplerSettings, stream: tuple[int, ...]
) -> tuple[Fit, Diagnostics]:
    """Return the refit of a design, with draws and statistics alone, and its diagnosis."""
    make = partial(sampled, design, seed, stream=stream, progress=False, light=True)
    return fit_with_retry(make, settings)


def fit_with_retry(make: Callable[..., Fit], settings: SamplerSettings) -> tuple[Fit, Diagnostics]:
    """Return a fit and its diagnosis; where that fails, of a second fit, once, with its own settings."""
    fit = make(settings=settings)
    diagnostics = diagnose(fit)
    if diagnostics.ok:
        return fit, diagnostics
    # Where trajectories diverged, the fit was sampled with smaller steps already.
    own = fit.settings
    fit = make(settings=replace(own, warmup=MORE_WARMUP * own.warmup, draws=MORE_DRAWS * own.draws))
    return fit, diagnose(fit)
