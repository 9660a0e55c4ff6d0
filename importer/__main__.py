"""``python -m importer`` is ``opscom-import``."""

from importer.cli import main

if __name__ == "__main__":
    main()
