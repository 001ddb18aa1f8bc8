"""Evidence room. In: CSV files and DataFrames. Out: checked `EvidenceTable`, `Arms`, `NestedArms`."""

from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.bundled import bundled_evidence, load_evidence
from bayesmeta.evidence.nested_arms import NestedArms
from bayesmeta.evidence.published import load_published
from bayesmeta.evidence.table import EvidenceTable, read_evidence

__all__ = [
    "Arms",
    "EvidenceTable",
    "NestedArms",
    "bundled_evidence",
    "load_evidence",
    "load_published",
    "read_evidence",
]
