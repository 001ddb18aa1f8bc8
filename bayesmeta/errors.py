"""The errors bayesmeta raises, all under one base, and the warnings it issues.

::

    BayesmetaError
    ├── EvidenceError     (ValueError)    a table, or what is selected from it
    ├── SpecError         (ValueError)    a model: its formula, priors or TOML
    ├── ProfileError      (ValueError)    covariate values asked of a prediction
    ├── SettingsError     (ValueError)    an argument of a function
    ├── RunError          (OSError)       a run folder that cannot be written or read
    ├── SamplingError     (RuntimeError)  the sampler could not go on
    └── DiagnosticsError  (RuntimeError)  draws that should not be used

Every message names the argument, the rule, what was got, where, and what to do.

>>> import bayesmeta as bm
>>> try:
...     bm.load_model("no_such_model")
... except bm.BayesmetaError as error:
...     print(type(error).__name__)
SpecError
"""

import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bayesmeta.spelling import folded

__all__ = [
    "BayesmetaError",
    "DiagnosticsError",
    "EvidenceError",
    "EvidenceWarning",
    "InapplicableError",
    "ModelWarning",
    "ProfileError",
    "RunError",
    "SamplingError",
    "SettingsError",
    "SpecError",
    "counted",
    "issue_warning",
    "listed",
    "nearest",
    "shortened",
]

SHOWN = 5
"""How many offenders a message lists before it only counts them."""

LONGEST = 120
"""Characters of an input that a message shows."""

LONG = 25
"""How many valid names a message lists in full."""


class BayesmetaError(Exception):
    """Base of every error raised on purpose by bayesmeta; an `Exception`.

    Each subclass is one of Python's own errors as well.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> try:
    ...     bm.Condition(35, certainty=0.9)
    ... except bm.BayesmetaError as error:
    ...     print(error)
    `threshold` of a rate must lie between 0 and 1, both excluded; got 35. Write 35% as 0.35.
    """


class EvidenceError(BayesmetaError, ValueError):
    """An evidence table, or a selection from it, breaks a rule; a `ValueError`.

    Of a table that breaks rules, the message names all of them, and `findings` holds a `Finding` for
    each.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> try:
    ...     bm.read_evidence(pd.DataFrame({"study": ["a"], "events": [12], "n": [10]}))
    ... except bm.EvidenceError as error:
    ...     print(error)
    DataFrame: `events` must lie between 0 and `n`; not so in row 1 (a): '12 of 10'. Correct the counts
    or drop the row.
    """

    findings: tuple[Any, ...] = ()


class SpecError(BayesmetaError, ValueError):
    """A model specification is not valid, or does not fit the evidence; a `ValueError`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> try:
    ...     bm.HalfNormal(-1)
    ... except bm.SpecError as error:
    ...     print(error)
    `scale` of HalfNormal must be positive and finite; got -1.0.
    """


class InapplicableError(SpecError):
    """A model is not identifiable from these arms, though it may be from others; a `SpecError`.

    Raised where a part of a model needs what the arms do not have, such as levels or studies of several
    arms. A comparison says so of the model and goes on with the others.
    """


class ProfileError(BayesmetaError, ValueError):
    """A covariate profile cannot be coded the way the fit was; a `ValueError`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1)
    >>> try:
    ...     bm.predict(fit, n=40, profile={"age": 60}, seed=2)
    ... except bm.ProfileError as error:
    ...     print(error)
    `profile` names 'age', which is not a covariate of the model. The model has no covariates: leave
    `profile` out.
    """


class SettingsError(BayesmetaError, ValueError):
    """An argument is out of its range, of the wrong kind, or would have no effect; a `ValueError`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> try:
    ...     bm.SamplerSettings(chains=0)
    ... except bm.SettingsError as error:
    ...     print(error)
    `chains` must be a whole number from 1 to 1,000; got 0.
    """


