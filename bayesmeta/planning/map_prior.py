"""`map_prior`: what the studies so far say about the rate of the next one, as a prior."""

from dataclasses import dataclass

import pandas as pd

from bayesmeta.errors import DiagnosticsError, SettingsError
from bayesmeta.estimates.inferred import Inferred, inferred_at
from bayesmeta.estimates.posterior import (
    AnyFit,
    check_posterior,
    checked_outcome,
    has_draws,
    rates_at,
)
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.model.coding import Profile
from bayesmeta.planning.mixture_fit import Components, MixtureFit, fit_mixture
from bayesmeta.planning.mixture_text import to_json
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.robust import robustify
from bayesmeta.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class Origin:
    """What a prior was made from: a fit, and what was asked of it."""

    fit: AnyFit
    profile: Profile | None
    outcome: str


@dataclass(frozen=True, eq=False, repr=False)
class MapPrior(Shown):
    """A meta-analytic predictive prior: the distribution of a new study's rate, as a mixture of betas.

    Made by `map_prior`; `robustify` and `effective_sample_size` take it.

    Parameters
    ----------
    fitted : MixtureFit
        The mixture, the candidates for it, and the draws.
    profile : str
        What the prior is for.
    reliable : bool
        Whether the draws passed their diagnostics.
    inferred : Inferred or None
        Arms at the profile, and those whose count no source prints, where known.
    origin : Origin or None
        The fit that it was made from, where known.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> prior = bm.map_prior(exact, components=1)
    >>> prior.mixture
    BetaMixture(1 Beta(1.94, 6.399))
    >>> prior.robustify(weight=0.2)
    BetaMixture(0.8 Beta(1.94, 6.399) + 0.2 Beta(1, 1))
    """

    fitted: MixtureFit
    profile: str
    reliable: bool
    inferred: Inferred | None = None
    origin: Origin | None = None

    @property
    def mixture(self) -> BetaMixture:
        """The prior."""
        return self.fitted.mixture

    @property
    def table(self) -> pd.DataFrame:
        """The candidates, one row for each number of components; see `fit_mixture`."""
        return self.fitted.table

    @property
    def ecdf_difference(self) -> float:
        """Largest difference of the mixture's distribution function from the draws' (probability)."""
        return self.fitted.ecdf_difference

    @property
    def kl(self) -> float:
        """Kullback-Leibler divergence of the draws from the mixture, as in `fit_mixture`."""
        return self.fitted.kl

    def robustify(self, *, weight: float, mean: float = 0.5, n: float = 1) -> BetaMixture:
        """Return the prior with a weakly informative component; see `bayesmeta.robustify`."""
        return robustify(self, weight=weight, mean=mean, n=n)

    def to_json(self) -> str:
        """Return the prior and `about` as JSON, which `BetaMixture.from_json` reads."""
        return to_json(self.mixture, self.about)

    @property
    def about(self) -> dict[str, object]:
        """Profile, reliability of the draws, and distance of the mixture from them, for JSON."""
        return {
            "profile": self.profile,
            "reliable": self.reliable,
            "ecdf_difference": self.ecdf_difference,
            "kl": self.kl,
        }

    def to_rbest(self) -> str:
        """Return the prior for RBesT; see `BetaMixture.to_rbest`."""
        return self._mark("#") + self.mixture.to_rbest()

    def to_stan(self) -> str:
        """Return the prior as functions for Stan; see `BetaMixture.to_stan`."""
        return self._mark("//") + self.mixture.to_stan()

    def to_brms(self) -> str:
        """Return the prior as R code for brms; see `BetaMixture.to_brms`."""
        return self._mark("#") + self.mixture.to_brms()

    def _mark(self, comment: str) -> str:
        """Return a line of comment where the prior is not reliable."""
        return "" if self.reliable else f"{comment} NOT RELIABLE: the draws failed diagnostics\n"

    def __repr__(self) -> str:
        mark = "" if self.reliable else "NOT RELIABLE; "
        parts = repr(self.mixture).removeprefix("BetaMixture(").removesuffix(")")
        return (
            f"MapPrior({mark}{self.profile}: {parts}; largest difference from the draws "
            f"{self.ecdf_difference:.3f})"
        )


def map_prior(
    fit: AnyFit,
    *,
    profile: Profile | None = None,
    outcome: str | None = None,
    components: Components = "aic",
    force: bool = False,
) -> MapPrior:
    """Return the meta-analytic predictive prior: a new study's rate as a mixture of betas.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        Draws or the deterministic posterior.
    profile : mapping, optional
        Covariate values; what is left out stands at the reference level or the centre.
    outcome : str, optional
        Which outcome of a `Fit`.
    components : "aic", "bic" or int
        Number of components of the mixture: chosen from 1 to 4 by a criterion, or fixed.
    force : bool
        Whether to go on with draws that failed their diagnostics. The prior is then marked.

    Returns
    -------
    MapPrior
        With `mixture`, and `table`, `ecdf_difference` and `kl` for how near it is to the draws.

    Raises
    ------
    DiagnosticsError
        If the draws failed their diagnostics and `force` is False.
    ProfileError
        If the profile cannot be coded.
    SettingsError
        If `components` is none of these, `outcome` is missing or none of the fit's, or `outcome` or
        `force` would have no effect.

    References
    ----------
    Neuenschwander, Capkun-Niggli, Branson & Spiegelhalter 2010, doi:10.1177/1740774509356002.
    Schmidli, Gsteiger, Roychoudhury, O'Hagan, Spiegelhalter & Neuenschwander 2014,
    doi:10.1111/biom.12242.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> posterior = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> prior = bm.map_prior(posterior)
    >>> prior.ecdf_difference < 0.01
    True
    >>> [round(rate, 2) for rate in prior.mixture.interval(0.95)]
    [0.04, 0.6]
    >>> round(bm.effective_sample_size(prior))
    9
    """
    check_posterior(fit)
    if force and not has_draws(fit):
        raise SettingsError("`force` has no effect on a fit without draws. Leave it out.")
    named = checked_outcome(fit, outcome)
    problems = diagnose(fit).problems if has_draws(fit) else ()
    if problems and not force:
        raise DiagnosticsError(
            "`fit` has draws that failed their diagnostics, so no prior can be made from them: "
            f"{' '.join(map(str, problems))} To inspect it, use force=True."
        )
    label = profile_label(fit.coding, profile)
    if named:
        label = f"{named}, {label}"
    distribution = rates_at(fit, profile, outcome).cohort()
    inferred = inferred_at(fit, profile, named)
    return MapPrior(
        fit_mixture(distribution, components=components),
        label,
        not problems,
        inferred,
        Origin(fit, profile, named),
    )
