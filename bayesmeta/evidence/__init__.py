"""Evidence room. In: CSV files and DataFrames. Out: checked `EvidenceTable` and `Arms` values."""

from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.bundled import bundled_evidence, load_evidence
from bayesmeta.evidence.table import EvidenceTable, read_evidence

__all__ = ["Arms", "EvidenceTable", "bundled_evidence", "load_evidence", "read_evidence"]
