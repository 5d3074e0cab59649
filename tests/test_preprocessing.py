"""The shared TensorFlow graph: decoding, letter-boxing there and back, normalisation."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from preprocessing.config import PreprocessingConfig
from preprocessing.decode import boxed_image, boxed_mask, decode_grey
from preprocessing.letterbox import frame, letterbox, unletterbox
from preprocessing.normalise import ENCODER_DEVIATION, ENCODER_MEAN, normalise

BOX = PreprocessingConfig(image_size=128)


def encoded(image: Image.Image, suffix: str, **options: object) -> tf.Tensor:
    buffer = io.BytesIO()
    image.save(buffer, suffix, **options)
    return tf.constant(buffer.getvalue())


@pytest.fixture
def grey() -> Image.Image:
    ramp = np.add.outer(np.arange(60), np.arange(80)).astype(np.uint8)
    return Image.fromarray(ramp)


LOSSLESS = {"PNG": ("L", "LA", "RGB", "RGBA", "P"), "BMP": ("L", "RGB"), "GIF": ("L",)}


@pytest.mark.parametrize(
    ("mode", "suffix"), [(mode, suffix) for suffix in LOSSLESS for mode in LOSSLESS[suffix]]
)
def test_every_lossless_way_to_store_a_grey_slice_decodes_alike(
    grey: Image.Image, mode: str, suffix: str
) -> None:
    decoded = decode_grey(encoded(grey.convert(mode), suffix)).numpy()
    assert decoded.shape == (60, 80, 1)
    np.testing.assert_allclose(decoded[..., 0], np.asarray(grey), atol=1)


def test_orientation_in_the_metadata_is_ignored(grey: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    assert decode_grey(encoded(grey, "JPEG", exif=exif.tobytes())).shape == (60, 80, 1)


@pytest.mark.parametrize(("height", "width"), [(512, 512), (216, 369), (369, 216), (16, 400)])
def test_a_slice_keeps_its_aspect_ratio_within_the_square(height: int, width: int) -> None:
    place = frame(tf.constant(height), tf.constant(width), BOX)
    inner_height, inner_width = int(place.height), int(place.width)
    assert max(inner_height, inner_width) == 128
    assert abs(inner_height / inner_width - height / width) * min(height, width) <= width / 64
    # Centred: what is left over differs by a pixel at the most.
    assert abs((128 - inner_height) - 2 * int(place.top)) <= 1
    assert abs((128 - inner_width) - 2 * int(place.left)) <= 1


@pytest.mark.parametrize(("height", "width"), [(256, 256), (200, 256), (256, 144)])
def test_a_mask_comes_back_to_where_it_was(height: int, width: int) -> None:
    mask = np.zeros((height, width, 1), np.float32)
    mask[60:120, 50:110] = 1
    boxed = letterbox(tf.constant(mask), BOX, "bilinear")
    back = unletterbox(boxed, tf.constant(height), tf.constant(width), BOX).numpy() > 0.5
    assert back.shape == mask.shape
    overlap = 2 * (back & (mask > 0)).sum() / (back.sum() + mask.sum())
    # At half the size a border may move by a pixel: 60 pixels a side allow for that much.
    assert overlap > 1 - 2 / 60


def test_masks_are_cut_above_127_and_stay_binary() -> None:
    values = np.zeros((64, 64), np.uint8)
    values[:, :16], values[:, 16:32], values[:, 32:48] = 127, 128, 255
    mask = boxed_mask(
        encoded(Image.fromarray(values), "PNG"), PreprocessingConfig(image_size=64)
    ).numpy()
    assert set(np.unique(mask)) == {0, 255}
    assert not mask[:, :16].any()
    assert mask[:, 16:48].all()


def test_padding_is_black_and_the_slice_is_not_stretched() -> None:
    white = Image.new("L", (100, 50), 255)
    boxed = boxed_image(encoded(white, "PNG"), PreprocessingConfig(image_size=64)).numpy()[..., 0]
    assert (boxed[:16] == 0).all() and (boxed[48:] == 0).all()
    assert (boxed[16:48] == 255).all()


def test_normalised_slices_have_what_the_encoder_expects() -> None:
    generator = np.random.default_rng(0)
    pixels = generator.normal(60, 20, (4, 32, 32, 1)).clip(0, 255).astype(np.uint8)
    mean, deviation = pixels.mean(), pixels.std()
    images = normalise(
        tf.constant(pixels),
        tf.fill([4], np.float32(mean)),
        tf.fill([4], np.float32(deviation)),
    ).numpy()
    assert images.shape == (4, 32, 32, 3)
    assert images.mean() == pytest.approx(ENCODER_MEAN, abs=0.1)
    assert images.std() == pytest.approx(ENCODER_DEVIATION, abs=0.1)
    assert (images[..., 0] == images[..., 2]).all()


def test_a_stretched_slice_fills_the_square_and_comes_back_as_it_was() -> None:
    stretched = PreprocessingConfig(image_size=64, keep_aspect=False)
    ramp = np.linspace(0, 255, 48 * 96, dtype=np.float32).reshape(48, 96, 1)
    boxed = letterbox(tf.constant(ramp), stretched, "bilinear")
    assert boxed.shape == (64, 64, 1) and float(tf.reduce_min(boxed[0])) < 3
    assert float(boxed[-1, -1, 0]) > 250
    back = unletterbox(boxed, tf.constant(48), tf.constant(96), stretched)
    np.testing.assert_allclose(back, ramp, atol=6)
