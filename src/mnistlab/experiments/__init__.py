"""Several runs, one question, one answer with its interval.

- `experiment`: what an experiment is, and how it is trained, answered and written down
- `cells`: the training runs of an experiment, each kept in a folder of its own
- `cluster`: the same on the machines of a Ray cluster
- `summaries`: rows over seeds, as means, tests, series of charts, and words that say no more than the test allows
- `batch_size`, `comparison`, `label_noise`, `augmentation_ranges`: the questions
- `published`: the answers that ship with the package
- `notebook`, `notebook_results`: the whole notebook in one go, and its results in numbers
- `benchmark`: this machine, stock Keras and mnistlab side by side
"""
