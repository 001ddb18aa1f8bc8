"""How the answers of a saved run are written, whatever kind of run it is."""

from bayesmeta.estimates.words import evidence_wording, words_of
from bayesmeta.inference.result import Fit
from bayesmeta.label_files import LabelSource, as_labels
from bayesmeta.model.labelling import known_names
from bayesmeta.multiverse.results import GridResults
from bayesmeta.report.saved_runs import SavedRun
from bayesmeta.rounding import Rates
from bayesmeta.wording import Wording

__all__ = ["words_of_run"]


def words_of_run(run: SavedRun, *, rates_per: int = 100, labels: LabelSource = None) -> Wording:
    """Return the scale of rates and the labels: those given, then those of models and evidence.

    Raises
    ------
    SpecError
        If a label given is of a column, level or outcome that is not there; of a grid, none is checked.
    """
    if isinstance(run, Fit):
        return words_of(run, rates_per=rates_per, labels=labels)
    given = as_labels(labels)
    if isinstance(run, GridResults):
        return Wording(Rates(rates_per), given)
    given.check(known_names(run.evidence, None))
    named = given.merged(spec.labels for spec in run.models.values())
    return evidence_wording(run.evidence, named, rates_per)
