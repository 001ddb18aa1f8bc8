"""Regression covariates: which columns, and how they are coded."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bayesmeta.deprecated import renamed_arguments
from bayesmeta.errors import SpecError, listed, nearest
from bayesmeta.model.formula import Factor, Formula, parse_formula
from bayesmeta.model.values import level_text
from bayesmeta.numeric import is_number


@renamed_arguments(shares="level_proportions")
@dataclass(frozen=True)
class Covariates:
    """Regression covariates and how they are coded.

    Parameters
    ----------
    formula : str
        Right-hand side of a formula: columns joined by ``+``, ``:`` and ``*``; ``C(column)`` for
        levels written as numbers; arithmetic and ``log``, ``sqrt``, ``exp``, ``bs``, ``poly``.
        ``within(x) + between(x)`` gives a column two coefficients: of how an arm differs from the
        mean of its study (over its patients), and of that mean. In ``x + between(x)`` the first is
        that of ``x``, and that of ``between(x)`` is the second less the first, their conflict: its prior
        goes from all studies alike (scale near 0) to comparisons within studies alone (large). Where
        the evidence has a column ``randomised`` (yes or no), the arms of other studies are each a
        study of its own in this. ``(1 | x)`` gives a column exchangeable levels (see `ModelSpec`), and
        ``walk(year)`` a random walk over its calendar years: 0 at the last year of the arms, where `mu`
        stands, with a normal step from each year to the next; a profile may have a later year, with
        further steps. Empty for none.
    reference : mapping
        Reference level of each factor; `mu` is the linear predictor there.
    groups : mapping
        Levels of a factor to be taken as one: ``{"design": {"prospective": ["phase1", "phase2"]}}``.
        Arms that do not state theirs are left out, unless a group takes them in as ``""``.
    centre : mapping
        Value of a numeric column at which `mu` stands; the mean over arms where not given.
    level_proportions : mapping
        Columns of proportions of a factor's levels, which sum to 1, in arms of a known mixture:
        ``{"hma": {"aza": "share_aza", "dec": "share_dec"}}``. Such arms are coded as the mixture.
    impute : sequence of str
        Numeric columns whose missing values are estimated in the model, as normal with mean and
        standard deviation of their own; arms that lack another covariate are left out.
    elicited : sequence of str
        Factors each of whose coefficients has a prior that was elicited, such as the biases of studies:
        the evidence need not tell their levels apart, nor have the reference. Summaries and contrasts
        stand at the reference.

    Raises
    ------
    SpecError
        If the formula is not allowed, or another argument names a column that it does not use.

    References
    ----------
    Saville, Berry, Berry, Viele & Berry 2022, doi:10.1177/17407745221112013 (drift over time).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.ModelSpec("by regimen", covariates=bm.Covariates("regimen", {"regimen": "aza"}))
    ModelSpec(by regimen: mu + regimen + u, normal study effects)
    """

    formula: str = ""
    reference: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    centre: Mapping[str, float] = field(default_factory=dict)
    level_proportions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    impute: Sequence[str] = ()
    elicited: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.formula, str):
            raise SpecError(
                f"`formula` must be text; got {self.formula!r}. Write column names joined by +."
            )
        for name in ("reference", "groups", "centre", "level_proportions"):
            if not isinstance(getattr(self, name), Mapping):
                raise SpecError(
                    f"`{name}` must map columns to values; got {getattr(self, name)!r}."
                )
        _check_mappings(self.groups, self.level_proportions)
        parsed = parse_formula(self.formula)
        for name, value in self._normalised().items():
            object.__setattr__(self, name, value)
            _check_used(name, value, parsed)
            _check_not_walking(name, value, parsed)
        for argument, columns in (("reference", self.reference), ("centre", self.centre)):
            _check_not_grouping(argument, columns, parsed)
        _check_groups(self.groups)
        _check_proportions(self.level_proportions)
        _check_imputed(self.impute, parsed)
        object.__setattr__(self, "centre", _checked_centres(self.centre))

    def _normalised(self) -> "dict[str, Mapping[str, object] | tuple[str, ...]]":
        """Return the arguments with levels as text, in values of their own."""
        for argument in ("impute", "elicited"):
            given = getattr(self, argument)
            if not _is_list(given) or not all(isinstance(name, str) for name in given):
                raise SpecError(f"`{argument}` must list columns, such as ['age']; got {given!r}.")
        return {
            "reference": {column: level_text(level) for column, level in self.reference.items()},
            "groups": {
                column: {group: tuple(map(level_text, levels)) for group, levels in mapping.items()}
                for column, mapping in self.groups.items()
            },
            "centre": dict(self.centre),
            "level_proportions": {
                column: {level_text(level): name for level, name in mapping.items()}
                for column, mapping in self.level_proportions.items()
            },
            "impute": tuple(self.impute),
            "elicited": tuple(self.elicited),
        }

    def levels_of(self, column: str, values: Iterable[object]) -> list[str]:
        """Return the level of each value of a column, or the group that it belongs to."""
        groups = self.groups.get(column, {})
        group_of = {level: group for group, members in groups.items() for level in members}
        return [group_of.get(level, level) for level in map(level_text, values)]

    def elicits(self, term: Sequence[Factor]) -> bool:
        """Return whether the coefficients of a term of the formula have elicited priors."""
        return any(set(factor.columns) & set(self.elicited) for factor in term)

    @property
    def parsed(self) -> Formula:
        """The formula's terms and factors."""
        return parse_formula(self.formula)


