"""`python -m kaiten_sync` is `kaiten-sync`."""

from kaiten_sync.cli import main

main()
