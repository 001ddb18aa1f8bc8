"""From the folder of a run to the file of its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.questions import Question
from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.inference.result import Fit
from bayesmeta.labels import LabelSource
from bayesmeta.model import OwnModel
from bayesmeta.model.coding import Profile
from bayesmeta.multiverse.results import GridResults
from bayesmeta.report.comparison_report import comparison_document
from bayesmeta.report.document import Document, labelled
from bayesmeta.report.fit_report import fit_document
from bayesmeta.report.fit_results import fit_results
from bayesmeta.report.grid_report import grid_document
from bayesmeta.report.options import Options
from bayesmeta.report.rendering import FORMATS
from bayesmeta.report.rendering.markdown import pandoc
from bayesmeta.report.saved_runs import (
    SavedComparison,
    evidence_of_grid,
    load_run,
    words_of_run,
)
from bayesmeta.report.targets import check_target, checked_path, front_matter
from bayesmeta.rounding import Rates
from bayesmeta.runs import describe_run
from bayesmeta.runs.files import write_whole

NAME = "report"
DEFAULT_FORM = "html"


@dataclass(frozen=True)
class WrittenReport:
    """A report that was written; made by `write_report`.

    Parameters
    ----------
    path : Path
        The file.
    title : str
        The title that is printed.
    warning : str
        Why it must not be used; empty if it may.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> one_chain = bm.SamplerSettings(chains=1)
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=one_chain)
    >>> with TemporaryDirectory() as folder:
    ...     fit.save(f"{folder}/run")
    ...     written = bm.write_report(f"{folder}/run", form="json", refits=False)
    >>> written.path.name
    'report.json'
    >>> print(written.warning)
    NOT RELIABLE: the diagnostics of the draws failed. Do not use the numbers of this report.
    """

    path: Path
    title: str
    warning: str


def write_report(  # noqa: PLR0913 - one argument for each thing asked, all but one by name
    run: str | PathLike[str],
    *,
    out: str | PathLike[str] | None = None,
    form: str | None = None,
    profile: Profile | None = None,
    per: Mapping[str, float] | None = None,
    cohort: int = 40,
    ci_prob: float = 0.95,
    rate_above: float | None = None,
    times: float | Sequence[float] | None = None,
    refits: bool = True,
    ranks: bool = False,
    title: str | None = None,
    author: str | None = None,
    protocol: str | None = None,
    date: str | None = None,
    rates_per: int = 100,
    labels: LabelSource = None,
    judgements: RiskOfBias | None = None,
    force: bool = False,
) -> WrittenReport:
    """Write the report of a saved run: one file with figures, tables, limits and checklists.

    Parameters
    ----------
    run : path
        Folder of a fit, nested fits, a comparison or a grid.
    out : path, optional
        The file. Default: ``report`` in the folder, with the suffix of the format; it is replaced.
    form : {"html", "md", "json", "docx", "xlsx"}, optional
        Format of the file. Default: by the suffix of `out`, or html. docx is made by pandoc; xlsx holds
        the tables and the numbers of each figure, each on a sheet.
    profile : mapping, optional
        Of a fit: covariate values of the new cohort; others are at the reference or the centre.
    per : mapping, optional
        Of a fit: further units for odds ratios of numbers, such as ``{"age": 10}``.
    cohort : int
        Of a fit: patients of the new cohort.
    ci_prob : float
        Of a fit: probability of all intervals.
    rate_above : float, optional
        Of a fit: also report the probability that the true rate is above this (probability); of
        survival, that the survival of a new study is, at each time.
    times : float or sequence of float, optional
        Of a fit of survival only: months at which survival is told; where None, 12.
    refits : bool
        Of a fit: whether the model is fitted again, under other priors and without each study.
    ranks : bool
        Of a fit: whether levels are ranked though some are compared between studies only.
    title : str, optional
        Title of the report; one made from outcome, model and studies where None.
    author, protocol, date : str, optional
        Printed below the title. There is no date by default: the same run makes the same bytes.
    rates_per : {100, 1000, 10000, 100000}
        Patients that rates are written per; 100 for percent.
    labels : Labels, mapping or path, optional
        Labels of levels and outcomes, such as ``{"regimen": {"DEC": "decitabine"}}``, or a file of
        them (TOML or CSV), in place of those of the model and the evidence; see `Labels`.
    judgements : RiskOfBias, optional
        Of a fit: judgements of the risk of bias, made by `read_risk_of_bias`; the forest plot has their
        traffic lights, and a table the share of information by judgement.
    force : bool
        Whether the file `out` is replaced.

    Returns
    -------
    WrittenReport
        With `path`, `title` and `warning`.

    Raises
    ------
    RunError
        If the folder is not a finished run, or the file cannot be written.
    SettingsError
        If an argument is out of its range or would have no effect, or pandoc is missing.
    ProfileError
        If the profile cannot be coded.
    SpecError
        If a label is of a column, level or outcome that is not there.

    References
    ----------
    Kruschke 2021, doi:10.1038/s41562-021-01177-7 (BARG).
    Sung et al. 2005, doi:10.1016/j.jclinepi.2004.08.010 (ROBUST).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> with TemporaryDirectory() as folder:
    ...     bm.fit(bm.load_model("pooled"), arms, seed=1).save(f"{folder}/run")
    ...     written = bm.write_report(f"{folder}/run", form="md", refits=False)
    >>> written.title
    "CR: model 'pooled' on 14 studies"
    """
    question = Question(
        {} if profile is None else profile, rate_above=rate_above, cohort=cohort, ci_prob=ci_prob
    )
    options = Options(
        per, refits, ranks, Rates(rates_per).per, labels, times, judgements=judgements
    )
    front = front_matter(title=title, author=author, protocol=protocol, date=date)
    folder, file = checked_path("run", run), None if out is None else checked_path("out", out)
    form = _form(form, file)
    if form == "docx":
        pandoc()
    target = folder / f"{NAME}.{form}" if file is None else file
    check_target(target, replace=force or out is None, in_run=out is None)
    document = replace(document_of(folder, question, options), front=front)
    write_whole(target, FORMATS[form](document), remedy="Choose another file")
    return WrittenReport(target, document.heading, document.warning)


def _form(form: str | None, out: Path | None) -> str:
    """Return the format that is asked for, by name or by the suffix of the file."""
    suffix = "" if out is None else out.suffix.removeprefix(".").lower()
    asked = form if form is not None else suffix or DEFAULT_FORM
    if not isinstance(asked, str) or asked not in FORMATS:
        what = "`form`" if form is not None else "The suffix of `out`"
        raise SettingsError(f"{what} must be one of {', '.join(FORMATS)}; got {asked!r}.")
    if suffix in FORMATS and suffix != asked:
        raise SettingsError(
            f"`form` is {asked}, but the file {out} is called .{suffix}. Leave `form` out, or call the file .{asked}."
        )
    return asked


def document_of(
    folder: Path, question: Question | None = None, options: Options | None = None
) -> Document:
    """Return the report of what a folder holds, with labels in place of machines' names."""
    run = load_run(folder)
    question, options = question or Question(), options or Options()
    words = words_of_run(run, rates_per=options.rates_per, labels=options.labels)
    match run:
        case Fit():
            if isinstance(run.spec, OwnModel):
                raise SettingsError(
                    "A report is of a model of the family, whose parts have a known meaning; this is a "
                    "user-supplied PyMC model."
                )
            found = fit_document(fit_results(run, question, options))
        case GridResults():
            _refuse(question, options, "grid")
            versions = describe_run(folder).manifest.versions
            found = grid_document(run, evidence_of_grid(folder), versions, words)
        case SavedComparison():
            _refuse(question, options, "comparison")
            found = comparison_document(run, words)
    return labelled(found, words)


def _refuse(question: Question, options: Options, kind: str) -> None:
    """Raise if something was asked that a run of many fits has settled."""
    default = {**vars(Question()), **vars(Options())}
    given = {**vars(question), **vars(options)}
    for name in (
        "profile",
        "per",
        "cohort",
        "ci_prob",
        "rate_above",
        "times",
        "refits",
        "ranks",
        "judgements",
    ):
        if given[name] != default[name]:
            raise SettingsError(
                f"`{name}` has no effect on the report of a {kind}, whose questions were fixed when it was run. "
                "Leave it out."
            )
