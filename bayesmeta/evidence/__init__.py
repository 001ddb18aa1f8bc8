"""Evidence tables, the checks they pass, and the selection of the arms of one analysis."""

from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.reading import (
    bundled_evidence,
    load_evidence,
    load_published,
    read_evidence,
)
from bayesmeta.evidence.table import EvidenceTable

__all__ = [
    "Arms",
    "EvidenceTable",
    "Finding",
    "bundled_evidence",
    "load_evidence",
    "load_published",
    "read_evidence",
]
