"""Names of release 0.1.0 that have another name now: they work in this version, with a warning."""

import importlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from bayesmeta.errors import issue_warning

__all__ = [
    "PLOTS",
    "RENAMED",
    "RENAMED_KEYS",
    "Renamed",
    "renamed_arguments",
    "replacement",
    "warn_deprecated",
]

RENAMED = {
    "AveragedPrediction": "Prediction",
    "FlipPoint": "TippingPoint",
    "GridAnswer": "Question",
    "GridFit": "QuadratureFit",
    "NestedArms": "Arms",
    "NestedFit": "Fit",
    "NestedPrediction": "Prediction",
    "NestedSpec": "ModelSpec",
    "build_nested": "build",
    "bundled_nested_models": "bundled_models",
    "flip_point": "tipping_point",
    "load_nested_fit": "load_fit",
    "load_nested_model": "load_model",
}
"""Public names of release 0.1.0, with those that do the same now."""

PLOTS = frozenset(
    """
    BoundaryPlot RankPlot ComparisonPlot ContrastsPlot CumulativePlot Forest FunnelPlot
    HeterogeneityPlot LeaveOneOutPlot MapPriorPlot NestedOutcomesPlot
    PosteriorPredictivePlot PowerPlot PredictionPlot PredictiveChecksPlot PriorPosteriorPlot
    RegressionPlot RespondersPlot SensitivityPlot SpecificationCurve SubgroupsPlot TracePlot
    """.split()  # noqa: SIM905 - a list would take a line for each
)
"""Classes of `bayesmeta.plots` in release 0.1.0, all of them `Plot` now."""

RENAMED_KEYS: dict[str, dict[str, str]] = {
    "study_effects": {
        "law": "distribution",
        "share": "outlier_proportion",
        "ratio": "outlier_scale",
    },
    "covariates": {"shares": "level_proportions"},
}
"""Keys of each table of model files of schema 1, with those of schema 2."""


def replacement(name: str) -> Any:
    """Return what does now what a public name of release 0.1.0 did, and warn."""
    new = RENAMED[name]
    warn_deprecated(f"bayesmeta.{name} is now bayesmeta.{new}. Use {new}.")
    # These took other arguments.
    adapted = {"NestedArms": _nested_arms, "NestedSpec": _nested_spec}
    return adapted.get(name) or getattr(importlib.import_module("bayesmeta"), new)


def warn_deprecated(message: str) -> None:
    """Warn of an old name; the warning points at the line that uses it, outside this package."""
    issue_warning(message, DeprecationWarning)


class Renamed:
    """An attribute of a value under its old name."""

    def __init__(self, new: str) -> None:
        self.new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self.old = name

    def __get__(self, instance: object, owner: type) -> Any:
        warn_deprecated(f"`{self.old}` of {owner.__name__} is now `{self.new}`. Use {self.new}.")
        return getattr(instance, self.new)


def renamed_arguments[T: type](**names: str) -> Callable[[T], T]:
    """Return a decorator of classes that takes arguments by their old names, too, and warns."""

    def with_old_names(kind: T) -> T:
        init = kind.__init__  # type: ignore[misc]

        @wraps(init)
        def taking_old_names(self: Any, *values: Any, **arguments: Any) -> None:
            for old in names.keys() & arguments.keys():
                new = names[old]
                warn_deprecated(f"`{old}` of {kind.__name__} is now `{new}`. Write {new}=...")
                arguments[new] = arguments.pop(old)
            init(self, *values, **arguments)

        kind.__init__ = taking_old_names  # type: ignore[misc]
        return kind

    return with_old_names


def _nested_arms(frame: Any, outcomes: Any, excluded: Any, selection: Any = None) -> Any:
    from bayesmeta.evidence import Arms

    return Arms(frame, excluded, selection or {}, tuple(outcomes))


def _nested_spec(
    name: str = "nested", description: str = "", *values: Any, **arguments: Any
) -> Any:
    from bayesmeta.model import Binomial, ModelSpec, NormalEffects

    places = ("covariates", "mu", "beta", "tau", "correlation", "link", "labels")
    given = dict(zip(places, values, strict=False)) | arguments
    parts = {"study_effects": (NormalEffects, "tau"), "likelihood": (Binomial, "link")}
    for part, (kind, argument) in parts.items():
        if argument in given:
            given[part] = kind(given.pop(argument))
    return ModelSpec(name, description, **given)
