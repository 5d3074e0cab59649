"""``brisc data download``: the real data set, from where it is published."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Place(str, Enum):
    """Who publishes it."""

    zenodo = "zenodo"
    figshare = "figshare"
    kaggle = "kaggle"


def download(
    directory: Annotated[Path, typer.Argument(help="Folder to write; must not hold files yet.")],
    source: Annotated[Place, typer.Option(help="Where to get it from.")] = Place.zenodo,
) -> None:
    """Downloads BRISC 2025 (about 260 MB), checks each file, and then shows the folder.

    The same command continues a download that broke off.

    Example: brisc data download brisc2025 --source zenodo
    """
    from data.download.download import download
    from data.download.sources import SOURCES
    from pipeline.console import progress_bar

    done = download(SOURCES[source.value], directory, bar=progress_bar)
    how = f"downloaded from {source.value}" if done.fetched else "was there already"
    print(f"{done.directory}: {how}; {done.files} files, each as the manifest says")
    print("BRISC 2025 is CC BY 4.0: name its authors, doi:10.5281/zenodo.17524350")
