"""Where a training begins that goes on from an earlier one: with which model, and its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError
from tests.data_records import DataRecords
from trainer.base_model import keep_weights, load_base
from trainer.config import ModelConfig
from trainer.network import build_network


def config(**changes: object) -> ModelConfig:
    return ModelConfig.model_validate(
        {"image_size": 32, "encoder_weights": "none", "decoder_filters": [16, 8, 8, 4, 4]} | changes
    )


def test_it_is_the_latest_blessed_model_that_was_trained_on_other_data(tmp_path: Path) -> None:
    records = DataRecords()
    records.run("a", push=tmp_path / "1")
    assert records.base("a") is None, "a run that is repeated is the same training"
    records.run("b", push=tmp_path / "2")
    records.run("refused")
    assert records.base("b") == 0
    assert records.base("a") == 1
    assert records.base("refused") == 1


def test_a_network_begins_with_the_weights_of_a_trained_one(tmp_path: Path) -> None:
    network = build_network(config())
    model = tmp_path / "artifact" / "Format-Serving"
    damaged = tmp_path / "damaged" / "Format-Serving"
    for place in (model, damaged):
        keep_weights(network, place)
    damaged.parent.joinpath("Format-Training", "weights.index").write_bytes(b"half")
    before = network.get_weights()
    network.set_weights([np.zeros_like(weight) for weight in before])
    load_base(network, model)
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    another = build_network(config(decoder_filters=[16, 8, 8, 4, 8]))
    missing = tmp_path / "other" / "Format-Serving"
    for begun, base, reason in (
        (another, model, "do not fit the network"),
        (network, missing, "has no weights of its training beside it"),
        (network, damaged, "do not fit the network"),
    ):
        with pytest.raises(ConfigurationError, match=reason) as caught:
            load_base(begun, base)
        assert str(base) in str(caught.value) and "training.warm_start=false" in str(caught.value)
