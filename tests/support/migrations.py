"""Old code and what a migration makes of it."""

import nbformat

from mnistlab.lesson.migration import migrate_text


def migrated(code: str) -> str:
    """The new code; see `marked`."""
    return marked(code)[0]


def marked(code: str) -> tuple[str, list[str]]:
    """The new code and the reasons of its marks, after a look at whether a second migration changes anything."""
    migration = migrate_text(code, "py")
    new = migration.new_text
    again = migrate_text(new, "py")
    assert (again.new_text, again.changes) == (new, ())
    return new, [note.reason for note in migration.notes]


def notebook(*sources: str, **metadata) -> str:
    """The text of a notebook with these cells of code."""
    cells = [nbformat.v4.new_code_cell(source, execution_count=3) for source in sources]
    cells[0].outputs = [nbformat.v4.new_output("stream", text="old\n")]
    cells.insert(0, nbformat.v4.new_markdown_cell("# Title, `np_utils`"))
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata))
