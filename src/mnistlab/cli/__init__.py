"""The command line: parses, calls one function of the library, shows. Errors become exit codes only in `main`."""
