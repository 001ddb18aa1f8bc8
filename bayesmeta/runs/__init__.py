"""Many independent jobs, and the result of each, kept on disk.

It knows nothing of models and evidence. A run that is stopped at any moment goes on from what is
kept, and ends with the same bytes in its tables.
"""

from bayesmeta.runs.checking import RunSummary, check_run, describe_run
from bayesmeta.runs.dask_cluster import dask_executor
from bayesmeta.runs.folder import RunFolder, open_run
from bayesmeta.runs.jobs import Failed, Finished, Job, Outcome, job_key
from bayesmeta.runs.running import Runner, run_jobs

__all__ = [
    "Failed",
    "Finished",
    "Job",
    "Outcome",
    "RunFolder",
    "RunSummary",
    "Runner",
    "check_run",
    "dask_executor",
    "describe_run",
    "job_key",
    "open_run",
    "run_jobs",
]
