"""Which slices `brisc evaluate` takes, and which of them may be of one patient."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.errors import InputError
from data.layout import scan
from data.parts import official_part, part_of_run


def test_slices_that_an_audit_or_a_table_links_are_one_group(
    sample_dir: Path, tmp_path: Path
) -> None:
    slices = scan(sample_dir).slices
    train, tested = ([i.id for i in slices if i.official_split == n] for n in ("train", "test"))
    alone = official_part(sample_dir, "test").groups
    assert all(alone[name] == name for name in tested)
    # Two test slices are linked by a train slice that both are like.
    pairs = [{"a": tested[0], "b": train[0]}, {"a": tested[1], "b": train[0]}]
    audit, patients = tmp_path / "audit.json", tmp_path / "patients.csv"
    audit.write_text(json.dumps({"leak": dict.fromkeys(tested, "none"), "pairs": pairs}))
    patients.write_text(f"image,group\n{tested[2]},p1\n{tested[3]},p1\n")
    found = official_part(sample_dir, "test", audit, patients)
    assert len(found.layout.slices) == len(tested)
    assert found.groups[tested[0]] == found.groups[tested[1]]
    assert found.groups[tested[2]] == found.groups[tested[3]] == "p1"
    assert len({found.groups[name] for name in tested}) == len(tested) - 2


def test_groups_of_a_run_are_those_of_its_table(sample_dir: Path, tmp_path: Path) -> None:
    names = [item.id for item in scan(sample_dir).slices[:4]]
    groups = ["g1", "g1", "g2", ""]
    lines = [f"{name},test,none,{group}" for name, group in zip(names, groups, strict=True)]
    table = tmp_path / "split.csv"
    table.write_text("\n".join(["image,split,leak,group", *lines]) + "\n")
    found = part_of_run(sample_dir, "test", table).groups
    assert found[names[0]] == found[names[1]]
    assert len({found[name] for name in names}) == 3
    # What else is known to be alike goes with them.
    found = part_of_run(sample_dir, "test", table, pairs=[(names[1], names[3])]).groups
    assert found[names[0]] == found[names[3]]
    assert len({found[name] for name in names}) == 2


def test_an_audit_without_pairs_is_refused(sample_dir: Path, tmp_path: Path) -> None:
    audit = tmp_path / "audit.json"
    audit.write_text('{"leak": {}}')
    with pytest.raises(InputError, match="not what an audit writes"):
        official_part(sample_dir, "test", audit)
