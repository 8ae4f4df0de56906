"""MNIST, the Hello World of deep learning, as a tool: data, two networks, training, evaluation and a report."""

import os

__version__ = "0.1.0"

# Some libraries report how they are used. Each reads its switch when it is imported or when it starts processes, and
# Python imports this package before any module of it: no import comes first, here or in a child process. The switches
# are forced, not defaults: an empty or misspelled value counts as consent for some, and what SECURITY.md promises
# holds on every machine.
os.environ |= {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime: an id and a database in the home folder, and what it sends
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
