"""Learning the coding of covariates from the arms, and refusing what cannot be coded."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import compress, islice

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import InapplicableError, SpecError, listed, nearest
from bayesmeta.evidence.columns import STUDY
from bayesmeta.model.centring import centre_of, relative_to
from bayesmeta.model.coding import Coding
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.formula import Factor
from bayesmeta.model.learnt_levels import learn_levels
from bayesmeta.model.mixtures import check_shares, has_shares, mixtures
from bayesmeta.model.study_parts import checked_parts
from bayesmeta.model.terms import PlainTerms, Terms, learn_terms, prepared_columns
from bayesmeta.model.values import MISSING, level_text, numbers_of
from bayesmeta.model.walks import CodedWalk


def missing_covariates(
    covariates: Covariates, frame: pd.DataFrame, by: str | None = None
) -> pd.DataFrame:
    """Return, per row of `frame` and covariate that must be known, whether it is not."""
    needed = dict.fromkeys([*covariates.parsed.columns, *([by] if by else [])])
    for name in needed:
        if name not in frame.columns:
            argument = "formula" if name in covariates.parsed.columns else "by"
            raise SpecError(
                f"`{argument}` names '{name}', which is not a column of the evidence. {nearest(name, map(str, frame.columns))}"
            )
    columns = frame[[name for name in needed if name not in covariates.impute]]
    missing = columns.isna() | (columns == "")
    for factor, shares in covariates.level_proportions.items():
        # A mixture stands for a level in the formula, but it has no tau.
        if factor != by:
            missing[factor] &= ~has_shares(frame, shares)
    for factor, groups in covariates.groups.items():
        if any(MISSING in members for members in groups.values()):
            missing[factor] = False
    return missing


def learn_coding(covariates: Covariates, frame: pd.DataFrame, by: str | None = None) -> Coding:
    """Return the coding that `covariates` have on the arms of `frame`, with tau by column `by`."""
    formula = covariates.parsed
    factors = _factor_columns(covariates, frame)
    check_shares(frame, covariates.level_proportions)
    present = _present(frame, covariates)
    exchangeable = learn_levels(formula.levels, present, covariates.levels_of)
    grouping = {
        name: _by_studies(covariates.levels_of(name, present[name]), present)
        for name in formula.grouping_columns
        if name != STUDY
    }
    years = {one.column: float(one.last) for one in exchangeable if isinstance(one, CodedWalk)}
    numbers = {name: numbers_of(frame[name]) for name in years}
    if not formula.terms:
        levels, nothing = _tau_levels(by, grouping, frame), PlainTerms({}, {})
        empty = Coding(covariates, (), levels, years, np.zeros(0), nothing, by, numbers)
        return replace(empty, exchangeable=exchangeable)
    levels = {name: _levels(name, covariates, frame) for name in factors}
    centres = {
        name: centre_of(name, covariates, frame)
        for name in formula.fixed_columns
        if name not in levels
    }
    numbers |= {name: numbers_of(frame[name]) for name in centres}
    if by in centres:
        raise SpecError(
            f"`by` names '{by}', whose numbers the formula uses. Write C({by}) there, or name another."
        )
    rewritten = {factor: relative_to(factor, centres) for factor in formula.factors}
    prepared = prepared_columns(present, covariates, levels, centres)
    terms = _learnt(covariates, rewritten, prepared, centres)
    names = _labels(terms.names, rewritten)
    origin, centres = np.zeros(len(names)), centres | years
    raw = Coding(covariates, names, levels, centres, origin, terms, numbers=numbers)
    coding = replace(raw, origin=raw.whole_row(None))
    matrix = coding.whole(frame)
    # Elicited priors tell apart what the evidence does not.
    told = np.repeat([not covariates.elicits(term) for term in formula.terms], list(terms.widths))
    labels, columns = checked_parts(coding.parts, names, matrix, frame)
    _check_rank(tuple(compress(labels, told)), columns[:, told])
    spreads = coding.parts.labelled(names, _spreads(coding, frame, matrix, terms.widths))
    return replace(
        coding,
        names=coding.parts.names(names),
        levels=_tau_levels(by, {**levels, **grouping}, frame),
        by=by,
        spreads=spreads,
        exchangeable=exchangeable,
    )


def _spreads(
    coding: Coding, frame: pd.DataFrame, matrix: Array, widths: Iterable[int]
) -> dict[str, float]:
    """Return the SD of each column made of a number, over the arms where it is known."""
    found: dict[str, float] = {}
    columns = zip(coding.names, matrix.T, strict=True)
    for term, width in zip(coding.covariates.parsed.terms, widths, strict=True):
        used = [name for factor in term for name in factor.columns if name in coding.centres]
        known = np.asarray(frame[used].notna().all(axis=1), dtype=bool)
        own = {name: values[known] for name, values in islice(columns, width)}
        if used:
            found |= {name: float(values.std(ddof=1)) for name, values in own.items()}
    return found


def _present(frame: pd.DataFrame, covariates: Covariates) -> pd.DataFrame:
    """Return the rows, a mixed one once for each level it holds."""
    parts = mixtures(frame, covariates.level_proportions)
    return pd.concat([part[share > 0] for share, part in parts])


def _tau_levels(
    by: str | None, levels: Mapping[str, tuple[str, ...]], frame: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """Return `levels` with those of column `by`, the one of most studies first."""
    if by is None or by in levels:
        return dict(levels)
    if by in (STUDY, "events", "n"):
        raise SpecError(f"`by` cannot be '{by}'. Name a study-level column.")
    return {**levels, by: _by_studies(frame[by].map(level_text), frame)}


def _by_studies(levels: Iterable[str], frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the levels of rows once each, those of most studies first."""
    studies = frame[STUDY].groupby(list(levels)).nunique()
    return tuple(sorted(studies.index, key=lambda level: (-studies[level], level)))


