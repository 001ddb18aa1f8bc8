"""Mixtures of betas as code of other programs: RBesT, Stan and brms."""

from collections.abc import Iterable

from bayesmeta.planning.mixtures import BetaMixture

__all__ = ["to_brms", "to_rbest", "to_stan"]


def to_rbest(mixture: BetaMixture) -> str:
    """Return an R expression; see `BetaMixture.to_rbest`."""
    parts = zip(mixture.weights, mixture.a, mixture.b, strict=True)
    terms = (f"c({_listed(numbers)})" for numbers in parts)
    return f"mixbeta({', '.join(terms)})"


def to_stan(mixture: BetaMixture) -> str:
    """Return Stan functions; see `BetaMixture.to_stan`."""
    return "\n".join(_stan_function(mixture, suffix) for suffix in ("lpdf", "lcdf"))


def to_brms(mixture: BetaMixture) -> str:
    """Return R code for brms; see `BetaMixture.to_brms`."""
    return "\n".join(
        [
            'map_functions <- brms::stanvar(block = "functions", scode = "',
            to_stan(mixture).rstrip(),
            '")',
            "map_prior <- c(",
            '  brms::set_prior("map_prior()", class = "b", coef = "Intercept", nlpar = "rate"),',
            '  brms::set_prior("", class = "b", nlpar = "rate", lb = 0, ub = 1)',
            ")",
            "",
        ]
    )


def _stan_function(mixture: BetaMixture, suffix: str) -> str:
    parts = zip(mixture.weights, mixture.a, mixture.b, strict=True)
    terms = [
        f"    log({weight!r}) + beta_{suffix}(rate | {a!r}, {b!r})"
        for weight, a, b in parts
        if weight > 0
    ]
    return "\n".join(
        [
            f"real map_prior_{suffix}(real rate) {{",
            "  return log_sum_exp([",
            ",\n".join(terms),
            "  ]);",
            "}",
            "",
        ]
    )


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(repr(number) for number in numbers)
