"""The command line: parses, calls one function of the library, shows. Errors become exit codes in `main` alone.

Each command has a file of its own; `options` and `networks` hold what several commands ask for, `usage` the note beside
an exported file.
"""
