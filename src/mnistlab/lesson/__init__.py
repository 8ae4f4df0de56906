"""The notebook as an exercise, and what brings an older notebook to today's Keras."""
