"""``python -m normbound`` is the command line."""

from normbound.cli import main

if __name__ == "__main__":
    main()
