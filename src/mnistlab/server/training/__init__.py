"""Routes that start, follow, stop and resume trainings, each a process that outlives the server.

- `routes`: HTTP, and the events of a run
- `trainings`: all runs below a folder, and the one training that may be running
- `status`: the status of one run, from its files and its process
- `process`: the process of a training
- `schemas`: requests and answers
"""
