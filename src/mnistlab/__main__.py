"""`python -m mnistlab` is the command line."""

from mnistlab.cli import main

main()
