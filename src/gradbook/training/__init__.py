"""The trainer that chapters 4 to 6 share."""

from gradbook.training.batches import epoch_batches
from gradbook.training.history import History
from gradbook.training.loop import train
from gradbook.training.processes import Place, process_group
from gradbook.training.weights import load_weights, save_weights

__all__ = ["History", "Place", "epoch_batches", "load_weights", "process_group", "save_weights", "train"]
