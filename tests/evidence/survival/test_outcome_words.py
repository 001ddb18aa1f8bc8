"""What text calls an outcome by its name."""

import pytest

from bayesmeta.evidence.survival.columns import DURATION_OF_RESPONSE
from bayesmeta.evidence.survival.outcomes import SURVIVAL_WORDS, outcome_words


@pytest.mark.parametrize(
    ("names", "state"),
    [
        (("DOR", "Duration of response", *DURATION_OF_RESPONSE), "in response"),
        (("EFS", "efs", "event-free survival", "Event_free_survival"), "event-free"),
        (("PFS", "Progression-free survival"), "progression-free"),
        (("RFS", "Relapse-free survival"), "relapse-free"),
        (("DFS",), "disease-free"),
        (("LFS", "leukemia-free survival"), "leukaemia-free"),
    ],
)
def test_names_without_case_and_hyphens_are_known(names: tuple[str, ...], state: str) -> None:
    assert {outcome_words(name).state for name in names} == {state}


@pytest.mark.parametrize("name", ["OS", "Overall survival", "", "other"])
def test_of_any_other_name_patients_are_alive(name: str) -> None:
    assert outcome_words(name) == SURVIVAL_WORDS == ("survival", "survival", "alive")
