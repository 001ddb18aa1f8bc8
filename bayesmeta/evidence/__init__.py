"""Evidence tables, the checks they pass, and the selection of the arms of one analysis."""

from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.reading import (
    bundled_evidence,
    load_evidence,
    load_published,
    read_evidence,
)
from bayesmeta.evidence.survival.arms import SurvivalArms
from bayesmeta.evidence.survival.reading import load_survival, read_survival
from bayesmeta.evidence.survival.table import SurvivalTable
from bayesmeta.evidence.table import EvidenceTable

__all__ = [
    "Arms",
    "EvidenceTable",
    "Finding",
    "SurvivalArms",
    "SurvivalTable",
    "bundled_evidence",
    "load_evidence",
    "load_published",
    "load_survival",
    "read_evidence",
    "read_survival",
]
