"""The methods behind *In the Name of Loss*, an interactive textbook on multi-task learning and more.

Rooms of the library, which import torch, numpy and scipy alone: ``task_gradients``, ``loss_weighting``,
``multilabel_loss``, ``pareto_gradients``, ``primary_auxiliary``, ``global_pointer``, ``relation_linking``,
``event_linking``, ``step_sizes``, ``residual_depth``. For texts of one's own: ``extraction`` (``pip install
"gradbook[text]"``). What the book's pages stand on: ``book`` (``pip install "gradbook[book]"``).
"""
