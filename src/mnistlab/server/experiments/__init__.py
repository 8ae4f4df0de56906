"""Routes about the results of experiments."""
