"""``brisc data``: what concerns the data set alone; imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.data_audit import audit

app = typer.Typer(
    help="Make and look after data sets.\n\nExample: brisc data sample DIR --images 240",
    no_args_is_help=True,
    rich_markup_mode=None,
)


app.command()(audit)


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write; must not hold files yet.")],
    images: Annotated[int, typer.Option(help="How many slices.")] = 240,
    seed: Annotated[int, typer.Option(help="The same seed draws the same slices.")] = 0,
) -> None:
    """Draws a small synthetic data set in BRISC's own layout.

    Example: brisc data sample sample --images 240 --seed 1
    """
    from data.sample import write_sample
    from pipeline.console import progress_bar

    with progress_bar("drawing", images) as advance:
        written = write_sample(directory, images, seed, lambda done, total: advance(1))
    print(
        f"{written.directory}: {written.train} train and {written.test} test slices, "
        f"{written.masks} masks"
    )
