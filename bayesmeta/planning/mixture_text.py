"""Mixtures of betas as text: JSON, and code of RBesT, Stan and brms."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bayesmeta.errors import DiagnosticsError, SettingsError, shortened

if TYPE_CHECKING:
    from bayesmeta.planning.mixtures import BetaMixture

Numbers = tuple[float, ...]

KIND, SCHEMA = "bayesmeta beta mixture", 1

STAN_SUFFIXES = ("lpdf", "lcdf")
STAN = """real map_prior_{suffix}(real rate) {{
  return log_sum_exp([
{terms}
  ]);
}}
"""

BRMS = """map_functions <- brms::stanvar(block = "functions", scode = "
{stan}
")
map_prior <- c(
  brms::set_prior("map_prior()", class = "b", coef = "Intercept", nlpar = "rate"),
  brms::set_prior("", class = "b", nlpar = "rate", lb = 0, ub = 1)
)
"""


def to_json(mixture: "BetaMixture", about: Mapping[str, Any] | None = None) -> str:
    """Return a mixture as JSON, with what there is to say about where it comes from."""
    components = [dict(zip(("weight", "a", "b"), part, strict=True)) for part in _parts(mixture)]
    content = {"kind": KIND, "schema": SCHEMA, "components": components}
    return json.dumps(content | ({"map_prior": dict(about)} if about else {}), indent=2)


def from_json(text: str, *, force: bool) -> tuple[Numbers, Numbers, Numbers]:
    """Return weights, a and b of the mixture that `to_json` wrote; see `BetaMixture.from_json`."""
    content = _content(text)
    about = content.get("map_prior", {"reliable": True})
    if not isinstance(about, dict) or not isinstance(about.get("reliable"), bool):
        raise _damaged("`map_prior` must say by true or false whether it is `reliable`", about)
    if not about["reliable"] and not force:
        raise DiagnosticsError(
            "`text` holds a prior that is NOT RELIABLE: the draws of its fit failed their diagnostics. "
            "Fit again; for a look at it, use force=True."
        )
    components = content.get("components")
    if not isinstance(components, list) or not components:
        raise _damaged("`components` must be a list of one component or more", components)
    weights, a, b = zip(*map(_numbers, components), strict=True)
    return weights, a, b


def _content(text: str) -> dict[str, Any]:
    """Return the object that a text holds, after checking what it says it is."""
    try:
        content = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise _damaged(f"it must be JSON ({error})", text) from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise _damaged(f"`kind` must be '{KIND}'", content)
    if content.get("schema") != SCHEMA or isinstance(content["schema"], bool):
        raise _damaged(
            f"`schema` must be {SCHEMA}, which this version reads", content.get("schema")
        )
    return content


def _numbers(component: object) -> tuple[float, float, float]:
    names = ("weight", "a", "b")
    if not isinstance(component, dict) or set(component) != set(names):
        raise _damaged("each component must have `weight`, `a` and `b`, and no more", component)
    for name in names:
        if isinstance(component[name], bool) or not isinstance(component[name], int | float):
            raise _damaged(f"`{name}` of a component must be a number", component[name])
    try:
        weight, a, b = (float(component[name]) for name in names)
    except OverflowError as error:
        raise _damaged("a number of a component is too large", component) from error
    return weight, a, b


def _damaged(rule: str, got: object) -> SettingsError:
    shown = shortened(got if isinstance(got, str) else repr(got))
    return SettingsError(f"`text` cannot be read: {rule}; got {shown}. Write it by `to_json`.")


def to_rbest(mixture: "BetaMixture") -> str:
    """Return an R expression; see `BetaMixture.to_rbest`."""
    terms = (f"c({', '.join(map(repr, numbers))})" for numbers in _parts(mixture))
    return f"mixbeta({', '.join(terms)})"


def to_stan(mixture: "BetaMixture") -> str:
    """Return Stan functions; see `BetaMixture.to_stan`."""
    return "\n".join(STAN.format(suffix=each, terms=_stan(mixture, each)) for each in STAN_SUFFIXES)


def to_brms(mixture: "BetaMixture") -> str:
    """Return R code for brms; see `BetaMixture.to_brms`."""
    return BRMS.format(stan=to_stan(mixture).rstrip())


def _stan(mixture: "BetaMixture", suffix: str) -> str:
    """Return the terms of the sum over components that Stan takes."""
    return ",\n".join(
        f"    log({weight!r}) + beta_{suffix}(rate | {a!r}, {b!r})"
        for weight, a, b in _parts(mixture)
        if weight > 0
    )


def _parts(mixture: "BetaMixture") -> Iterator[tuple[float, float, float]]:
    """Return weight, a and b of each component."""
    return zip(mixture.weights, mixture.a, mixture.b, strict=True)
