"""The report of a joint fit of nested outcomes."""

from collections.abc import Iterator
from itertools import pairwise

from bayesmeta import plots
from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.identifiability import notes
from bayesmeta.estimates.inferred_text import inferred_lines
from bayesmeta.estimates.nested.predict import NestedPrediction, predict_nested
from bayesmeta.estimates.profiles import beyond_evidence, default_profiles, profile_label
from bayesmeta.estimates.summary import summary
from bayesmeta.estimates.summary_table import SummaryTable
from bayesmeta.estimates.summary_text import rate_precision, rate_table
from bayesmeta.estimates.words import with_labels
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.model.default_priors import wide_priors
from bayesmeta.report.document import (
    Block,
    Document,
    Figure,
    Formulas,
    Items,
    Section,
    Table,
    Text,
)
from bayesmeta.report.fit_results import ReportRequest
from bayesmeta.report.nested_text import (
    category_cells,
    nested_model_lines,
    outcome_texts,
    prior_rates_line,
)
from bayesmeta.report.sections.checklists import (
    NOT_DONE,
    USUAL,
    Answer,
    checklists_section,
)
from bayesmeta.report.sections.diagnostics import (
    UNRELIABLE,
    diagnostics_section,
    trace_figure,
    verdict_line,
    verdict_words,
)
from bayesmeta.report.sections.evidence import evidence_section
from bayesmeta.report.sections.limits import limits_section
from bayesmeta.report.sections.rates import parameter_blocks, rate_definitions
from bayesmeta.report.sections.redo import redo_section
from bayesmeta.report.sections.titles import (
    ANSWERS,
    BRIEF,
    MODEL,
    PRIORS,
    SENSITIVITY,
    VALIDATION,
)
from bayesmeta.report.sensitivity_text import prior_cells
from bayesmeta.sensitivity.prior_grid import prior_grid
from bayesmeta.wording import Wording

__all__ = ["nested_document"]


NOT_LEFT_OUT = (
    "Studies were not left out in turn. `bayesmeta.joint_against_separate` does, and compares this model with one of "
    "each outcome. There is no posterior predictive check, whose statistics are of one outcome."
)


def nested_document(fit: Fit, asked: ReportRequest) -> Document:
    """Return the report of a joint fit, which is fitted again under other priors unless asked not to.

    Raises
    ------
    SettingsError
        If something asked has no effect on nested outcomes, or is out of its range.
    ProfileError
        If the profile can't be coded.
    """
    if asked.rate_above is not None:
        raise SettingsError(
            "`rate_above` has no effect on nested outcomes, which have a rate each. Leave it out; `bayesmeta predict "
            "--joint` answers such questions."
        )
    if asked.ranks:
        raise SettingsError("`--ranks` has no effect on nested outcomes. Leave it out.")
    prediction = predict_nested(fit, asked.cohort, asked.profile, None, fit.provenance.seed)
    diagnostics = diagnose(fit)
    profiles = default_profiles(fit.coding, asked.profile)
    found = summary(
        fit,
        profiles=profiles,
        per=asked.per,
        ci_prob=asked.ci_prob,
        cohort=asked.cohort,
        rates_per=asked.rates_per,
        labels=asked.labels,
    )
    words = found.words
    origin = fit.provenance
    return Document(
        title=f"{' > '.join(map(words.outcome, fit.outcomes))}: model '{fit.spec.name}' on {counted(len(fit.arms.studies), 'study', 'studies')}",
        warning="" if diagnostics.ok else UNRELIABLE,
        sections=(
            Section(
                BRIEF,
                tuple(_brief(fit, prediction, asked, found, verdict=verdict_words(diagnostics))),
            ),
            Section(ANSWERS, tuple(_answers(fit, asked, found, prediction))),
            evidence_section(fit.arms, fit.coding.columns, words),
            Section(MODEL, tuple(_model(fit, words))),
            Section(PRIORS, _priors(fit, words)),
            Section(SENSITIVITY, tuple(_sensitivity(fit, asked, words))),
            Section(VALIDATION, (Text(NOT_LEFT_OUT),)),
            limits_section(
                fit.arms,
                (
                    *wide_priors(fit.design.beta, fit.spec.link, fit.coding),
                    *map(words.note, notes(fit)),
                ),
                covariates=bool(fit.spec.covariates.parsed.terms),
                tau=True,
            ),
            diagnostics_section(fit, diagnostics, trace_figure(with_labels(fit, asked.labels))),
            checklists_section(_checklist(asked)),
            redo_section(fit),
        ),
        made=f"Made by bayesmeta {origin.versions['bayesmeta']} from a fit of {origin.created}, seed {origin.seed}.",
        verdict=verdict_line(diagnostics),
    )


def _brief(
    fit: Fit,
    prediction: NestedPrediction,
    asked: ReportRequest,
    found: SummaryTable,
    *,
    verdict: str,
) -> Iterator[Block]:
    arms = fit.arms
    yield Text(
        f"Question: which rates of {', '.join(map(found.words.outcome, fit.outcomes))}, each a part of the one before, do these studies support "
        f"together, how much do studies differ, and what is to be expected in a new cohort of {asked.cohort} patients?"
    )
    yield Text(
        f"The evidence is {counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}, "
        f"{arms.n.sum():,} patients. {verdict} Below, the typical rate is that of the middle "
        "of the studies; that of a new study, and a new cohort, allow for the differences between studies (heterogeneity), "
        f"too. Medians and {100 * asked.ci_prob:g}% intervals ({prediction.profile}):"
    )
    yield Items(
        (*_predicted(prediction, asked, found), *beyond_evidence(fit.coding, asked.profile))
    )


