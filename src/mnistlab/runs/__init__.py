"""Everything of a training that lies on disk or can be said before Keras is loaded.

- `run`: a run folder, its files and when it counts as complete
- `folders`: who may use a folder, and what may lie in it
- `checkpoint`: where an interrupted training stands
- `progress`: what a training says while it runs
- `listing`: the runs below some folders, each in one line
- `fine_tuning`: recipes that start from the network of a finished run
- `processes`: the processes of one training
- `archives`: what a `.keras` file may hold
- `weights`: its numbers, read in a sandbox by `hdf5`
- `tracking`: finished runs for MLflow
"""

from mnistlab.runs.listing import list_runs
from mnistlab.runs.run import Run

__all__ = ["Run", "list_runs"]
