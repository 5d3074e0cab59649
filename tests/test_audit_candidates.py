"""The search for alike slices, and the alignment of two of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from data.audit import candidates
from data.audit.alignment import align, warp
from data.audit.candidates import find_candidates
from data.audit.components import connected
from data.audit.orientations import ORIENTATIONS, describe
from data.audit.thumbnails import SIDE, head_thumbnail


def pictures(count: int, side: int = 32, seed: int = 0) -> np.ndarray:
    """Smooth made-up pictures, float32 [count, side, side]."""
    noise = np.random.default_rng(seed).normal(size=(count, side, side)).astype(np.float32)
    return ndimage.gaussian_filter(noise, (0, side / 16, side / 16)) * 100


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_turned_descriptor_is_that_of_the_turned_picture(orientation) -> None:
    drawn = pictures(5)
    expected = describe(orientation.apply(drawn))
    np.testing.assert_allclose(orientation.describe(describe(drawn)), expected, atol=1e-5)


@pytest.mark.parametrize("number", range(8))
def test_candidates_say_how_the_second_is_turned(number: int) -> None:
    drawn = pictures(40)
    # The second of the pair looks like the first once it is turned.
    drawn[31] = ORIENTATIONS[candidates._inverse(number)].apply(drawn[8])
    found = find_candidates(describe(drawn), 0.9)
    assert (found.first.tolist(), found.second.tolist()) == ([8], [31])
    assert found.orientation.tolist() == [number]
    np.testing.assert_allclose(found.likeness, 1, atol=1e-5)


def test_small_sets_are_searched_exhaustively() -> None:
    descriptors = describe(pictures(600))
    found = find_candidates(descriptors, 0.3)
    expected = set()
    for number, orientation in enumerate(ORIENTATIONS):
        likeness = descriptors @ orientation.describe(descriptors).T
        rows = np.argwhere(np.triu(likeness >= 0.3, 1))
        expected |= {(int(first), int(second), number) for first, second in rows}
    rows = zip(found.first, found.second, found.orientation, strict=True)
    assert {tuple(map(int, row)) for row in rows} == expected


def test_cells_lose_next_to_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "CELL", 16)
    monkeypatch.setattr(candidates, "PROBES", 6)
    drawn = pictures(1500)
    copies = drawn + 2 * pictures(1500, seed=1) * 0.1
    found = find_candidates(describe(np.concatenate((drawn, copies))), 0.9)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert sum((i, i + 1500) in pairs for i in range(1500)) >= 1495


def test_each_slice_has_so_many_candidates_at_the_most() -> None:
    found = find_candidates(describe(np.repeat(pictures(1), 300, axis=0)), 0.9)
    assert len(found.first) <= 300 * candidates.MOST


def test_alignment_finds_a_shift_a_scale_and_a_turn() -> None:
    drawn = pictures(6, side=48, seed=3)
    turn = np.deg2rad(4)
    true = np.array(
        [[1.04 * np.cos(turn), -np.sin(turn), 0.06], [np.sin(turn), 0.97, -0.04]], np.float32
    )
    maps = np.broadcast_to(true, (6, 2, 3))
    fixed = 0.8 * warp(drawn, maps) + 5
    known = np.ones(drawn.shape, bool)
    known[:, :4] = known[:, -4:] = known[:, :, :4] = known[:, :, -4:] = False
    np.testing.assert_allclose(align(fixed, drawn, known), maps, atol=0.02)


def test_alignment_leaves_what_has_no_structure() -> None:
    flat = np.zeros((2, 16, 16), np.float32)
    still = align(flat, flat, np.ones(flat.shape, bool))
    np.testing.assert_allclose(still, np.broadcast_to(np.eye(3)[:2], (2, 2, 3)), atol=1e-6)


def test_the_window_follows_the_head(sample_dir) -> None:
    from PIL import Image

    from data.layout import scan

    grey = np.asarray(Image.open(scan(sample_dir).slices[0].image).convert("L"))
    head, inside = head_thumbnail(grey)
    assert head.shape == (SIDE, SIDE) and head.dtype == np.uint8
    assert inside.dtype == np.float32 and (inside >= 0).all() and (inside <= SIDE).all()
    padded, _ = head_thumbnail(np.pad(grey, ((40, 10), (0, 90)), constant_values=grey.min()))
    mirrored, _ = head_thumbnail(grey[:, ::-1])
    for other, least in ((padded, 0.95), (mirrored[:, ::-1], 0.999)):
        assert np.corrcoef(head.ravel(), other.ravel())[0, 1] > least


def test_components_are_joined_through_what_they_share() -> None:
    pairs = [("b", "c"), ("x", "y"), ("a", "b"), ("d", "c"), ("y", "x")]
    assert connected(pairs) == (("a", "b", "c", "d"), ("x", "y"))
    assert connected([]) == ()
