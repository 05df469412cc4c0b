"""``python -m gradbook.global_pointer.comparison``: see :mod:`gradbook.global_pointer.comparison.tables`."""

from gradbook.global_pointer.comparison.tables import main

if __name__ == "__main__":  # the worker processes import this file too
    main()
