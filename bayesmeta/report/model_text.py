"""A model and its priors as text: in symbols, with the range that each prior allows."""

from bayesmeta.model import Design, ModelSpec
from bayesmeta.model.default_priors import over_a_spread
from bayesmeta.priors import Prior
from bayesmeta.rounding import PERCENT, number_texts
from bayesmeta.wording import PLAIN, Wording

__all__ = ["beta_lines", "model_lines", "prior_range"]


def model_lines(spec: ModelSpec, design: Design, words: Wording = PLAIN) -> list[str]:
    """Return the model in symbols and its priors, each with the range it allows."""
    distribution, link = spec.study_effects, spec.link
    terms = [":".join(factor.text for factor in term) for term in spec.covariates.parsed.terms]
    effects = ["u(study)"] * bool(distribution.symbol) + ["w(arm)"] * (spec.arm_effects is not None)
    predictor = " + ".join(["mu", *terms, *effects])
    typical = words.rates.range(*link.rate(spec.mu.interval(0.95)))
    lines = [
        f"Model      {spec.name}: events ~ {spec.likelihood.symbol}, {link.name}(rate) = {predictor}",
        f"Priors     mu ~ {spec.mu!r}: typical rate {typical} with 95% probability",
    ]
    lines += beta_lines(design)
    if distribution.symbol:
        by = f", one for each level of {distribution.by}" if distribution.by else ""
        tau = (
            f", tau ~ {distribution.tau!r}: {prior_range(distribution.tau)}{by}"
            if distribution.tau is not None
            else ""
        )
        lines.append(f"           {distribution.symbol}{tau}")
    if spec.arm_effects is not None:
        tau_arm = spec.arm_effects.tau_arm
        lines.append(
            f"           w ~ Normal(0, tau_arm), tau_arm ~ {tau_arm!r}: {prior_range(tau_arm)}"
        )
    own = {**distribution.parameters, **spec.likelihood.parameters}
    return lines + [
        f"           {name} ~ {prior!r}: {prior_range(prior)}" for name, prior in own.items()
    ]


def beta_lines(design: Design) -> list[str]:
    """Return the priors of coefficients: of levels by range, of numbers by what they do to rates."""
    link, spreads = design.spec.link, design.coding.spreads
    named = list(zip(design.coding.names, design.beta, strict=True))
    levels = dict.fromkeys(prior for name, prior in named if name not in spreads)
    lines = [f"beta ~ {prior!r}: {prior_range(prior)} ({link.scale})" for prior in levels]
    lines += [
        f"beta[{name}] ~ {prior!r} per unit: over one standard deviation ({spreads[name]:.3g}) a typical rate of 50% "
        f"becomes {PERCENT.range(*over_a_spread(prior, link, spreads[name]))} with 95% probability"
        for name, prior in named
        if name in spreads
    ]
    return [f"           {line}" for line in lines]


def prior_range(prior: Prior) -> str:
    """Return the 95% range of a prior."""
    return f"95% between {' and '.join(number_texts(*prior.interval(0.95)))}"
