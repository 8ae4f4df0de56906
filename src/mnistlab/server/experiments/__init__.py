"""The results of experiments over HTTP."""
