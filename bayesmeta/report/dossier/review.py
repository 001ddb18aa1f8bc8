"""`write_prisma`: what PRISMA 2020 asks of a systematic review, as far as a fit answers it."""

from importlib.metadata import version
from os import PathLike

import pandas as pd

from bayesmeta.estimates.posterior import AnyFit, check_posterior, has_draws, outcomes_of
from bayesmeta.estimates.questions import Question
from bayesmeta.estimates.words import words_of
from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.labels import LabelSource
from bayesmeta.model.coding import Profile
from bayesmeta.report.document import Figure
from bayesmeta.report.dossier.documents import Content
from bayesmeta.report.dossier.files import REVIEW, hashes_of
from bayesmeta.report.dossier.given import Given
from bayesmeta.report.dossier.guidelines import PRISMA, guideline
from bayesmeta.report.dossier.review_answers import REVIEW_ANSWERS
from bayesmeta.report.dossier.review_facts import ReviewFacts
from bayesmeta.report.dossier.writing import (
    UNRELIABLE,
    WrittenDossier,
    rows_by_guideline,
    write_folder,
)
from bayesmeta.report.figures import figure_blocks
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.options import Options
from bayesmeta.report.plan_tables import csv_of
from bayesmeta.report.targets import front_matter
from bayesmeta.runs.files import check_folder
from bayesmeta.sensitivity.bias_sensitivity import BiasSensitivity
from bayesmeta.sensitivity.selection import Selection


def write_prisma(  # noqa: PLR0913 - one argument for each thing asked, all but two by name
    fit: AnyFit,
    folder: str | PathLike[str],
    *,
    profile: Profile | None = None,
    judgements: RiskOfBias | None = None,
    selection: Selection | None = None,
    bias_sensitivity: BiasSensitivity | None = None,
    certainty: pd.DataFrame | None = None,
    title: str | None = None,
    author: str | None = None,
    protocol: str | None = None,
    date: str | None = None,
    rates_per: int = 100,
    labels: LabelSource = None,
    force: bool = False,
) -> WrittenDossier:
    """Write what PRISMA 2020 asks of a review, item by item, each with number, file and hash.

    Items about search, screening and the like are not known to a fit: "the authors must say". So must
    they of risk of bias, missing results and certainty, unless results about them are given. The same
    fit makes the same bytes. The model is not fitted again.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        Draws or the deterministic posterior, of response rates.
    folder : path
        A folder that does not exist yet. It will hold ``prisma.html``, ``prisma.docx`` (where pandoc
        is installed), ``prisma.json``, tables of evidence and results, and ``manifest.json`` with the
        SHA-256 of each file.
    profile : mapping, optional
        Covariate values that results are for; others are at the reference or the centre.
    judgements : RiskOfBias, optional
        Of the risk of bias of the studies: items 11, 18 and 20a.
    selection : Selection, optional
        What `selection` found of this fit, if studies were missing: items 14 and 21.
    bias_sensitivity : BiasSensitivity, optional
        What `bias_sensitivity` found of this fit, if studies were biased: items 13f and 20d.
    certainty : DataFrame, optional
        What `certainty` returns of this fit, its column `judgement` filled or blank: items 15 and 22.
    title : str, optional
        Title; one made from the model where None.
    author, protocol, date : str, optional
        Printed below the title.
    rates_per : {100, 1000, 10000, 100000}
        Patients that rates are written per; 100 for percent.
    labels : Labels, mapping or path, optional
        Labels of levels and outcomes, in place of those of the model and the evidence; see `Labels`.
    force : bool
        Replace such a folder that stands there.

    Returns
    -------
    WrittenDossier
        With `path`, `rows` and `warning`.

    Raises
    ------
    SettingsError
        If `fit` is no fit of response rates, a result is of another fit or profile, or an argument is
        out of its range.
    EvidenceError
        If a judged study is not in the evidence.
    ProfileError
        If the profile cannot be coded.
    RunError
        If the folder exists, or cannot be written.
    SpecError
        If a label is of a column, level or outcome that is not there.

    References
    ----------
    Page et al. 2021, doi:10.1136/bmj.n71.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> with TemporaryDirectory() as folder:
    ...     written = bm.write_prisma(fit, f"{folder}/prisma")
    >>> written.rows["state"].value_counts().to_dict()["answered"] > 15
    True
    """
    check_posterior(fit)
    words = words_of(fit, rates_per=rates_per, labels=labels)
    front = front_matter(title=title, author=author, protocol=protocol, date=date)
    check_review(folder, force=force)
    given = Given(judgements, selection, bias_sensitivity, certainty)
    given.check(fit, profile)
    facts = ReviewFacts(fit, profile, outcomes_of(fit), words, given)
    reliable = diagnose(fit).ok if has_draws(fit) else True
    files = {
        f"{name}.csv": csv_of(frame, reliable=reliable)
        for name, frame in facts.tables.frames.items()
    } | {name: text.encode() for name, text in facts.texts.items()}
    asked = guideline(PRISMA)
    content = Content(
        title=f"PRISMA 2020: model '{fit.spec.name}' on {len(fit.arms.studies)} studies",
        warning="" if reliable else UNRELIABLE,
        guidelines=(asked,),
        rows=rows_by_guideline((asked,), lambda source: REVIEW_ANSWERS[source](facts), files),
        hashes=hashes_of(files),
        made=f"Made by bayesmeta {version('bayesmeta')}.",
        figures=_figures(facts, Options(rates_per=rates_per, labels=labels)),
        words=words,
        front=front,
    )
    return write_folder(folder, REVIEW, content, files, force=force)


def check_review(folder: str | PathLike[str], *, force: bool) -> None:
    """Raise unless the answers of a review may be written there."""
    check_folder(folder, force=force, kind=REVIEW)


def _figures(facts: ReviewFacts, options: Options) -> list[Figure]:
    """Return the forest plots; there are none without draws of arms."""
    if facts.draws is None:
        return []
    results = FitResults(facts.draws, Question(facts.profile or {}), options)
    return [one for one in figure_blocks("forest", results) if isinstance(one, Figure)]
