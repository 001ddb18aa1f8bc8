"""Notebooks, executed: what they show, what is claimed of it, and how two outputs are compared.

Run as a program, it executes all notebooks, or those named, and writes their outputs into them.
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CLAIMS = ROOT / "tests" / "notebook_claims"

NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def executed(path: Path, folder: Path, *, claims: bool = False) -> Any:
    """Return a notebook with its outputs; with `claims`, after each cell what is claimed of it."""
    notebook = nbformat.read(path, as_version=4)
    held = claims_of(path) if claims else {}
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        cells += [nbformat.v4.new_code_cell(source) for source in held.get(cell["id"], [])]
    shown = list(notebook.cells)
    notebook.cells = cells
    NotebookClient(
        notebook,
        timeout=1200,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    notebook.cells = shown
    return cleaned(notebook)


def claims_of(path: Path) -> dict[str, list[str]]:
    """Return the claims of a notebook by the id of the cell that they come after."""
    file = CLAIMS / f"{path.stem}.txt"
    found: dict[str, list[str]] = {}
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    for part in text.split("\n# after ")[1:]:
        cell, _, source = part.partition("\n")
        found.setdefault(cell.strip(), []).append(source)
    return found


def cleaned(notebook: Any) -> Any:
    """Return a notebook without what differs from one execution to the next."""
    notebook.metadata["language_info"] = {"name": "python"}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        cell.metadata.pop("execution", None)
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output["execution_count"] = number
    return notebook


def images(cell: Any) -> int:
    """Return how many images a cell shows."""
    return sum("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


def text(cell: Any) -> str:
    """Return the text that a cell shows."""
    parts = [
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.get("outputs", [])
        if "image/png" not in output.get("data", {})
    ]
    return "\n".join(parts)


def differences(kept: str, found: str) -> list[str]:
    """Return the numbers of two texts that differ by more than Monte-Carlo error; or both texts."""
    words = [" ".join(NUMBER.sub("#", one).split()) for one in (kept, found)]
    pairs = list(zip(NUMBER.findall(kept), NUMBER.findall(found), strict=False))
    if words[0] != words[1]:
        return [f"{kept}\nis now\n{found}"]
    return [f"{one} is now {other}" for one, other in pairs if not alike(one, other)]


def alike(one: str, other: str) -> bool:
    """Return whether two printed numbers are one number but for Monte-Carlo error."""
    first, second = (float(each.replace(",", "")) for each in (one, other))
    place = 10.0 ** -len(one.partition(".")[2].partition("e")[0])
    return abs(first - second) <= 3 * place + 0.15 * abs(first)


def main(names: list[str]) -> None:
    """Execute notebooks and write their outputs."""
    for path in [Path(name) for name in names] or NOTEBOOKS:
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(executed(path, Path(folder)), path)
        print(path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
