"""This machine, the notebook as stock Keras runs it, and mnistlab, side by side."""
