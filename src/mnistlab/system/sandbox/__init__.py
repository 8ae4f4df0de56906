"""Runs untrusted code in a process of its own with limits: `supervisor.run_sandboxed` starts and watches it.

`python -m mnistlab.system.sandbox` is that process. It confines itself before anything starts a thread, because the
kernel confines threads one by one; so nothing here imports NumPy or anything else of mnistlab.
"""
