"""Titles of sections, which other sections refer to."""

__all__ = [
    "ANSWERS",
    "BRIEF",
    "CHECKLISTS",
    "CHOICES",
    "DIAGNOSTICS",
    "EVIDENCE",
    "LIMITS",
    "MODEL",
    "MODELS",
    "PRIORS",
    "REDO",
    "SENSITIVITY",
    "VALIDATION",
]

BRIEF = "Summary"
DIAGNOSTICS = "Diagnostics"
EVIDENCE = "Evidence"
MODEL = "Model"
MODELS = "Models"
CHOICES = "Choices"
PRIORS = "Priors"
ANSWERS = "Results"
SENSITIVITY = "Sensitivity"
VALIDATION = "Validation"
LIMITS = "What the numbers do not say"
CHECKLISTS = "Checklists"
REDO = "How to do it again"
