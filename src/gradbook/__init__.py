"""The package behind *In the Name of Loss*, an interactive textbook on multi-task learning and more.

Each chapter has a module of the same name; what several chapters share stands beside them
(``task_gradients``, ``tasks``, ``explore``, ``exercises``).
"""
