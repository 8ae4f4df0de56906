"""The command line: parses, calls one function of the library, shows. Errors become exit codes in `main` alone."""
