"""Real data with several targets, read in place from the packages that ship it."""

from gradbook.tasks.digits import Digits, halved, load_digits, load_multi_mnist, overlay
from gradbook.tasks.flights import load_flights
from gradbook.tasks.multitask import MultiTask, SharedNetwork, Task
from gradbook.tasks.reproducible import reproducible
from gradbook.tasks.yeast import load_yeast

__all__ = [
    "Digits",
    "MultiTask",
    "SharedNetwork",
    "Task",
    "halved",
    "load_digits",
    "load_flights",
    "load_multi_mnist",
    "load_yeast",
    "overlay",
    "reproducible",
]
