"""Grades for notebooks: each runs in a sandboxed process that reports evidence, and is judged in this one."""
