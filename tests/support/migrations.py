"""Old code and what a migration makes of it."""

import nbformat

from mnistlab.lesson.migration import migrate_text


def migrated(code: str) -> str:
    """The new code, after a look at whether a second migration changes anything."""
    new = migrate_text(code, "py").new_text
    again = migrate_text(new, "py")
    assert (again.new_text, again.changes) == (new, ())
    return new


def marked(code: str) -> tuple[str, list[str]]:
    """The new code and the reasons of its marks."""
    return migrated(code), [note.reason for note in migrate_text(code, "py").notes]


def notebook(*sources: str, **metadata) -> str:
    """The text of a notebook with these cells of code."""
    cells = [nbformat.v4.new_code_cell(source, execution_count=3) for source in sources]
    cells[0].outputs = [nbformat.v4.new_output("stream", text="old\n")]
    cells.insert(0, nbformat.v4.new_markdown_cell("# Title, `np_utils`"))
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata))
