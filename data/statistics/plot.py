"""Bars as inline SVG: nothing fetched, no script."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _FOOT, _HEAD = 720, 220, 24, 22
# Told apart by people who see colours differently: Okabe and Ito's palette.
_COLOURS = ("#0072b2", "#e69f00", "#009e73")
STYLE = """
svg { max-width: 100%; height: auto; } svg text { font-size: 12px; fill: currentColor; }
svg line { stroke: GrayText; }
"""


def draw_bars(title: str, names: Sequence[str], shares: Mapping[str, Sequence[float]]) -> str:
    """Bars side by side, a group for each name and within it a bar for each split.

    Args:
        title: What is shown, for who cannot see it.
        names: Of the groups, in order.
        shares: By split, the share of each group, 0 to 1.
    """
    top = max((value for values in shares.values() for value in values), default=0.0) or 1.0
    group = _WIDTH / max(len(names), 1)
    bar = 0.85 * group / max(len(shares), 1)
    scale = (_HEIGHT - _FOOT - _HEAD) / top
    floor = _HEIGHT - _FOOT
    drawn = []
    for number, (split, values) in enumerate(shares.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        drawn.append(
            f'<rect x="{number * 90}" y="2" width="12" height="12" fill="{colour}"/>'
            f'<text x="{number * 90 + 16}" y="13">{html.escape(split)}</text>'
        )
        for place, (name, value) in enumerate(zip(names, values, strict=True)):
            drawn.append(
                f'<rect x="{place * group + number * bar:.1f}" y="{floor - value * scale:.1f}" '
                f'width="{bar:.1f}" height="{value * scale:.1f}" fill="{colour}">'
                f"<title>{html.escape(f'{split}, {name}: {value:.1%}')}</title></rect>"
            )
    # Names of narrow groups would lie over each other.
    step = max(1, -(-len(names) // 8))
    labels = "".join(
        f'<text x="{place * group:.1f}" y="{_HEIGHT - 6}">{html.escape(name)}</text>'
        for place, name in enumerate(names)
        if place % step == 0
    )
    return (
        f'<svg role="img" aria-label="{html.escape(title, quote=True)}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}">{"".join(drawn)}'
        f'<line x1="0" y1="{floor}" x2="{_WIDTH}" y2="{floor}"/>{labels}'
        f'<text x="{_WIDTH - 110}" y="13">highest {top:.1%}</text></svg>'
    )
