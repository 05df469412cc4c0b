"""``python -m gradbook.event_linking.comparison``: see :mod:`gradbook.event_linking.comparison.tables`."""

from gradbook.event_linking.comparison.tables import main

if __name__ == "__main__":  # the worker processes import this file too
    main()
