"""Brings a Keras 1 or 2 notebook to today's Keras: a new notebook, a reason for every change, marks where it cannot.

Example:
    >>> migration = migrate_text("from keras.utils import np_utils\\nrow = np_utils.to_categorical([3], 10)\\n", "py")
    >>> print(migration.new_text, end="")
    from keras.utils import to_categorical
    row = to_categorical([3], 10)
    >>> len(migration.changes), len(migration.marks)
    (2, 0)
"""

from mnistlab.lesson.migration.migrate import default_path, migrate_file, migrate_text
from mnistlab.lesson.migration.results import Change, Mark, Migration

__all__ = ["Change", "Mark", "Migration", "default_path", "migrate_file", "migrate_text"]
