"""What a compressed frame of the JPEG family says of itself, before a decoder believes it."""

from __future__ import annotations

_JPEG = b"\xff\xd8"
_JP2 = b"\0\0\0\x0cjP  "
# Start of codestream, then the size segment: ISO/IEC 15444-1 A.5.1.
_J2K = b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"
# Start-of-frame markers: ISO/IEC 10918-1 table B.1, and SOF55 of JPEG-LS (14495-1 C.1.1).
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})


def coded_size(frame: bytes) -> tuple[int, int] | None:
    """(rows, columns) of a JPEG, JPEG-LS or JPEG 2000 codestream; ``None`` where it tells none."""
    if frame.startswith((_J2K, _JP2)):
        start = frame.find(_J2K, 0, 4096)
        sizes = frame[start + 8 : start + 24]
        if start < 0 or len(sizes) < 16:
            return None
        right, bottom, left, top = (
            int.from_bytes(sizes[place : place + 4], "big") for place in range(0, 16, 4)
        )
        return bottom - top, right - left
    if not frame.startswith(_JPEG):
        return None
    place = 2
    while place + 9 <= len(frame) and frame[place] == 0xFF:
        marker = frame[place + 1]
        if marker in _FRAMES:
            return (
                int.from_bytes(frame[place + 5 : place + 7], "big"),
                int.from_bytes(frame[place + 7 : place + 9], "big"),
            )
        # Fill bytes precede some markers, and have no length.
        length = int.from_bytes(frame[place + 2 : place + 4], "big")
        place += 1 if marker == 0xFF else 2 + length
    return None


def is_whole(frame: bytes) -> bool:
    """Whether the end-of-image marker is there, padding aside; decoders forgive its absence."""
    return _END in frame.rstrip(b"\0")[-4:]
