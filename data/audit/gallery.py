"""Pictures of pairs, side by side, for a person to look through."""

from __future__ import annotations

import base64
import functools
import html
import io
from collections.abc import Mapping, Sequence

from PIL import Image

from data.audit.pairs import KINDS, Pair
from data.checks import decode_grey
from data.layout import Slice

MOST = 60
"""Pairs shown of each kind."""
_SIDE = 160
_MEANING = {
    "file": "The same bytes under two names.",
    "pixel": "Other bytes, the same grey pixels.",
    "near": "The same slice re-encoded, rescaled, cropped, turned by a few degrees or brightened.",
    "mirrored": "The same slice, left and right exchanged.",
    "rotated": "The same slice, turned by quarters, or turned and mirrored.",
    "neighbour": "Not copies: slices so alike that they come from one patient, or seem to.",
}


def draw_gallery(slices: Sequence[Slice], pairs: Sequence[Pair]) -> str:
    """HTML of the pairs by kind, the least certain first, ``MOST`` of each kind."""
    by_id: Mapping[str, Slice] = {item.id: item for item in slices}
    # A slice is in many pairs; its picture is drawn once.
    picture = functools.lru_cache(maxsize=None)(lambda name: _picture(by_id[name]))
    sections = []
    for kind in KINDS:
        chosen = sorted((pair for pair in pairs if pair.kind == kind), key=lambda pair: pair.score)
        if not chosen:
            continue
        shown = f"{len(chosen)} pairs, the least alike first"
        if len(chosen) > MOST:
            shown += f"; {MOST} of them are shown, --json has all"
        figures = "".join(_figure(pair, by_id, picture) for pair in chosen[:MOST])
        sections.append(
            f"<section><h2>{kind}</h2><p>{_MEANING[kind]} {shown}.</p>"
            f'<div class="pairs">{figures}</div></section>'
        )
    return "".join(sections)


def _figure(pair: Pair, by_id: Mapping[str, Slice], picture: functools._lru_cache_wrapper) -> str:
    captions = []
    for name in (pair.a, pair.b):
        item = by_id[name]
        captions.append(html.escape(f"{name} ({item.official_split}, {item.label})"))
    return (
        f"<figure>{picture(pair.a)}{picture(pair.b)}"
        f"<figcaption>{pair.score:.3f}<br>{captions[0]}<br>{captions[1]}</figcaption></figure>"
    )


def _picture(item: Slice) -> str:
    name = html.escape(item.id, quote=True)
    try:
        pixels = decode_grey(item.image.read_bytes())
    except OSError as error:
        pixels = error.strerror or str(error)
    if isinstance(pixels, str):
        return f"<span>{name} can no longer be read: {html.escape(pixels)}</span>"
    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=70)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{name}" src="data:image/jpeg;base64,{data}">'