def _factor_columns(covariates: Covariates, frame: pd.DataFrame) -> list[str]:
    """Return the columns that are coded by levels: those of text, and those within `C()`."""
    factors = covariates.parsed.factors
    marked = {factor.column for factor in factors if factor.categorical}
    text = [
        name
        for name in covariates.parsed.fixed_columns
        if not pd.api.types.is_numeric_dtype(frame[name])
    ]
    calculated = {name for factor in factors if factor.column is None for name in factor.columns}
    for name in text:
        if name in calculated:
            raise SpecError(
                f"`formula`: '{name}' holds text and cannot be calculated with. Use it by itself."
            )
    both = [
        factor.column for factor in factors if factor.column in marked and not factor.categorical
    ]
    if both:
        raise SpecError(
            f"`formula` uses '{both[0]}' both by itself and as C({both[0]}). Use one; write {{{both[0]} * 1}} for a trend."
        )
    found = [name for name in covariates.parsed.fixed_columns if name in text or name in marked]
    _check_kinds(covariates, found)
    _check_roles(covariates, found, frame)
    return found


def _check_roles(covariates: Covariates, factors: list[str], frame: pd.DataFrame) -> None:
    """Refuse shares of a number, and imputing text."""
    for name in covariates.level_proportions:
        if name not in (*factors, *covariates.parsed.grouping_columns):
            raise SpecError(
                f"`level_proportions` names '{name}', which holds numbers. Name a factor."
            )
    for name in covariates.elicited:
        if name not in factors:
            raise SpecError(
                f"`elicited` names '{name}', which is no factor of the formula. Name a factor."
            )
    for name in covariates.impute:
        if name in factors:
            numbers = pd.to_numeric(frame[name], errors="coerce")
            text = frame.loc[numbers.isna() & frame[name].notna(), name].iloc[:1].tolist()
            raise SpecError(
                f"`impute` names '{name}', which holds text, such as {listed(text)}; only numbers can be "
                "imputed. Correct the table, or leave it out."
            )


def _check_kinds(covariates: Covariates, factors: list[str]) -> None:
    """Refuse levels of a number and the centre of a factor."""
    grouping = covariates.parsed.grouping_columns
    for name in (*covariates.reference, *covariates.groups):
        if name not in factors and name not in grouping:
            raise SpecError(
                f"`reference` or `groups` names '{name}', which holds numbers. Write C({name}) to code it by levels."
            )
    for name in covariates.centre:
        if name in factors:
            raise SpecError(
                f"`centre` names '{name}', which is coded by levels. Give it a reference level instead."
            )


