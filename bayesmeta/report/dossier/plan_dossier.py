"""`write_dossier`: what the FDA and ICH ask of a Bayesian trial, answered from its plan."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from os import PathLike

import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.posterior import outcomes_of
from bayesmeta.estimates.words import words_of
from bayesmeta.labels import LabelSource, as_labels
from bayesmeta.planning.plan import Plan
from bayesmeta.report.document import Figure, FrontMatter
from bayesmeta.report.dossier.answering import Found, NotApplicable
from bayesmeta.report.dossier.characteristics import CHARACTERISTICS
from bayesmeta.report.dossier.documents import Content
from bayesmeta.report.dossier.estimate_answers import ESTIMATES
from bayesmeta.report.dossier.files import DOSSIER, hashes_of
from bayesmeta.report.dossier.fit_answers import FIT_ANSWERS
from bayesmeta.report.dossier.fit_tables import FitFacts
from bayesmeta.report.dossier.guidelines import E20, FDA, guideline
from bayesmeta.report.dossier.plan_answers import PLAN_ANSWERS
from bayesmeta.report.dossier.plan_facts import PlanFacts
from bayesmeta.report.dossier.writing import (
    UNRELIABLE,
    WrittenDossier,
    rows_by_guideline,
    write_folder,
)
from bayesmeta.report.plan_tables import csv_of, drawn_files, plan_plots, priors_json
from bayesmeta.report.plan_text import Sizes
from bayesmeta.report.plan_words import AnyPlan
from bayesmeta.report.targets import front_matter
from bayesmeta.rounding import Rates
from bayesmeta.runs.files import check_folder
from bayesmeta.wording import Wording

NO_FIT = NotApplicable(
    "The prior was not made from a fit by `map_prior`, so that its evidence is not known."
)

CAPTIONS = {
    "map_prior": "The MAP prior and its robust version",
    "power": "Probability of success by true rate, with each prior",
    "responders": "Responders that the MAP prior predicts, and those that succeed",
    "boundary": "Responders that succeed, by number of patients, with each prior",
}


def write_dossier(  # noqa: PLR0913 - one argument for each thing asked, all but two by name
    plan: AnyPlan,
    folder: str | PathLike[str],
    *,
    title: str | None = None,
    author: str | None = None,
    protocol: str | None = None,
    date: str | None = None,
    rates_per: int = 100,
    labels: LabelSource = None,
    force: bool = False,
) -> WrittenDossier:
    """Write what regulators ask of a Bayesian trial, item by item, each with number, file and hash.

    The items are those of the draft guidance of the FDA on Bayesian methods (January 2026) and of the
    draft of ICH E20 (June 2025), in our own words and from secondary sources: compare them with the
    texts. What a plan cannot know, such as the estimand, "the sponsor must say". The same plan makes
    the same bytes: there are no times and no machine in it.

    Parameters
    ----------
    plan : Plan or TwoArmPlan
        Made by `plan` or `plan_two_arms`.
    folder : path
        A folder that does not exist yet. It will hold ``dossier.html``, ``dossier.docx`` (where pandoc
        is installed), ``dossier.json``, all tables, priors and figures of the plan, those of its
        evidence, and ``manifest.json`` with the SHA-256 of each file.
    title : str, optional
        Title of the dossier; one made from the plan where None.
    author, protocol, date : str, optional
        Printed below the title.
    rates_per : {100, 1000, 10000, 100000}
        Patients that rates are written per; 100 for percent.
    labels : Labels, mapping or path, optional
        Labels of levels and outcomes, in place of those of the model and the evidence; see `Labels`.
    force : bool
        Replace a dossier that stands there.

    Returns
    -------
    WrittenDossier
        With `path`, `rows` and `warning`.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or `plan` is no plan.
    RunError
        If the folder exists, or cannot be written.
    SpecError
        If a label is of a column, level or outcome that is not there.

    See Also
    --------
    write_prisma : The same for a systematic review.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> prior = bm.map_prior(exact, components=1)
    >>> plan = bm.plan(prior, n=40, success="P(rate > 0.2) > 0.95")
    >>> with TemporaryDirectory() as folder:
    ...     written = bm.write_dossier(plan, f"{folder}/dossier")
    >>> row = written.rows.set_index("source").loc["type_one_error"].iloc[0]
    >>> row["answer"], row["file"]
    ('Type-I error (one-sided) 4.3%, at a true rate of 0.2.', 'threshold_errors.csv')
    """
    if not isinstance(plan, AnyPlan):
        raise SettingsError(
            f"`plan` must be a Plan or TwoArmPlan; got {type(plan).__name__}. Make one by bm.plan."
        )
    words = _words(plan, rates_per, labels)
    front = front_matter(title=title, author=author, protocol=protocol, date=date)
    return save_dossier(plan, folder, words=words, front=front, force=force)


def check_dossier(folder: str | PathLike[str], *, force: bool) -> None:
    """Raise unless a dossier may be written there."""
    check_folder(folder, force=force, kind=DOSSIER)


def save_dossier(
    plan: AnyPlan,
    folder: str | PathLike[str],
    *,
    words: Wording,
    sizes: Sizes | None = None,
    front: FrontMatter = FrontMatter(),  # noqa: B008 - frozen
    force: bool = False,
) -> WrittenDossier:
    """Write a dossier, with the sample sizes that were looked for."""
    check_dossier(folder, force=force)
    facts = PlanFacts(plan, sizes, _fit(plan, words), words)
    drawn, reliable = plan_plots(plan, words), plan.map_prior.reliable
    files = _files(facts) | priors_json(plan) | drawn_files(drawn)
    guidelines = (guideline(FDA), guideline(E20))

    def answer(source: str) -> Found:
        if source in FIT_ANSWERS:
            return NO_FIT if facts.fit is None else FIT_ANSWERS[source](facts.fit)
        return {**PLAN_ANSWERS, **CHARACTERISTICS, **ESTIMATES}[source](facts)

    content = Content(
        title=_title(plan),
        warning="" if reliable else UNRELIABLE,
        guidelines=guidelines,
        rows=rows_by_guideline(guidelines, answer, files),
        hashes=hashes_of(files),
        made=f"Made by bayesmeta {version('bayesmeta')}.",
        figures=[
            Figure(name, plot, f"{CAPTIONS[name]}.", CAPTIONS[name]) for name, plot in drawn.items()
        ],
        words=words,
        front=front,
    )
    return write_folder(folder, DOSSIER, content, files, force=force)


def _files(facts: PlanFacts) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in (facts, facts.fit):
        if part is not None:
            found |= dict(_tables(part.tables.frames, reliable=facts.plan.map_prior.reliable))
    if facts.fit is not None:
        found |= {name: text.encode() for name, text in facts.fit.texts.items()}
    return found


def _tables(frames: Mapping[str, pd.DataFrame], *, reliable: bool) -> Iterator[tuple[str, bytes]]:
    yield from ((f"{name}.csv", csv_of(frame, reliable=reliable)) for name, frame in frames.items())


def _fit(plan: AnyPlan, words: Wording) -> FitFacts | None:
    origin = plan.map_prior.origin
    if origin is None:
        return None
    outcomes = (origin.outcome,) if outcomes_of(origin.fit) else ()
    return FitFacts(origin.fit, origin.profile, outcomes, words)


def _words(plan: AnyPlan, rates_per: int, labels: LabelSource) -> Wording:
    origin = plan.map_prior.origin
    if origin is None:
        return Wording(Rates(rates_per), as_labels(labels))
    return words_of(origin.fit, rates_per=rates_per, labels=labels)


def _title(plan: AnyPlan) -> str:
    if isinstance(plan, Plan):
        return f"Dossier of a single-arm trial of {plan.trial.n} patients"
    trial = plan.trial
    return f"Dossier of a two-arm trial of {trial.n_treated} and {trial.n_control} patients"
