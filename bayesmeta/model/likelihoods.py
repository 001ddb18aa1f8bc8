"""Likelihoods: how the responders of an arm follow from its linear predictor."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

import numpy as np
from scipy import special

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import SpecError
from bayesmeta.model.links import Link, Logit
from bayesmeta.priors import Beta, Prior

Known = Array | Integers | int

LEAST_RHO = 1e-8
"""Overdispersion below which a beta distribution of rates cannot be distinguished from a point."""


class Likelihood(ABC):
    """The distribution of `events` (responders) out of `n` given the linear predictor theta.

    Abstract: a subclass gives `name` (in a model file), `words`, `symbol`, `code` (its branch in
    the compiled density) and `link`; `to_pymc`, `log_probability` and `rate`; for parameters of its own,
    their `units`; `overdispersed` where arms differ; and `draw` where events are not binomial given the
    true rate.

    See Also
    --------
    Binomial, BetaBinomial : The likelihoods there are.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import numpy as np
    >>> found = bm.Binomial().log_probability(np.array([3]), np.array([10]), theta=np.array([0.0]))
    >>> found.round(3).tolist()
    [-2.144]
    """

    name: ClassVar[str]
    words: ClassVar[str]
    """What text calls it, such as ``"beta-binomial"``."""
    symbol: ClassVar[str]
    """The likelihood as it is written, such as ``"Binomial(n, rate)"``."""
    code: ClassVar[int]
    overdispersed: ClassVar[bool] = False
    """Whether arms of one linear predictor differ beyond chance."""
    units: ClassVar[Mapping[str, str]] = {}
    """Unit of each parameter of its own, such as ``{"rho": "correlation"}``."""
    link: Link

    def __post_init__(self) -> None:
        if not isinstance(self.link, Link):
            raise SpecError(f"`link` must be Logit(), Probit() or CLogLog(); got {self.link!r}.")

    @property
    def parameters(self) -> Mapping[str, Prior]:
        """Priors of its own parameters by name."""
        return {name: getattr(self, name) for name in self.units}

    @abstractmethod
    def to_pymc(self, theta: Any, n: Integers, events: Integers, **own: Any) -> Any:
        """Create the observed `events`, with dim `arm`, inside the current PyMC model."""

    @abstractmethod
    def log_probability(self, events: Array, n: Array, theta: Array, **own: Array) -> Array:
        """Return the log probability of each arm's events.

        Parameters
        ----------
        events, n : array
            Responders and patients, shape (arm,).
        theta : array
            Linear predictor, shape (..., arm).
        **own : array
            Own parameters, shape (..., 1).
        """

    @abstractmethod
    def rate(
        self, theta: Array, probability: Array, *, events: Known = 0, n: Known = 0, **own: Array
    ) -> Array:
        """Return the quantile, at `probability`, of the true rate of an arm with this predictor.

        Parameters
        ----------
        theta, probability : array
            Linear predictor, and probabilities.
        events, n : array
            Responders and patients of the arm that are known already.
        **own : array
            Own parameters.
        """

    def patient_correlation(self, **own: Any) -> Any:
        """Return the correlation of two patients of one arm, of the shape of own parameters."""
        del own
        return 0.0

    def draw(self, rng: np.random.Generator, n: Integers, theta: Array, **own: Array) -> Integers:
        """Return random events of arms with `n` patients, of the shape of `theta`."""
        rate = self.rate(theta, rng.random(theta.shape), **own)
        return np.asarray(rng.binomial(n, rate), dtype=np.int64)


@dataclass(frozen=True)
class Binomial(Likelihood):
    """Binomial: patients of an arm respond independently at one rate.

    Parameters
    ----------
    link : Link
        Logit, Probit or CLogLog.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.Binomial(bm.Probit()).symbol
    'Binomial(n, rate)'
    """

    name: ClassVar[str] = "binomial"
    words: ClassVar[str] = "binomial"
    symbol: ClassVar[str] = "Binomial(n, rate)"
    code: ClassVar[int] = 0
    link: Link = field(default_factory=Logit)

    @override
    def to_pymc(self, theta: Any, n: Integers, events: Integers, **own: Any) -> Any:
        import pymc as pm

        if isinstance(self.link, Logit):
            return pm.Binomial("events", n=n, logit_p=theta, observed=events, dims="arm")
        # PyMC's binomial takes a rate, which rounds to 0 or 1 far out; this takes both logarithms.
        functions = {"logp": self.log_mass, "random": self._random}
        return pm.CustomDist(
            "events", theta, n, **functions, observed=events, dims="arm", dtype="int64"
        )

    def log_mass(self, value: Any, theta: Any, n: Any) -> Any:
        """Return log probabilities inside a PyMC model, finite however far out theta is."""
        import pytensor.tensor as pt

        log_rate, log_rest = self.link.to_pymc(theta)
        choose = pt.gammaln(n + 1) - pt.gammaln(value + 1) - pt.gammaln(n - value + 1)
        # Nothing is added for no responders or no others, whatever their logarithm.
        responders = pt.switch(pt.gt(value, 0), value * log_rate, 0.0)
        others = pt.switch(pt.gt(n - value, 0), (n - value) * log_rest, 0.0)
        return choose + responders + others

    def _random(self, theta: Any, n: Any, rng: Any = None, size: Any = None) -> Any:
        return rng.binomial(n, self.link.rate(theta), size=size)

    @override
    def log_probability(self, events: Array, n: Array, theta: Array, **own: Array) -> Array:
        log_rate, log_rest = self.link.log_rates(theta)
        gammaln = special.gammaln
        choose = gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1)
        responders = np.where(events > 0, events * log_rate, 0.0)
        return np.asarray(choose + responders + np.where(n > events, (n - events) * log_rest, 0.0))

    @override
    def rate(
        self, theta: Array, probability: Array, *, events: Known = 0, n: Known = 0, **own: Array
    ) -> Array:
        shape = np.broadcast_shapes(np.shape(theta), np.shape(probability))
        return np.broadcast_to(self.link.rate(theta), shape)


@dataclass(frozen=True)
class BetaBinomial(Likelihood):
    """Beta-binomial: arms with one linear predictor have rates that follow a beta distribution about it.

    Parameters
    ----------
    link : Link
        Link of the mean rate.
    rho : Prior
        Prior of the overdispersion between 0 and 1: the correlation of two patients of an arm, and
        the share of ``rate * (1 - rate)`` that is variance of rates between arms.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.BetaBinomial().symbol
    'BetaBinomial(n, rate, rho)'
    """

    name: ClassVar[str] = "beta_binomial"
    words: ClassVar[str] = "beta-binomial"
    symbol: ClassVar[str] = "BetaBinomial(n, rate, rho)"
    code: ClassVar[int] = 1
    overdispersed: ClassVar[bool] = True
    units: ClassVar[Mapping[str, str]] = {"rho": "correlation"}
    link: Link = field(default_factory=Logit)
    rho: Prior = field(default_factory=lambda: Beta(1, 9))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.rho, Prior) or self.rho.support[0] < 0 or self.rho.support[1] > 1:
            raise SpecError(
                f"`rho` is a correlation: its prior must lie within 0 and 1; got {self.rho!r}. "
                "Use Beta(1, 9) or a Uniform within 0 and 1."
            )

    @override
    def to_pymc(self, theta: Any, n: Integers, events: Integers, **own: Any) -> Any:
        import pymc as pm
        import pytensor.tensor as pt

        log_rate, log_rest = self.link.to_pymc(theta)
        size = (1 - own["rho"]) / own["rho"]
        shape = {"alpha": size * pt.exp(log_rate), "beta": size * pt.exp(log_rest)}
        return pm.BetaBinomial("events", n=n, **shape, observed=events, dims="arm")

    @override
    def log_probability(self, events: Array, n: Array, theta: Array, **own: Array) -> Array:
        alpha, beta = self._beta(theta, own["rho"])
        choose = -np.log(n + 1) - special.betaln(events + 1, n - events + 1)
        return np.asarray(
            choose + special.betaln(events + alpha, n - events + beta) - special.betaln(alpha, beta)
        )

    @override
    def rate(
        self, theta: Array, probability: Array, *, events: Known = 0, n: Known = 0, **own: Array
    ) -> Array:
        alpha, beta = self._beta(theta, own["rho"])
        known, others = np.asarray(events), np.asarray(n) - np.asarray(events)
        return np.asarray(special.betaincinv(alpha + known, beta + others, probability))

    @override
    def patient_correlation(self, **own: Any) -> Any:
        return own["rho"]

    def _beta(self, theta: Array, rho: Array) -> tuple[Array, Array]:
        """Return the parameters of the beta distribution of rates."""
        rho = np.maximum(rho, LEAST_RHO)
        size = (1 - rho) / rho
        log_rate, log_rest = self.link.log_rates(theta)
        # Never 0, whose log beta function is infinite.
        least = np.finfo(np.float64).tiny
        return np.maximum(size * np.exp(log_rate), least), np.maximum(
            size * np.exp(log_rest), least
        )


LIKELIHOODS: dict[str, type[Likelihood]] = {
    distribution.name: distribution for distribution in (Binomial, BetaBinomial)
}
"""Every likelihood by the name it has in a model file."""
