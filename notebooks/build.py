"""Builds the two notebooks from their one source: the exercise without outputs, and the solution with real ones.

    python notebooks/build.py [--exercise-only]

Running the solution takes two to three minutes on two cores.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat

from mnistlab.lesson.notebooks.building import as_json, exercise_notebook, solution_notebook
from mnistlab.system.files import write_text

FOLDER = Path(__file__).parent


def run(notebook: nbformat.NotebookNode) -> float:
    """Runs a notebook in place; returns the seconds it took."""
    client = nbclient.NotebookClient(notebook, timeout=1200, kernel_name="python3", record_timing=False)
    with tempfile.TemporaryDirectory() as folder:  # what Jupyter keeps of its own, and not in the home folder
        start = time.perf_counter()
        os.environ["IPYTHONDIR"] = folder
        client.execute()
        return time.perf_counter() - start


def main() -> None:
    """Builds both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exercise-only", action="store_true", help="leave the solution as it is")
    arguments = parser.parse_args()
    write_text(FOLDER / "exercise.ipynb", as_json(exercise_notebook()))
    if not arguments.exercise_only:
        solution = solution_notebook()
        print(f"The solution ran in {run(solution):.0f} s.")
        solution.metadata.pop("widgets", None)
        solution.metadata["language_info"] = {"name": "python"}  # and not the version that it was built with
        write_text(FOLDER / "solution.ipynb", as_json(solution))


if __name__ == "__main__":
    main()
