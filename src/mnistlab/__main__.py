"""`python -m mnistlab` is the command line."""

from mnistlab.cli.main import main

main()
