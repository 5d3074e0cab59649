"""What the contents of single images and masks tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from data.checks import MASK_THRESHOLD
from data.oddities import COLOURED, TRANSPARENT, TURNED
from data.verification.finding import Finding, Severity, finding
from data.verification.reading import Facts

TINY = 100
"""Fewer tumour pixels than this are worth a look; the smallest mask of BRISC has 23."""
LARGE = 0.5
"""A larger share of a slice is hardly a tumour; the largest of BRISC is 0.173."""


def images(facts: Sequence[Facts]) -> list[Finding]:
    """Modes, metadata and sizes, which must not reach a network: in BRISC they tell the class."""
    modes = Counter(item.mode for item in facts)
    sizes = Counter(item.size for item in facts)
    listed = ", ".join(f"{mode} {count}" for mode, count in modes.most_common())
    found = finding(
        Severity.note,
        "grey-in-colour",
        f"colour images whose channels are alike (modes: {listed})",
        "Nothing: one grey channel is read",
        [item.path for item in facts if item.mode in ("RGB", "RGBA", "P") and not item.coloured],
    )
    found += finding(
        Severity.warning,
        "coloured",
        COLOURED,
        "See whether it is an MRI slice, or has marks drawn on it",
        [item.path for item in facts if item.coloured],
    )
    found += finding(
        Severity.warning,
        "transparent",
        TRANSPARENT,
        "See whether the grey under it is the slice",
        [item.path for item in facts if item.transparent],
    )
    found += finding(
        Severity.note,
        "exif",
        "images with EXIF data",
        "Nothing: it is not read. Remove it where it could name a patient",
        [item.path for item in facts if item.exif],
    )
    found += finding(
        Severity.warning,
        "exif-turned",
        TURNED,
        "Turn the pixels themselves, and the mask with them, where the mask shows it turned",
        [item.path for item in facts if item.turned],
    )
    if len(sizes) > 1:
        (most, number), *_ = sizes.most_common()
        shown = "x".join(map(str, most or ()))
        oblong = sum(width != height for width, height in filter(None, sizes.elements()))
        found += finding(
            Severity.note,
            "sizes",
            f"not {shown} as {number} others are ({len(sizes)} sizes; not square: {oblong})",
            "Nothing: slices are letter-boxed, not stretched",
            [item.path for item in facts if item.size != most],
        )
    return found


def masks(facts: Sequence[Facts]) -> list[Finding]:
    """Masks that are not black and white, and those whose tumour is of an odd size."""
    seen = [(item.path, item.mask) for item in facts if item.mask]
    found = finding(
        Severity.note,
        "mask-not-binary",
        "masks with values beside 0 and 255, all near one of them",
        f"Nothing: above {MASK_THRESHOLD} is tumour",
        [path for path, mask in seen if not mask.strict and not mask.middle],
    )
    found += finding(
        Severity.warning,
        "mask-three-values",
        "masks of three values: are there two kinds of tissue in it?",
        f"Set what is tumour to 255 and the rest to 0: above {MASK_THRESHOLD} is tumour",
        [path for path, mask in seen if mask.middle and mask.values == 3],
    )
    found += finding(
        Severity.warning,
        "mask-grey-ramp",
        "masks with values far from 0 and 255",
        f"See whether it is a mask: above {MASK_THRESHOLD} is tumour",
        [path for path, mask in seen if mask.middle and mask.values != 3],
    )
    found += finding(
        Severity.warning,
        "mask-tiny",
        f"masks with fewer than {TINY} tumour pixels",
        "See whether it is a tumour or a slip of the pen",
        [path for path, mask in seen if 0 < mask.pixels < TINY],
    )
    return found + finding(
        Severity.warning,
        "mask-large",
        f"masks that cover more than {LARGE:.0%} of the slice",
        "See whether it is inverted",
        [path for path, mask in seen if mask.share > LARGE],
    )
