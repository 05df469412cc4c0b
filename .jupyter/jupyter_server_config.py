"""Settings of JupyterLab for this book only; the reader's own configuration stays as it is.

The token stays on: nothing here touches it.
"""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Sends small messages to the browser at once.

    A live picture's answer is a handful of small messages. Left alone, TCP holds the second one back until the
    browser has acknowledged the first, which may take it 40 ms (Nagle's algorithm and delayed acknowledgements).
    """

    def connect(self):
        """Connect the browser's websocket to the kernel."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


c = get_config()  # noqa: F821  (JupyterLab defines it while reading this file)
c.LabApp.default_url = "/lab/tree/chapters/index.ipynb"
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.kernel_websocket_connection_class = PromptConnection
