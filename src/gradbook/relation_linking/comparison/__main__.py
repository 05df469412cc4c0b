"""``python -m gradbook.relation_linking.comparison``: see :mod:`gradbook.relation_linking.comparison.tables`."""

from gradbook.relation_linking.comparison.tables import main

if __name__ == "__main__":  # the worker processes import this file too
    main()
