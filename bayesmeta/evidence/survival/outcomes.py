"""What text calls each outcome that is a time to an event: one table, used wherever survival is told."""

from typing import Final, NamedTuple

from bayesmeta.evidence.survival.columns import DURATION_OF_RESPONSE


class OutcomeWords(NamedTuple):
    """What text calls an outcome."""

    length: str
    """The time to its event, of which there is a median."""
    share: str
    """The probability that the event has not happened by a time."""
    state: str
    """Of patients to whom it has not happened."""


SURVIVAL_WORDS: Final = OutcomeWords("survival", "survival", "alive")
"""Those of overall survival, and of any outcome that is not in the table."""


def _free(event: str) -> OutcomeWords:
    return OutcomeWords(f"{event}-free survival", f"{event}-free survival", f"{event}-free")


_WORDS: Final = {
    **dict.fromkeys(
        DURATION_OF_RESPONSE,
        OutcomeWords("duration of response", "share in response", "in response"),
    ),
    **dict.fromkeys(("efs", "event free survival"), _free("event")),
    **dict.fromkeys(("pfs", "progression free survival"), _free("progression")),
    **dict.fromkeys(("rfs", "relapse free survival"), _free("relapse")),
    **dict.fromkeys(("dfs", "disease free survival"), _free("disease")),
    **dict.fromkeys(
        ("lfs", "leukaemia free survival", "leukemia free survival"), _free("leukaemia")
    ),
}
"""By names without case, with blanks in place of hyphens and underscores."""


def outcome_words(outcome: str) -> OutcomeWords:
    """Return what text calls an outcome of this name."""
    name = outcome.casefold().replace("-", " ").replace("_", " ")
    return _WORDS.get(name, SURVIVAL_WORDS)
