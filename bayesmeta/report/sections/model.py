"""What was assumed: the model in mathematics and words, and its priors on the scale of rates."""

from collections.abc import Iterator
from itertools import pairwise

from bayesmeta.estimates.posterior import is_survival, outcomes_of
from bayesmeta.estimates.prior_meanings import prior_meanings
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design, ModelSpec
from bayesmeta.model.level_terms import LevelTerm
from bayesmeta.model.within_between import BETWEEN, WHOLE, WITHIN
from bayesmeta.report.document import Block, Formulas, Items, Section, Table, Text
from bayesmeta.report.fit_text import nested_model_lines, prior_rates_line
from bayesmeta.report.sections import titles
from bayesmeta.report.sections.formulas import model_formulas, nested_formulas
from bayesmeta.report.sections.survival_model import OF_MEDIANS, survival_words
from bayesmeta.rounding import number_texts
from bayesmeta.wording import Wording


def model_section(design: Design, words: Wording) -> Section:
    """Return the model of a fit."""
    if len(design.arms.outcomes) > 1:
        return Section(titles.MODEL, _nested_blocks(design, words))
    return Section(titles.MODEL, tuple(model_blocks(design.spec, design)))


def _nested_blocks(design: Design, words: Wording) -> tuple[Block, ...]:
    spec, outcomes = design.spec, list(map(words.outcome, design.arms.outcomes))
    chain = [outcomes[0], *(f"{one} given {outer}" for outer, one in pairwise(outcomes))]
    effects = (
        ", and are independent."
        if spec.correlation is None
        else f", and correlations with prior {spec.correlation!r}."
    )
    told = (
        *_about_parts(spec),
        f"The p are the probabilities of {', '.join(chain)}.",
        "Counts are binomial, as they are; an arm that does not report an outcome between two others is binomial with "
        "the product of their conditional probabilities.",
        f"The effects of a study on them have a standard deviation tau each{effects}",
    )
    return Formulas(nested_formulas(spec)), Items(told)


def model_blocks(spec: ModelSpec, design: Design | None = None) -> Iterator[Block]:
    """Yield a model in mathematics and in words; with its design, how covariates are coded."""
    if spec.description:
        yield Text(spec.description)
    yield Formulas(model_formulas(spec))
    yield Items(tuple(_words(spec)))
    if design is not None and design.coding.columns:
        yield Text(_coding(design))


def prior_blocks(fit: Fit, words: Wording) -> tuple[Block, ...]:
    """Return the priors of a fit on their own scale and on that of rates."""
    if outcomes_of(fit):
        lines = [line.strip() for line in nested_model_lines(fit.design, words)[2:]]
        expected = prior_rates_line(fit, words).strip()
        return (
            Items(tuple(line.removeprefix("Priors").strip() for line in lines)),
            Text(f"{expected[0].upper()}{expected[1:]}."),
        )
    meant = "survival" if is_survival(fit) else "response rates"
    return (
        Text(
            f"Each prior with the range it allows; the last column says what that means for {meant}."
        ),
        prior_table(fit.design),
    )


def prior_table(design: Design) -> Table:
    """Return the priors, one row each."""
    rows = prior_meanings(design)
    ends = map(number_texts, rows["lower"], rows["upper"])
    cells = rows[["parameter", "prior"]].copy()
    cells["95% range"] = list(map(" to ".join, ends))
    meant = "rates" if design.spec.curve is None else "survival"
    cells[f"on the scale of {meant}"] = rows["meaning"]
    return Table(f"Priors (scale: {design.spec.scale.scale})", cells)


def _words(spec: ModelSpec) -> Iterator[str]:
    distribution = spec.study_effects
    if spec.curve is None:
        yield (
            "y is the number of responders among the n patients of arm i in study s(i), counted as it is: no "
            "continuity correction, no transformation."
        )
    else:
        yield from survival_words(spec.curve)
    if not spec.likelihood.parameters or distribution.symbol:
        yield distribution.words
    if distribution.by:
        yield f"tau has a value for each level of {distribution.by}."
    if spec.arm_effects is not None:
        yield "Arms of one study differ beyond their covariates, with standard deviation tau_arm."
    if spec.likelihood.parameters:
        yield f"Arms vary beyond binomial variation, independently: the likelihood is {spec.likelihood.symbol}."
    for term in spec.covariates.parsed.levels:
        words = spec.levels_of(term.name).words
        yield _about_walk(term) if term.walk else f"Effects b of {term.name}. {words}"
    yield from _about_parts(spec)
    if not spec.covariates.parsed.columns:
        yield "There are no covariates: all arms are from one population of studies."


def _about_walk(term: LevelTerm) -> str:
    """Return what a random walk over calendar years is."""
    [year] = term.columns
    return (
        f"d({year}) is a random walk over calendar years, 0 at the last year of the arms: from each year to the next it "
        "moves by a step that is normal about zero with standard deviation sigma, and independent of the others. "
        "A later year has further steps, whose variance grows by sigma squared with each."
    )


def _about_parts(spec: ModelSpec) -> Iterator[str]:
    """Yield what the parts of covariates within and between studies are."""
    for one in spec.covariates.parsed.split:
        name = one.column
        said = {
            WITHIN: f"within({name}) is how an arm differs from its study's mean of {name} over patients (of levels: shares)",
            BETWEEN: f"between({name}) is a study's mean of {name} over patients (of levels: shares)",
        }
        parts = "; ".join(said[part] for part in one.parts if part != WHOLE)
        if WHOLE not in one.parts:
            yield f"{parts}."
            continue
        sides = ("within", "between") if BETWEEN in one.parts else ("between", "within")
        yield (
            f"{parts}. The coefficient of {name} is its effect {sides[0]} studies; that of the part is what the effect "
            f"{sides[1]} studies has beyond it."
        )


def _coding(design: Design) -> str:
    coding = design.coding
    parts = [
        *(
            f"levels of {name} are exchangeable"
            if name in coding.grouping
            else f"the reference level is {name}={levels[0]}"
            for name, levels in coding.levels.items()
        ),
        *(
            f"{name} stands at {coding.centre_text(name)}, the last one"
            if name in coding.walks
            else f"{name} is centred at {coding.centre_text(name)}"
            for name in coding.centres
        ),
    ]
    head = f"Covariates: {'; '.join((design.spec.covariates.formula, *parts))}."
    if design.spec.curve is not None:
        return f"{head} {OF_MEDIANS}"
    return (
        f"{head} mu is the {design.spec.link.scale} of "
        "the typical rate at these values; a coefficient is what one unit of its coded column adds: of a level, the "
        "difference from the reference level."
    )
