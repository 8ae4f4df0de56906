"""The page: an HTTP interface to networks, trainings and results, and the files of the page itself."""
