"""`python -m bayesmeta`: the command line."""

from bayesmeta.cli import main

main()
