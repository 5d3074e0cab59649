"""What the compiled pipeline hands to ML Metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from pipeline.compiled import compile_pipeline
from pipeline.configuration import Parameters
from pipeline.graph import build_pipeline
from pipeline.workspace import Workspace


@pytest.mark.parametrize("changed", [{}, {"tuning": {"trials": 2}}])
def test_no_parameter_of_a_component_is_text_that_postgresql_refuses(
    changed: dict[str, object], tmp_path: Path
) -> None:
    pipeline = build_pipeline(
        TypeAdapter(Parameters).validate_python(changed),
        Workspace.at(tmp_path),
        data_dir=tmp_path,
        data_fingerprint="0",
        skipped=["Bild ä"],
        beam_args=[],
        patients=tmp_path / "groups.csv",
    )
    ir = compile_pipeline(pipeline, "any")
    texts = {
        (node.pipeline_node.node_info.id, name): value.field_value.string_value
        for node in ir.nodes
        for name, value in node.pipeline_node.parameters.parameters.items()
    }
    assert ("Trainer", "custom_config") in texts
    assert texts["ModelReport", "patients"] == str(tmp_path / "groups.csv")
    # ML Metadata writes a backslash into its SQL as it is.
    assert [place for place, text in texts.items() if "\\" in text] == []
