"""Several runs, one question, one answer with its interval.

- `experiment`: what an experiment is, and how it is trained, answered and written down
- `cells`: the trainings of an experiment, each a run that is kept
- `cluster`: the same on machines that Ray gathers
- `summaries`: rows over seeds, as means, tests, series of charts, and words that claim no more than the test allows
- `batch_size`, `comparison`, `label_noise`, `augmentation_ranges`: the questions
- `published`: the answers that ship with the package
- `notebook`, `notebook_results`: the whole notebook in one go, and what it comes to in numbers
- `benchmark`: this machine, stock Keras and mnistlab side by side
"""
