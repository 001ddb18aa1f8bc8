"""A model in mathematics: the statements that a terminal shows, as LaTeX."""

import re

from bayesmeta.model import ModelSpec

__all__ = ["latex", "model_formulas", "nested_formulas"]

GREEK = frozenset({"mu", "beta", "tau", "nu", "rho", "theta", "eta"})

_PARTS = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?|~|<=|>=|.")


def model_formulas(spec: ModelSpec) -> tuple[str, ...]:
    """Return the likelihood, the predictor and the distributions of the effects, one formula each."""
    distribution = spec.study_effects
    terms = [
        "mu",
        *(["x_i' beta"] if spec.covariates.parsed.terms else []),
        *(["u_s(i)"] if distribution.symbol else []),
        *(["w_i"] if spec.arm_effects is not None else []),
    ]
    predictor = " + ".join(PREDICTOR[term] for term in terms)
    likelihood = latex(spec.likelihood.symbol).replace(r"\text{rate}", "p_i").replace("n,", "n_i,")
    lines = [
        rf"y_i\ \sim\ {likelihood}",
        rf"\text{{{spec.link.name}}}(p_i) = {predictor}",
    ]
    if " ~ " in distribution.symbol:
        lines.append(latex(distribution.symbol).replace("u", "u_s", 1))
    elif distribution.symbol:
        lines.append(rf"\text{{{distribution.symbol}}}")
    if spec.arm_effects is not None:
        lines.append(r"w_i\ \sim\ \text{Normal}(0,\ \tau_{\text{arm}})")
    return tuple(lines)


def nested_formulas(spec: ModelSpec) -> tuple[str, ...]:
    """Return the same of a model of nested outcomes, by their conditional probabilities."""
    terms = r"\mu_k + x_i^{\top} \beta_k" if spec.covariates.parsed.terms else r"\mu_k"
    return (
        r"\text{P}(\text{outcome } k) = \prod_{j \le k} p_{ij}",
        rf"\text{{{spec.link.name}}}(p_{{ik}}) = {terms} + u_{{s(i)k}}",
        r"u_s\ \sim\ \text{Normal}(0,\ \Sigma)",
    )


PREDICTOR = {
    "mu": r"\mu",
    "x_i' beta": r"x_i^{\top} \beta",
    "u_s(i)": r"u_{s(i)}",
    "w_i": "w_i",
}


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
