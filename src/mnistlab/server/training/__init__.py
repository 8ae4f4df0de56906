"""Routes that start, follow, stop and resume training runs, each a process that outlives the server.

- `routes`: HTTP, and the events of a run
- `trainings`: all runs below a folder, and the one that may be training now
- `status`: the status of one run, from its files and its process
- `process`: the process of a training run
- `schemas`: requests and answers
"""
