"""What was assumed: the model in mathematics and words, and its priors on the scale of rates."""

from collections.abc import Iterator

import pandas as pd

from bayesmeta.estimates.prior_meanings import prior_meanings
from bayesmeta.model import Design, ModelSpec
from bayesmeta.report.document import Block, Formulas, Items, Section, Table, Text
from bayesmeta.report.sections.mathematics import model_formulas
from bayesmeta.report.sections.titles import MODEL, PRIORS
from bayesmeta.rounding import number_texts

__all__ = ["model_blocks", "model_section", "prior_table", "priors_section"]


def model_section(design: Design) -> Section:
    """Return the model of a fit."""
    return Section(MODEL, tuple(model_blocks(design.spec, design)))


def model_blocks(spec: ModelSpec, design: Design | None = None) -> Iterator[Block]:
    """Yield a model in mathematics and in words; with its design, how covariates are coded."""
    if spec.description:
        yield Text(spec.description)
    yield Formulas(model_formulas(spec))
    yield Items(tuple(_words(spec)))
    if design is not None and design.coding.names:
        yield Text(_coding(design))


def priors_section(design: Design) -> Section:
    """Return the priors of a fit on their own scale and on that of rates."""
    return Section(
        PRIORS,
        (
            Text(
                "Each prior with the range it allows; the last column says what that means for response rates."
            ),
            prior_table(design),
        ),
    )


def prior_table(design: Design) -> Table:
    """Return the priors, one row each."""
    rows = prior_meanings(design)
    cells = pd.DataFrame(
        {
            "parameter": rows["parameter"],
            "prior": rows["prior"],
            "95% range": [
                " to ".join(number_texts(low, high))
                for low, high in zip(rows["lower"], rows["upper"], strict=True)
            ],
            "on the scale of rates": rows["meaning"],
        }
    )
    return Table(f"Priors (scale: {design.spec.link.scale})", cells)


def _words(spec: ModelSpec) -> Iterator[str]:
    yield (
        "y is the number of responders among the n patients of arm i in study s(i), counted as it is: no "
        "continuity correction, no transformation."
    )
    distribution = spec.study_effects
    if not spec.likelihood.parameters or distribution.symbol:
        yield distribution.words
    if distribution.by:
        yield f"tau has a value for each level of {distribution.by}."
    if spec.arm_effects is not None:
        yield "Arms of one study differ beyond their covariates, with standard deviation tau_arm."
    if spec.likelihood.parameters:
        yield f"Arms differ beyond chance, each for itself: the likelihood is {spec.likelihood.symbol}."
    if not spec.covariates.parsed.terms:
        yield "There are no covariates: all arms count as draws from one population of studies."


def _coding(design: Design) -> str:
    coding = design.coding
    parts = [
        *(f"the reference level is {name}={levels[0]}" for name, levels in coding.levels.items()),
        *(f"{name} is centred at {coding.centre_text(name)}" for name in coding.centres),
    ]
    return (
        f"Covariates: {'; '.join((design.spec.covariates.formula, *parts))}. mu is the {design.spec.link.scale} of "
        "the typical rate at these values; a coefficient is what one unit of its coded column adds: of a level, the "
        "difference from the reference level."
    )