class RunError(BayesmetaError, OSError):
    """A run folder cannot be written, or what it holds cannot be trusted; an `OSError`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> try:
    ...     bm.load_fit("no_such_folder")
    ... except bm.RunError as error:
    ...     print(error)
    There is no run folder no_such_folder. Fit a model and save it there first.
    """


class SamplingError(BayesmetaError, RuntimeError):
    """The sampler could not start or could not go on; a `RuntimeError`.

    The message names the seed, which reproduces it.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> issubclass(bm.SamplingError, RuntimeError)
    True
    """


class DiagnosticsError(BayesmetaError, RuntimeError):
    """The draws failed their diagnostics; a `RuntimeError`.

    Raised by `Diagnostics.raise_for_problems`, and where a prior would be made of such draws, by
    `map_prior` unless it is forced.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> one_chain = bm.SamplerSettings(chains=1)
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=one_chain)
    >>> try:
    ...     bm.diagnose(fit).raise_for_problems()
    ... except bm.DiagnosticsError as error:
    ...     print(str(error).split(". ")[1])
    There is one chain, which cannot show that chains disagree
    """


class EvidenceWarning(UserWarning):
    """The evidence may not be what it seems, or arms were left out of a fit; a `UserWarning`.

    Issued by `EvidenceTable.select` for each of its findings, and where a model meets its arms, by
    `fit` and `build`, if a covariate is missing; those arms are named, and kept in `Arms.excluded`.
    Issued of a profile with a number outside the range of the evidence, which is named, by everything
    that answers at a profile, such as `predict`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import warnings
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> by_age = bm.ModelSpec("by age", covariates="age_median")
    >>> with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
    ...     fit = bm.fit(by_age, arms, seed=1)
    >>> len(arms), len(fit.arms)
    (14, 12)
    """


class ModelWarning(UserWarning):
    """The evidence says little about a part of the model, or a prior is far wider; a `UserWarning`.

    Issued where a model meets its arms, by `fit` and `build`. A part of which the evidence says little
    depends on its prior; the prior of the coefficient of a number is told with what it allows where its
    standard deviation, over one of the column, exceeds 2 on the scale of the link.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> import warnings
    >>> rows = pd.DataFrame({"study": ["a", "b"], "events": [3, 7], "n": [20, 30]})
    >>> arms = bm.read_evidence(rows).select()
    >>> robust = bm.ModelSpec("t", study_effects=bm.StudentTEffects())
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     fit = bm.fit(robust, arms, seed=1)
    >>> print(caught[0].message)
    t: 2 studies cannot identify outlying studies: `nu` depends on its prior. NormalEffects assumes less.
    """


def issue_warning(message: str, kind: type[Warning]) -> None:
    """Warn of something; the warning points at the line outside this package that led to it."""
    warnings.warn(message, kind, skip_file_prefixes=(str(Path(__file__).parent),))


def counted(number: int, noun: str, several: str | None = None) -> str:
    """Return a number with its noun: 1 arm, 2,000 arms; `several` is a plural that -s does not make."""
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"


def listed(items: Iterable[object]) -> str:
    """Return the first few items as text, and how many more there are."""
    items = list(items)
    shown = ", ".join(str(item) for item in items[:SHOWN])
    rest = len(items) - SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def shortened(text: str) -> str:
    """Return `text` short enough to be shown in a message."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 4 :]}"


def nearest(word: str, valid: Iterable[str], *, label: str = "Valid") -> str:
    """Return a hint naming the valid word most like `word`, then the valid ones, if not too many."""
    valid = sorted(set(valid))
    spelt = {folded(name): name for name in valid}
    close = get_close_matches(folded(str(word)), spelt, n=1, cutoff=0.6)
    hint = f"Did you mean '{spelt[close[0]]}'? " if close else ""
    return f"{hint}{label}: {listed(valid) if len(valid) > LONG else ', '.join(valid) or 'none'}."
