"""Real data with several targets, read in place from the packages that ship it."""

from gradbook.tasks.flights import load_flights
from gradbook.tasks.multitask import MultiTask, SharedNetwork, Task

__all__ = ["MultiTask", "SharedNetwork", "Task", "load_flights"]
