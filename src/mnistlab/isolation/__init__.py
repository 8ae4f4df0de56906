"""Code that is not trusted, in a process of its own with limits: `supervision.run_confined` starts and watches it.

`python -m mnistlab.isolation` is the process. It confines itself before anything starts a thread, because the kernel
confines threads one by one; so nothing here imports NumPy or anything else of mnistlab.
"""
