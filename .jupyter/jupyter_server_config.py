"""Settings of JupyterLab for this book only; the reader's own configuration stays as it is.

The token stays on: nothing here touches it.
"""

c = get_config()  # noqa: F821  (JupyterLab defines it while reading this file)
c.LabApp.default_url = "/lab/tree/chapters/index.ipynb"
c.ServerApp.ip = "127.0.0.1"
