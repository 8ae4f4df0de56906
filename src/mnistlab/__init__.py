"""MNIST, the Hello World of deep learning, as a tool: data, two networks, training, evaluation and a report."""

__version__ = "0.1.0"
