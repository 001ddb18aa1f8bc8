"""A run on a disk of 64 KiB that is full, then larger, then read-only: `python small_disk.py MOUNT`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from run_works import log_lines, small_run, tables_in

from bayesmeta.errors import RunError
from bayesmeta.runs import check_run
from bayesmeta.runs.jobs import read_records

NUMBERS = range(30)


def remount(options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", sys.argv[1]], check=True)


def message_of(folder: Path, log: Path) -> str:
    try:
        small_run(folder, log, NUMBERS)
    except RunError as error:
        return str(error)
    return "no error"


def main() -> None:
    folder = Path(sys.argv[1]) / "run"
    with tempfile.TemporaryDirectory() as elsewhere:
        log, other = Path(elsewhere) / "log", Path(elsewhere) / "other"
        print(message_of(folder, log))
        kept = {record.name for _, record in read_records(folder) if record}
        print(len(kept))
        remount("size=4m")
        small_run(folder, log, NUMBERS)
        assert all(len(log_lines(str(log), k)) == 1 for k in NUMBERS if f"job {k}" in kept)
        remount("ro")
        print(message_of(folder, log))
        small_run(other, Path(elsewhere) / "other log", NUMBERS)
        same = tables_in(folder) == tables_in(other) and check_run(folder) == ()
        print("whole" if same else "damaged")


if __name__ == "__main__":
    main()
