"""`write_interactive`: a saved fit as one page on which a trial is planned."""

from collections.abc import Sequence
from os import PathLike

from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.labels import LabelSource
from bayesmeta.model import OwnModel
from bayesmeta.model.coding import Profile
from bayesmeta.planning.success import Success
from bayesmeta.report.interactive_page import (
    VAGUE_DEFAULTS,
    InteractivePage,
    profile_priors,
    start_of,
)
from bayesmeta.report.rendering.interactive import as_interactive
from bayesmeta.report.saved_runs import load_run
from bayesmeta.report.targets import check_target, checked_path, front_matter
from bayesmeta.report.writing import WrittenReport
from bayesmeta.runs.files import write_whole
from bayesmeta.wording import Wording

NAME = "interactive.html"
"""The file where none is given, in the run."""

UNRELIABLE = (
    "NOT RELIABLE: the diagnostics of the draws failed. Do not use the numbers of this page."
)


def write_interactive(  # noqa: PLR0913 - one argument for each thing asked, all but one by name
    run: str | PathLike[str],
    *,
    out: str | PathLike[str] | None = None,
    profile: Profile | None = None,
    outcome: str | None = None,
    n: int = 40,
    success: Success | str | None = None,
    rate_above: float | None = None,
    robust: float = 0.2,
    vague_mean: float = VAGUE_DEFAULTS["mean"],
    vague_n: float = VAGUE_DEFAULTS["n"],
    rates: Sequence[float] | None = None,
    title: str | None = None,
    author: str | None = None,
    protocol: str | None = None,
    date: str | None = None,
    labels: LabelSource = None,
    force: bool = False,
) -> WrittenReport:
    """Write one HTML file on which a single-arm trial that borrows from a saved fit is planned.

    Patients, thresholds, certainties, the weight of the vague component and the profile are changed on
    the page, which computes all numbers as `plan` does: exactly, from the mixtures of the MAP priors.
    It needs no network, and shows the command `bayesmeta plan` that prints the same numbers.

    Parameters
    ----------
    run : path
        Folder of a fit of response rates.
    out : path, optional
        The file. Default: ``interactive.html`` in the folder, which is replaced.
    profile : mapping, optional
        Covariate values that the page starts with; its other profiles differ in one level of a factor.
    outcome : str, optional
        Of a fit of several outcomes: which one; all where None.
    n : int
        Patients at the start, at most 500.
    success : Success or str, optional
        Rule of success at the start, of one arm.
    rate_above : float, optional
        In place of `success`: the threshold (probability) of a rule with a certainty of 0.9; the mean of
        the first MAP prior where None.
    robust, vague_mean, vague_n : float
        Weight of the vague component at the start, and that component; see `robustify`.
    rates : sequence of float, optional
        True rates (probability) of the table of operating characteristics, as in `plan`.
    title, author, protocol, date : str, optional
        Printed at the top.
    labels : Labels, mapping or path, optional
        Labels of levels and outcomes, as in `write_report`.
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
        If the run is no fit of response rates, or an argument is out of range or without effect.
    ProfileError
        If the profile cannot be coded.

    See Also
    --------
    plan : The same numbers as tables.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> with TemporaryDirectory() as folder:
    ...     bm.fit(bm.load_model("pooled"), arms, seed=1).save(f"{folder}/run")
    ...     written = bm.write_interactive(f"{folder}/run", success="P(rate > 0.2) > 0.9")
    >>> written.path.name
    'interactive.html'
    """
    front = front_matter(title=title, author=author, protocol=protocol, date=date)
    start = start_of(
        n=n,
        success=success,
        rate_above=rate_above,
        robust=robust,
        vague_mean=vague_mean,
        vague_n=vague_n,
        rates=rates,
    )
    folder = checked_path("run", run)
    target = folder / NAME if out is None else checked_path("out", out)
    check_target(target, replace=force or out is None, in_run=out is None)
    fit = _fit_of(load_run(folder))
    diagnostics, words = diagnose(fit), words_of(fit, labels=labels)
    profiles = profile_priors(
        fit, profile=profile, outcome=outcome, reliable=diagnostics.ok, words=words
    )
    page = InteractivePage(
        title=_title(fit, outcome, words),
        front=front,
        warning="" if diagnostics.ok else UNRELIABLE,
        made=f"Made by bayesmeta {fit.provenance.versions['bayesmeta']} from a fit of {fit.provenance.created}, "
        f"random seed {fit.provenance.seed}.",
        run=str(run),
        profiles=profiles,
        start=start,
        words=words,
    )
    write_whole(target, as_interactive(page), remedy="Choose another file")
    return WrittenReport(target, page.heading, page.warning)


def _fit_of(run: object) -> Fit:
    """Return the fit that a folder holds; raise if it is something else, or has no known parts."""
    if not isinstance(run, Fit):
        raise SettingsError(
            "`run` must be the folder of one fit for an interactive page; this is a run of many fits, "
            "which has no single MAP prior. Give the folder of a fit."
        )
    if isinstance(run.spec, OwnModel):
        raise SettingsError(
            "An interactive page is of a model of the family; this is a user-supplied PyMC model."
        )
    return run


def _title(fit: Fit, outcome: str | None, words: Wording) -> str:
    names = fit.arms.outcomes if outcome is None else (outcome,)
    named = " > ".join(words.outcome(name or "Response") for name in names)
    studies = counted(len(fit.arms.studies), "study", "studies")
    return f"{named}: a single-arm trial that borrows from model '{fit.spec.name}' on {studies}"
