"""The colour of each head, the same in all pictures and figures of the chapter."""

HEAD_COLOURS = {"CRF": "grey", "GlobalPointer": "blue", "Efficient GlobalPointer": "vermilion"}
"""Names of ``gradbook.explore.COLOURS``, by the head's name."""