def _predicted(
    prediction: NestedPrediction, asked: ReportRequest, found: SummaryTable
) -> Iterator[str]:
    words, texts = found.words, outcome_texts(prediction, asked.ci_prob, found.words)
    for name, (outcome, rate, patients) in zip(prediction.outcomes, texts, strict=True):
        typical = rate_table(found[found["outcome"] == name], words)["typical"].iloc[0]
        yield (
            f"{outcome}: typical rate {typical}{words.rates.per_text}; new study {rate}; "
            f"of {prediction.n} patients {patients}."
        )


def _model(fit: Fit, words: Wording) -> Iterator[Block]:
    link = fit.spec.link.name
    terms = r"\mu_k + x_i^{\top} \beta_k" if fit.coding.names else r"\mu_k"
    distribution = r"u_s\ \sim\ \text{Normal}(0,\ \Sigma)"
    yield Formulas(
        (
            r"\text{P}(\text{outcome } k) = \prod_{j \le k} r_{ij}",
            rf"\text{{{link}}}(r_{{ik}}) = {terms} + u_{{s(i)k}}",
            distribution,
        )
    )
    outcomes = list(map(words.outcome, fit.outcomes))
    chain = [outcomes[0], *(f"{one} given {around}" for around, one in pairwise(outcomes))]
    yield Items(
        (
            f"The ratios r are the probabilities of {', '.join(chain)}.",
            "Counts are binomial, as they are; an arm that does not report an outcome between two others is binomial with "
            "the product of their ratios.",
            "The effects of a study on the ratios have a standard deviation tau each"
            + (
                ", and are independent."
                if fit.spec.correlation is None
                else f", and correlations with prior {fit.spec.correlation!r}."
            ),
        )
    )


def _priors(fit: Fit, words: Wording) -> tuple[Block, ...]:
    lines = [line.strip() for line in nested_model_lines(fit.design, words)[2:]]
    return (
        Items(tuple(line.removeprefix("Priors").strip() for line in lines)),
        Text(_sentence(prior_rates_line(fit, words))),
    )


def _sentence(line: str) -> str:
    text = line.strip()
    return f"{text[:1].upper()}{text[1:]}."


def _answers(
    fit: Fit, asked: ReportRequest, found: SummaryTable, prediction: NestedPrediction
) -> Iterator[Block]:
    profiles = default_profiles(fit.coding) if asked.profile is None else [asked.profile]
    drawn = with_labels(fit, asked.labels)
    predictions = [
        predict_nested(drawn, asked.cohort, one, None, fit.provenance.seed) for one in profiles
    ]
    yield Figure(
        "nested_outcomes",
        plots.nested_outcomes(predictions),
        "How the patients of a new cohort divide into the outcomes.",
        f"Predicted cohort of {prediction.n}: how its patients divide into the outcomes",
    )
    words, width = found.words, f"{100 * asked.ci_prob:g}%"
    for outcome in fit.outcomes:
        own = found[found["outcome"] == outcome]
        yield Table(
            f"{words.outcome(outcome)}, of all patients: median and {width} interval{words.rates.note}",
            rate_table(own, words),
        )
        yield from map(Text, inferred_lines(own, words))
    yield Items(rate_definitions(fit.spec, several=True))
    yield Text(rate_precision(found, words))
    yield Table(
        f"Patients of a new cohort of {prediction.n} by category ({prediction.profile})",
        category_cells(prediction.table(asked.ci_prob), words),
    )
    yield from parameter_blocks(
        found, f"Parameters of each outcome's conditional probability ({width} interval)"
    )


def _sensitivity(fit: Fit, asked: ReportRequest, words: Wording) -> Iterator[Block]:
    if not asked.refits:
        yield Text(
            "The model was not fitted again under other priors; `bayesmeta sensitivity` does, and a report without --quick."
        )
        return
    found = prior_grid(fit, profile=asked.profile, ci_prob=asked.ci_prob)
    label, width = profile_label(fit.coding, asked.profile), f"{100 * asked.ci_prob:g}%"
    own = found[found["outcome"] == fit.outcomes[0]]
    if not own["ok"].all():
        yield Text(
            f"NOT RELIABLE: {int((~own['ok']).sum())} of {len(own)} fits failed, or the diagnostics of their draws.",
            "warning",
        )
    for outcome in fit.outcomes:
        yield Table(
            f"{words.outcome(outcome)} under other priors, each by a joint fit of its own: median and {width} interval"
            f"{words.rates.note} ({label})",
            prior_cells(found[found["outcome"] == outcome], words=words),
        )
    yield Text("Rates are of all patients; tau is that of the conditional probability.")


def _checklist(asked: ReportRequest) -> dict[str, Answer]:
    return {**USUAL} if asked.refits else {**USUAL, "5A": Answer(NOT_DONE, SENSITIVITY)}
