"""`python -m sgns` is the same command as `sgns`."""

from sgns.cli import main

if __name__ == "__main__":
    main()