def _levels(name: str, covariates: Covariates, frame: pd.DataFrame) -> tuple[str, ...]:
    groups = covariates.groups.get(name, {})
    frame = _present(frame, covariates)
    known = {level_text(value) for value in frame[name]}
    unexpected = [level for members in groups.values() for level in members if level not in known]
    if groups and len(unexpected) == sum(map(len, groups.values())):
        raise SpecError(
            f"`groups` of '{name}' name none of its levels; got {listed(unexpected)}. {nearest(unexpected[0], known)}"
        )
    column = covariates.levels_of(name, frame[name])
    reference = covariates.reference.get(name)
    own = {reference} if reference is not None and name in covariates.elicited else set()
    there = sorted(own.union(column))
    if len(there) < 2:  # noqa: PLR2004
        raise InapplicableError(
            f"`formula`: covariate '{name}' has one level only, '{there[0]}', in these arms. Leave it out."
        )
    studies = pd.Series(frame[STUDY].to_numpy()).groupby(column).nunique()
    shown = ", ".join(f"{level} ({studies.get(level, 0)} studies)" for level in there)
    if reference is None:
        raise SpecError(f"`reference` must name the reference level of '{name}'. Levels: {shown}.")
    if reference not in there:
        raise InapplicableError(
            f"`reference` of '{name}' must be one of its levels; got '{reference}'. Levels: {shown}."
        )
    return (reference, *(level for level in there if level != reference))


def _learnt(
    covariates: Covariates,
    rewritten: Mapping[Factor, str],
    prepared: pd.DataFrame,
    centres: Mapping[str, float],
) -> Terms:
    """Return the terms as learnt from prepared rows, after checking that they give finite columns."""
    formula = covariates.formula
    try:
        with np.errstate(all="ignore"):
            terms = learn_terms(covariates.parsed, rewritten, prepared, centres)
            columns = terms.columns(prepared)
    except (ValueError, TypeError) as error:
        raise SpecError(
            f"`formula` '{formula}' cannot be evaluated on these arms: {error}."
        ) from error
    if terms.empty:
        raise SpecError(
            f"`formula`: {listed(terms.empty)} gives no column. Leave it out, or raise its degree."
        )
    bad = [
        name
        for name, values in zip(terms.names, columns.T, strict=True)
        if not np.isfinite(values).all()
    ]
    # formulaic drops rows that lack a value.
    if bad or len(columns) != len(prepared):
        raise SpecError(
            f"`formula` '{formula}' gives values that are not finite. Correct {listed(bad) or 'the covariates'}."
        )
    return terms


def _labels(names: Iterable[str], rewritten: Mapping[Factor, str]) -> tuple[str, ...]:
    """Return the names of formulaic's columns as people write them."""
    labels = []
    for name in names:
        label = name.replace("[T.", "[")
        for factor, new in sorted(rewritten.items(), key=lambda item: -len(item[1])):
            label = label.replace(new.strip("{}"), factor.column or factor.text)
        labels.append(label)
    return tuple(labels)


def _check_rank(names: tuple[str, ...], matrix: Array) -> None:
    """Refuse a design in which a column is determined by the intercept and the others."""
    from scipy.linalg import qr

    full = np.column_stack([np.ones(len(matrix)), matrix])
    scaled = full / np.maximum(np.abs(full).max(axis=0), np.finfo(float).tiny)
    rank = int(np.linalg.matrix_rank(scaled))
    if rank == scaled.shape[1]:
        return
    # The columns that pivoting puts last add nothing to the others.
    *_, order = qr(scaled, mode="economic", pivoting=True)
    redundant = [
        names[column - 1] if column else "the intercept" for column in sorted(order[rank:])
    ]
    raise InapplicableError(
        f"`formula`: the design has {scaled.shape[1]} columns with the intercept but rank {rank} on "
        f"{len(matrix)} arms; {listed(redundant)} cannot be distinguished from the others. Leave out or group covariates."
    )