def _check_mappings(groups: Mapping[str, object], proportions: Mapping[str, object]) -> None:
    """Refuse groups that are not lists of levels, and proportions that name no columns."""
    for column, mapping in groups.items():
        lists = isinstance(mapping, Mapping) and all(map(_is_list, mapping.values()))
        if not lists:
            raise SpecError(
                f"`groups` of '{column}' must map group names to lists of levels; got {mapping!r}."
            )
    for column, mapping in proportions.items():
        named = isinstance(mapping, Mapping) and all(isinstance(x, str) for x in mapping.values())
        if not named:
            raise SpecError(
                f"`level_proportions` of '{column}' must map levels to columns; got {mapping!r}."
            )


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _check_used(argument: str, columns: Iterable[str], formula: Formula) -> None:
    for column in columns:
        if column not in formula.columns:
            raise SpecError(
                f"`{argument}` names '{column}', which the formula does not use, so it would have no effect. "
                f"{nearest(column, formula.columns)}"
            )


def _check_not_grouping(argument: str, columns: Iterable[str], formula: Formula) -> None:
    for column in columns:
        if column in formula.grouping_columns:
            raise SpecError(
                f"`{argument}` names '{column}', whose levels are exchangeable and have none. Leave it out."
            )


def _check_not_walking(argument: str, columns: Iterable[str], formula: Formula) -> None:
    for column in columns:
        if column in formula.walk_columns:
            raise SpecError(
                f"`{argument}` names '{column}', the years of a random walk, which `mu` is at the last of. Leave it "
                "out."
            )


def _check_groups(groups: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    for column, mapping in groups.items():
        levels = [level for members in mapping.values() for level in members]
        twice = sorted({level for level in levels if levels.count(level) > 1})
        if twice:
            raise SpecError(
                f"`groups` of '{column}' put {listed(twice)} into more than one group. Keep one."
            )


def _check_proportions(proportions: Mapping[str, Mapping[str, str]]) -> None:
    for column, mapping in proportions.items():
        names = list(mapping.values())
        if len(mapping) < 2 or len(set(names)) < len(names):  # noqa: PLR2004
            raise SpecError(
                f"`level_proportions` of '{column}' must give two levels or more a column each; got {dict(mapping)!r}."
            )


def _check_imputed(impute: Sequence[str], formula: Formula) -> None:
    """Refuse what would make the predictor bend in a value that is not known."""
    slopes = [term.slope for term in formula.levels if term.slope in impute]
    if slopes:
        raise SpecError(
            f"`impute` takes columns whose slope is the same for all levels; got '{slopes[0]}'. Leave it out of "
            "the exchangeable levels, or of `impute`."
        )
    split = [one.column for one in formula.split if one.column in impute]
    if split:
        raise SpecError(
            f"`impute` takes columns that enter as they are; got '{split[0]}', which has parts within and between "
            f"studies. Leave it out of `impute`, or write {split[0]} alone."
        )
    for term in formula.terms:
        unknown = [factor for factor in term if set(factor.columns) & set(impute)]
        bent = [factor.text for factor in unknown if factor.column is None or factor.categorical]
        if bent or len(unknown) > 1:
            raise SpecError(
                f"`impute` takes columns that enter as they are; got {listed(factor.text for factor in unknown)}. "
                "Leave out the function, or the product of two of them."
            )


def _checked_centres(centre: Mapping[str, float]) -> dict[str, float]:
    for column, at in centre.items():
        if not is_number(at) or not math.isfinite(at):
            raise SpecError(f"`centre` of '{column}' must be a finite number; got {at!r}.")
    return {column: float(at) for column, at in centre.items()}
