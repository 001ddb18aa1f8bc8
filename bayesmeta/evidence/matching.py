"""`matching`: the arms that meet a condition."""

import numpy as np

from bayesmeta.errors import EvidenceError, SettingsError
from bayesmeta.evidence.arms import Arms, check_are_arms
from bayesmeta.evidence.conditions import matches


def matching(arms: Arms, condition: str, *, argument: str = "condition") -> Arms:
    """Return the arms that meet a condition on their columns; the others are among the excluded.

    Parameters
    ----------
    arms : Arms
        What was selected.
    condition : str
        Comparisons of columns, such as ``"source == '001' and n >= 20"``; see `where` of
        `EvidenceTable.select`.
    argument : str
        What messages call the condition.

    Raises
    ------
    EvidenceError
        If the condition cannot be read, or no arm meets it.
    SettingsError
        If an argument is of another kind.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> bm.matching(arms, "source == '003' and n >= 20")
    Arms(ORR: 4 arms of 4 studies, 109 responders of 160 patients; 60 rows left out)
    """
    check_are_arms(arms)
    if not isinstance(condition, str):
        raise SettingsError(
            f"`{argument}` must be text; got {condition!r}. Write a condition such as \"source == '003' and n >= 20\"."
        )
    try:
        rows = np.asarray(matches(condition, arms.frame), dtype=bool)
    except EvidenceError as error:
        raise EvidenceError(f"`{argument}`: {error}") from error
    if not rows.any():
        raise EvidenceError(
            f"`{argument}`: no arm meets {condition!r}. Widen it, or select other arms."
        )
    return arms.drop(~rows, f"{argument}: not {condition}") if not rows.all() else arms
