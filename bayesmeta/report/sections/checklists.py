"""Checklists for reports of Bayesian analyses: what is done, what is not, what needs the author."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bayesmeta.report.document import Section, Table, Text
from bayesmeta.report.sections import titles

AUTHOR, NOT_DONE = "needs the author", "not done"


@dataclass(frozen=True)
class Answer:
    """What became of an item: its state, and where, or why not."""

    state: str
    where: str


def done(*where: str) -> Answer:
    """Return that an item is done, in these sections."""
    return Answer("done", ", ".join(where))


LEFT_OUT = Answer(
    "in part",
    f"{titles.VALIDATION} has a leave-one-study-out predictive check, not data replicated from the posterior",
)
NONE_REPORTED = Answer("does not apply", "none is reported")
NO_DECISION = Answer("does not apply", "no decision was asked for")
BY_MCMC = Answer("does not apply", "all answers are from MCMC")

USUAL: Mapping[str, Answer] = {
    "why": Answer(AUTHOR, ""),
    "goals": done(titles.BRIEF),
    "1A": done(titles.EVIDENCE, titles.MODEL),
    "1B": done(titles.MODEL),
    "1C": Answer("in part", f"{titles.PRIORS} shows them; the reasons need the author"),
    "specified": done(titles.PRIORS),
    "justified": Answer(AUTHOR, f"{titles.PRIORS} shows what they mean for rates"),
    "1D": done(titles.MODEL, titles.REDO),
    "1E": Answer(
        "in part", f"{titles.PRIORS} shows the rates that they allow, not counts drawn from them"
    ),
    "2A": done(titles.REDO),
    "2B": done(titles.DIAGNOSTICS),
    "2C": done(titles.DIAGNOSTICS),
    "2D": BY_MCMC,
    "3A": Answer(NOT_DONE, titles.VALIDATION),
    "3B": done(titles.ANSWERS),
    "3C": NONE_REPORTED,
    "4": NO_DECISION,
    "5A": done(titles.SENSITIVITY),
    "5B": NONE_REPORTED,
    "5C": NO_DECISION,
    "6": done(titles.REDO, titles.LIMITS),
}
"""What holds of a report of one fit; a report says where it differs."""

OF_SURVIVAL: Mapping[str, Answer] = {
    "justified": Answer(AUTHOR, f"{titles.PRIORS} shows what they mean for medians and curves"),
    "1E": Answer(
        "in part", f"{titles.PRIORS} shows the medians that they allow, not reports drawn from them"
    ),
}
"""The same where a report of a fit of survival differs."""

BARG: Mapping[str, str] = {
    "why": "Why a Bayesian analysis",
    "goals": "Goals of the analysis",
    "1A": "Variables: what is predicted, and from what",
    "1B": "Likelihood, parameters, hierarchy",
    "1C": "Prior distributions, and why these",
    "1D": "Formal specification",
    "1E": "Prior predictive check",
    "2A": "Software",
    "2B": "Convergence of the chains",
    "2C": "Resolution of the chains (effective sample size)",
    "2D": "Approximations other than MCMC",
    "3A": "Posterior predictive check",
    "3B": "Summary of the posterior",
    "3C": "Bayes factors and posterior model probabilities",
    "4": "Decisions and their criteria",
    "5A": "Sensitivity to the priors",
    "5B": "Sensitivity of Bayes factors and model probabilities",
    "5C": "Sensitivity of decisions",
    "6": "Reproducible: versions, seed, data, code",
}
"""Items of Kruschke 2021, doi:10.1038/s41562-021-01177-7, in short; steps 4 and 6 as one item each."""

ROBUST: Mapping[str, str] = {
    "Prior: specified": "specified",
    "Prior: justified": "justified",
    "Prior: sensitivity analysis": "5A",
    "Analysis: statistical model": "1D",
    "Analysis: technique": "2A",
    "Results: central tendency": "3B",
    "Results: variance or interval": "3B",
}
"""Items of Sung et al. 2005, doi:10.1016/j.jclinepi.2004.08.010, each with the answer that it takes."""


def checklists_section(answers: Mapping[str, Answer]) -> Section:
    """Return both checklists, from the answers by item that are not the usual ones."""
    answers = {**USUAL, **answers}
    barg = [
        (f"{code} {item}" if code[0].isdigit() else item, answers[code])
        for code, item in BARG.items()
    ]
    robust = [(item, answers[code]) for item, code in ROBUST.items()]
    return Section(
        titles.CHECKLISTS,
        (
            Text(
                "What guidelines ask of a report, item by item. Items that need the author cannot be written by a program: "
                "add them to the text in which this report is used."
            ),
            _table("BARG (Kruschke 2021, doi:10.1038/s41562-021-01177-7)", barg),
            _table("ROBUST (Sung et al. 2005, doi:10.1016/j.jclinepi.2004.08.010)", robust),
        ),
        appendix=True,
    )


def _table(caption: str, items: list[tuple[str, Answer]]) -> Table:
    rows = [(item, answer.state, answer.where) for item, answer in items]
    frame = pd.DataFrame(rows, columns=["item", "state", "where, or why"])
    return Table(caption, frame, sortable=False)
