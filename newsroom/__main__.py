"""``python -m newsroom``."""

from newsroom.cli import main

main()
