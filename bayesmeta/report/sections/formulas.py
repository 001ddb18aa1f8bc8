"""Models as mathematics: likelihood, predictor and effects, one LaTeX formula each."""

import re
from collections.abc import Iterator

from bayesmeta.model import ModelSpec
from bayesmeta.model.curves import ExponentialSurvival, LogLogisticSurvival, SurvivalCurve

GREEK = frozenset({"mu", "beta", "tau", "sigma", "nu", "rho", "theta", "eta", "kappa"})

_PARTS = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?|~|<=|>=|.")


def model_formulas(spec: ModelSpec) -> tuple[str, ...]:
    """Return the likelihood, the predictor and the distributions of the effects, one formula each."""
    if spec.curve is not None:
        shape = r"\log(k_i)\ \sim\ \text{Normal}(\kappa,\ \tau_k)"
        own = [shape] if spec.curve.has_shape else []
        return (_curve(spec.curve), rf"\log(m_i) = {_predictor(spec)}", *_effects(spec), *own)
    likelihood = latex(spec.likelihood.symbol).replace(r"\text{rate}", "p_i").replace("n,", "n_i,")
    lines = [
        rf"y_i\ \sim\ {likelihood}",
        rf"\text{{{spec.link.name}}}(p_i) = {_predictor(spec)}",
        *_effects(spec),
    ]
    return tuple(lines)


def _curve(curve: SurvivalCurve) -> str:
    """Return the survival of an arm at t months, by its median and its shape."""
    if isinstance(curve, LogLogisticSurvival):
        return r"S_i(t) = \frac{1}{1 + (t / m_i)^{k_i}}"
    power = "" if isinstance(curve, ExponentialSurvival) else "^{k_i}"
    return rf"S_i(t) = \exp(-\log(2)\ (t / m_i){power})"


def _predictor(spec: ModelSpec) -> str:
    levels = enumerate(spec.covariates.parsed.levels, 1)
    terms = [
        r"\mu",
        *([r"x_i^{\top} \beta"] if spec.covariates.parsed.terms else []),
        *("d_{t(i)}" if term.walk else f"b_{{{number}, r(i)}}" for number, term in levels),
        *(["u_{s(i)}"] if spec.study_effects.symbol else []),
        *(["w_i"] if spec.arm_effects is not None else []),
    ]
    return " + ".join(terms)


def _effects(spec: ModelSpec) -> Iterator[str]:
    """Yield the distributions of the effects of levels, studies and arms."""
    distribution = spec.study_effects
    for number, term in enumerate(spec.covariates.parsed.levels, 1):
        effect = "d_t - d_{t - 1}" if term.walk else f"b_{{{number}, r}}"
        symbol = latex(spec.levels_of(term.name).symbol).replace("b", effect, 1)
        yield symbol.replace(r"\sigma", rf"\sigma_{{{number}}}")
    if " ~ " in distribution.symbol:
        yield latex(distribution.symbol).replace("u", "u_s", 1)
    elif distribution.symbol:
        yield rf"\text{{{distribution.symbol}}}"
    if spec.arm_effects is not None:
        yield r"w_i\ \sim\ \text{Normal}(0,\ \tau_{\text{arm}})"


def nested_formulas(spec: ModelSpec) -> tuple[str, ...]:
    """Return the same of a model of nested outcomes, by their conditional probabilities."""
    terms = r"\mu_k + x_i^{\top} \beta_k" if spec.covariates.parsed.terms else r"\mu_k"
    return (
        r"\text{P}(\text{outcome } k) = \prod_{j \le k} p_{ij}",
        rf"\text{{{spec.link.name}}}(p_{{ik}}) = {terms} + u_{{s(i)k}}",
        r"u_s\ \sim\ \text{Normal}(0,\ \Sigma)",
    )


def latex(statement: str) -> str:
    """Return a statement such as ``"u ~ Normal(0, tau)"`` as LaTeX."""
    return "".join(map(_written, _PARTS.findall(statement))).strip()


def _written(part: str) -> str:
    if part == "~":
        return r"\sim"
    if part in GREEK:
        return rf"\{part}"
    if part == "a" or (len(part) > 1 and part[0].isalpha()):
        return rf"\text{{{part}}}".replace("_", r"\_")
    return r"\ " if part == " " else part
