"""The sandboxed process: `python -m mnistlab.system.sandbox SETTINGS MODULE [ARGUMENT]...`, started by `supervisor`.

Its standard output is a pipe to the watcher. It moves that pipe aside, prints to standard error from then on, says on
the pipe which protections are in force, and calls `MODULE.main(pipe, arguments)`.
"""

import importlib
import json
import os
import sys
from pathlib import Path

from mnistlab.system.sandbox.confinement import confine
from mnistlab.system.sandbox.limits import Limits


def main() -> None:
    """Confines this process and runs the module."""
    settings = json.loads(sys.argv[1])
    name, arguments = sys.argv[2], sys.argv[3:]
    pipe = os.dup(1)
    os.dup2(2, 1)
    in_force = confine(Path(settings["folder"]), Limits(**settings["limits"]), settings["watcher"])
    os.write(pipe, json.dumps({"in_force": in_force}).encode() + b"\n")
    sys.argv = [name, *arguments]
    importlib.import_module(name).main(pipe, arguments)


if __name__ == "__main__":
    main()
