"""Several runs that answer one question; each experiment writes its results and a report."""
