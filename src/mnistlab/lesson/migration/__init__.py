"""Notebooks for Keras 1 or 2 brought to today's Keras: a reason for every change, a note where a person must decide.

Example:
    >>> migration = migrate_text("from keras.utils import np_utils\\nrow = np_utils.to_categorical([3], 10)\\n", "py")
    >>> print(migration.new_text, end="")
    from keras.utils import to_categorical
    row = to_categorical([3], 10)
    >>> len(migration.changes), len(migration.notes)
    (2, 0)
"""

from mnistlab.lesson.migration.migrate import default_path, migrate_file, migrate_text
from mnistlab.lesson.migration.results import Change, Migration, Note

__all__ = ["Change", "Migration", "Note", "default_path", "migrate_file", "migrate_text"]
