"""``python -m telcoai.cli`` is ``telcoai``."""

from telcoai.cli.app import main

main()
