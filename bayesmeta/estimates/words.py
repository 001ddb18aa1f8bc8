"""How the answers of a fit are written: its labels, and those asked for."""

from dataclasses import replace

from bayesmeta.estimates.posterior import AnyFit
from bayesmeta.evidence import Arms
from bayesmeta.inference.result import Fit
from bayesmeta.labels import Labels, LabelSource, as_labels
from bayesmeta.model.labelling import known_names
from bayesmeta.rounding import Rates
from bayesmeta.wording import Wording


def words_of(fit: AnyFit, *, rates_per: int = 100, labels: LabelSource = None) -> Wording:
    """Return how the answers of a fit are written: by labels given, the model's, the evidence's."""
    given = as_labels(labels)
    coding = fit.coding
    given.check(known_names(fit.arms, coding))
    # A user-supplied PyMC model has no labels.
    model = getattr(fit.spec, "labels", Labels())
    own = given.over(model).over(Labels(fit.arms.selection.get("labels") or {}))
    references = {name: levels[0] for name, levels in coding.factors.items()}
    return Wording(Rates(rates_per), own, references, coding.by or "")


def with_labels(fit: Fit, labels: LabelSource) -> Fit:
    """Return a fit for figures, which labels go with; its model is written as it was before."""
    named = words_of(fit, labels=labels).labels
    if not named.names or not hasattr(fit.spec, "labels"):
        return fit
    return replace(fit, spec=replace(fit.spec, labels=named))


def evidence_wording(arms: Arms, labels: Labels, rates_per: int = 100) -> Wording:
    """Return how answers about arms are written where several models are."""
    return Wording(Rates(rates_per), labels.over(Labels(arms.selection.get("labels") or {})))
