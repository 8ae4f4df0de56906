"""`mnistlab export`: a trained network as a file for other programs, with a note on how to use it."""

from pathlib import Path
from typing import get_args

import click

from mnistlab.cli.options import PATH, Choice, debug_option
from mnistlab.cli.usage import SUFFIXES, FileFormat, usage_note
from mnistlab.exceptions import UsageError
from mnistlab.system.extras import require_extra
from mnistlab.system.files import copy_whole, write_bytes, write_text, write_with
from mnistlab.system.paths import require_new_file


@click.command()
@click.argument("run_folder", metavar="RUN", type=PATH)
@click.option("--format", "file_format", required=True, type=Choice(get_args(FileFormat)), help="Kind of file.")
@click.option("--out", type=PATH, help="The file; by default RECIPE.onnx and the like, here.")
@debug_option
def export(run_folder: Path, file_format: FileFormat, out: Path | None) -> None:
    """Write a trained network to a file for use elsewhere. RUN is its run folder; a note tells how to use the file."""
    from mnistlab.runs import Run

    complete = Run(run_folder).require()
    suffix = SUFFIXES[file_format]
    target = out or Path(f"{complete.recipe.name}{suffix}")
    if target.suffix != suffix:
        raise UsageError(f"The file is called {target}; a name that ends in {suffix} was expected.")
    note = target.with_name(f"{target.name}.md")
    for path in (target, note):
        require_new_file(path, argument="folder")
    if file_format == "litert":
        require_extra("train", "Export to LiteRT")
        from mnistlab.models import load_run
        from mnistlab.models.export import export_litert

        model = load_run(complete)
        write_with(target, lambda path: export_litert(model, path))
    elif file_format == "web":
        from mnistlab.inference.web import web_network

        write_bytes(target, web_network(complete.onnx_path))
    else:
        if file_format == "onnx":
            from mnistlab.inference import Classifier

            Classifier(complete.onnx_path)  # rejects a damaged file
        copy_whole(complete.onnx_path if file_format == "onnx" else complete.model_path, target)
    text = usage_note(
        target.name,
        file_format,
        recipe=complete.recipe.name,
        accuracy=complete.metrics["test_accuracy"],
        dataset=complete.dataset["name"],
        classes=complete.classes,
    )
    write_text(note, text)
    print(f"{target}  {target.stat().st_size / 1e6:.1f} MB; {note} tells how to use it")
