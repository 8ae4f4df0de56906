"""Notebook files: the lesson's own, built from one source, and those that students hand in."""
