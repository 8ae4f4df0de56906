"""Everything about a training run that lies on disk or can be said before Keras is loaded.

- `run`: a run folder, its files and when it counts as complete
- `folders`: who may use a folder, and what may lie in it
- `checkpoint`: the state of a training run, kept over interruptions
- `progress`: the file that a training run reports its steps in
- `snapshots`: how a network looked while it learned, as others read it
- `snapshot_log`: the same file as a training run writes it
- `listing`: the summary of a run, and the runs below some folders, each in one line
- `fine_tuning`: recipes that start from the network of a finished run
- `processes`: several processes that train one network
- `archives`: `.keras` files read as plain data, within limits
- `weights`: the arrays of a `.keras` file, read in a sandbox by `hdf5`
- `tracking`: finished runs for MLflow
"""

from mnistlab.runs.listing import Summary, find_runs, list_runs, summarize
from mnistlab.runs.run import Run

__all__ = ["Run", "Summary", "find_runs", "list_runs", "summarize"]
