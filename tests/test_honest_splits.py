"""Splits that respect copies and patients: nobody on two sides, and what is claimed of it is so."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import pytest

from data.audit.pairs import Pair
from data.audit.record import read_pairs, write_json
from data.audit.run import audit_slices
from data.config import SplitConfig
from data.errors import ConfigurationError, InputError
from data.grouping import group_slices
from data.layout import Slice, scan
from data.naming import CLASSES
from data.split_record import (
    LEFT_OUT,
    TABLE,
    SplitSummary,
    read_summary,
    read_table,
    summarise_split,
    write_split,
)
from data.splits import SELF, SPLITS, Assignment, assign, require_trainable
from pipeline.configuration import load_parameters
from tests.test_splits import make_slice, make_slices

PATIENTS = 60


def patients(slices: Sequence[Slice]) -> dict[str, str]:
    """Each patient has slices of one class, in all planes and in both official parts."""
    return {
        item.id: f"{item.label} {int(item.id.split('_')[2]) % (PATIENTS // len(CLASSES))}"
        for item in slices
    }


def copy(one: Slice, other: Slice, kind: str = "mirrored") -> Pair:
    first, second = sorted((one.id, other.id))
    return Pair(first, second, kind, 0.99)


def ids(assignment: Assignment, split: str) -> set[str]:
    return {item.id for item in assignment.parts[split]}


@pytest.fixture(scope="module")
def slices() -> list[Slice]:
    return make_slices(60, test=15)


@pytest.mark.parametrize("fold", range(5))
def test_no_patient_is_in_two_splits(slices: list[Slice], fold: int) -> None:
    known = patients(slices)
    found = assign(slices, SplitConfig(strategy="grouped"), known=known, fold=fold)
    require_trainable(found.parts, Path("set"))
    held = [{known[name] for name in ids(found, split)} for split in SPLITS]
    assert all(one.isdisjoint(other) for one, other in itertools.combinations(held, 2))
    assert sorted(name for split in SPLITS for name in ids(found, split)) == sorted(known)
    assert 0.15 < len(found.parts["test"]) / len(slices) < 0.25
    assert 0.05 < len(found.parts["val"]) / len(slices) < 0.15
    # As even as patients of 15 slices each can be dealt.
    labels = Counter(item.label for item in found.parts["test"])
    assert max(labels.values()) - min(labels.values()) <= 15


def test_each_patient_is_in_test_once_over_all_folds(slices: list[Slice]) -> None:
    known = patients(slices)
    config = SplitConfig(strategy="grouped", folds=4)
    tests = [ids(assign(slices, config, known=known, fold=fold), "test") for fold in range(4)]
    assert sorted(itertools.chain(*tests)) == sorted(known)
    assert max(map(len, tests)) - min(map(len, tests)) <= 2 * 15


def test_order_does_not_matter_and_the_seed_does(slices: list[Slice]) -> None:
    known = patients(slices)
    one, other = (SplitConfig(strategy="grouped", seed=seed) for seed in (0, 1))
    assert assign(slices, one, known=known) == assign(slices[::-1], one, known=known)
    assert assign(slices, one, known=known).parts != assign(slices, other, known=known).parts


def test_slices_without_a_patient_stay_with_what_they_are_alike(slices: list[Slice]) -> None:
    # Chains over both official parts, of copies and of neighbours.
    groups = [slices[start : start + 5] for start in range(0, len(slices), 5)]
    pairs = [
        copy(one, other, kind)
        for group in groups
        for (one, other), kind in zip(
            itertools.pairwise(group), itertools.cycle(("near", "neighbour")), strict=False
        )
    ]
    found = assign(slices, SplitConfig(strategy="grouped"), pairs=pairs)
    for group in groups:
        assert len({split for split in SPLITS if ids(found, split) & {s.id for s in group}}) == 1
    assert {found.leak[name] for name in ids(found, "test") | ids(found, "val")} == {"none"}


@pytest.mark.parametrize("strategy", ["deduplicated", "grouped"])
def test_a_limit_does_not_divide_what_belongs_together(
    strategy: Literal["deduplicated", "grouped"], slices: list[Slice]
) -> None:
    train = [item for item in slices if item.official_split == "train"]
    # Each alike its first alone, which the limit may leave out.
    groups = [train[start : start + 5] for start in range(0, len(train), 5)]
    pairs = [copy(group[0], other) for group in groups for other in group[1:]]
    found = assign(slices, SplitConfig(strategy=strategy, limit=len(train) // 2), pairs=pairs)
    placed = [
        {name: ids(found, name) & {s.id for s in group} for name in SPLITS} for group in groups
    ]
    assert any(
        group[0].id not in set().union(*at.values())
        for group, at in zip(groups, placed, strict=True)
    )
    for at in placed:
        assert len([name for name in SPLITS if at[name]]) <= 1


def test_groups_are_named_by_their_patients_or_their_first_slice() -> None:
    a, b, c, d, e = (make_slice("train", number, "glioma", "axial") for number in range(5))
    known = {a.id: "p1", b.id: "p2"}
    found = group_slices([a, b, c, d, e], [(b.id, c.id), (d.id, e.id)], known)
    assert found == {a.id: "p1", b.id: "p2", c.id: "p2", d.id: d.id, e.id: d.id}
    # One that is not there still joins those that are, as what it is alike and as whose it is.
    absent = "brisc2025_test_00009_gl_ax_t1"
    joined = group_slices([a, d, e], [(d.id, absent)], {a.id: "p1", e.id: "p9", absent: "p9"})
    assert joined == {a.id: "p1", d.id: "p9", e.id: "p9"}
    # Two patients with one slice between them cannot be told apart, whatever the table says.
    merged = group_slices([a, b, c], [(a.id, c.id), (b.id, c.id)], known)
    assert set(merged.values()) == {"p1+p2"}


def test_deduplicated_leaves_out_of_train_what_test_has(slices: list[Slice]) -> None:
    train = [item for item in slices if item.official_split == "train"]
    test = [item for item in slices if item.official_split == "test"]
    twin, cousin, copied_again, within, neighbour = train[:5]
    pairs = [
        copy(twin, test[0]),
        # A copy of a copy is one too, though no pair says so.
        copy(cousin, twin),
        copy(within, copied_again),
        copy(neighbour, test[1], "neighbour"),
    ]
    found = assign(slices, SplitConfig(strategy="deduplicated"), pairs=pairs)
    assert {item.id for item in found.left_out} == {twin.id, cousin.id}
    assert ids(found, "test") == {item.id for item in test}
    learnt = ids(found, "train") | ids(found, "val")
    assert learnt == {item.id for item in train} - {twin.id, cousin.id}
    # Copies within train are on one side of the border between train and val.
    assert len({within.id, copied_again.id} & ids(found, "train")) != 1
    assert found.leak[test[0].id] == "none" and found.leak[test[1].id] == "neighbour"


def test_official_keeps_copies_and_says_so(slices: list[Slice]) -> None:
    train = [item for item in slices if item.official_split == "train"]
    test = [item for item in slices if item.official_split == "test"]
    pairs = [copy(train[0], test[0]), copy(train[1], test[1], "neighbour")]
    found = assign(slices, SplitConfig(), pairs=pairs)
    tested = {name: found.leak[name] for name in ids(found, "test")}
    assert Counter(tested.values()) == {"copy": 1, "neighbour": 1, "none": len(test) - 2}
    assert tested[test[0].id] == "copy"
    assert {found.leak[name] for name in ids(found, "train")} == {SELF}
    assert found.left_out == () and found.groups == {}


def test_a_copy_that_no_split_has_does_not_leak(slices: list[Slice]) -> None:
    config = SplitConfig(limit=12)
    kept = assign(slices, config)
    test = kept.parts["test"][0]
    dropped = next(
        item
        for item in slices
        if item.official_split == "train" and item.id not in ids(kept, "train") | ids(kept, "val")
    )
    assert assign(slices, config, pairs=[copy(dropped, test)]).leak[test.id] == "none"


def test_too_few_patients_of_a_class_are_told(slices: list[Slice]) -> None:
    known = {item.id: item.label for item in slices}
    found = assign(slices, SplitConfig(strategy="grouped"), known=known)
    with pytest.raises(InputError, match=r"of more patients where split\.strategy is grouped"):
        require_trainable(found.parts, Path("set"))


def test_fewer_slices_than_folds_are_told() -> None:
    few = [make_slice("train", number, "glioma", "axial") for number in range(3)]
    found = assign(few, SplitConfig(strategy="grouped"))
    with pytest.raises(InputError, match="split train gets no usable image of class meningioma"):
        require_trainable(found.parts, Path("set"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["strategy=official", "folds=5"], "folds needs strategy grouped, not official"),
        (["groups=patients.csv"], "groups needs strategy grouped, not official"),
        (["strategy=deduplicated", "validation_fraction=0.6"], "at most 0.5 with strategy dedup"),
        (["strategy=grouped", "folds=1"], "folds: input should be greater than or equal to 2"),
        (["strategy=random"], "split.strategy: input should be 'official', 'deduplicated' or"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: list[str], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_parameters([], None, [f"split.{setting}" for setting in settings])
    assert message in str(caught.value)


def summary(known: int | None, strategy: str = "grouped") -> SplitSummary:
    counts = {split: dict.fromkeys(CLASSES, 10) for split in SPLITS}
    leak = {"none": 30, "neighbour": 6, "copy": 4}
    return SplitSummary(strategy, None, None, counts, 3, leak, 50, known)


@pytest.mark.parametrize(
    ("known", "strategy", "claim"),
    [
        (120, "grouped", "patients: disjoint, by the groups that were given"),
        (100, "grouped", "not proven patient-disjoint for the other 20"),
        (0, "grouped", "patients: not proven patient-disjoint, no groups were given"),
        (None, "official", "patients: not proven patient-disjoint, the split has no groups"),
        (None, "deduplicated", "patients: not proven patient-disjoint, the split has no groups"),
    ],
)
def test_what_is_said_of_patients_is_what_is_known(
    known: int | None, strategy: str, claim: str
) -> None:
    sentences = summary(known, strategy).sentences()
    assert sentences[2].endswith(claim)
    assert "40 train, 40 val, 40 test, 3 left out as copies of test slices" in sentences[0]
    assert "of 40 test slices 4 have a copy and 6 only a neighbour" in sentences[1]


def test_the_record_of_a_split_can_be_read_back(slices: list[Slice], tmp_path: Path) -> None:
    test = next(item for item in slices if item.official_split == "test")
    pairs = [copy(slices[0], test), copy(slices[1], slices[2], "neighbour")]
    config = SplitConfig(strategy="deduplicated")
    found = assign(slices, config, pairs=pairs)
    said = summarise_split(found, config, {})
    write_split(found, said, tmp_path)
    assert asdict(read_summary(tmp_path)) == asdict(said)
    table = read_table(tmp_path / TABLE)
    assert {name for name, row in table.items() if row.split == LEFT_OUT} == {slices[0].id}
    for split in SPLITS:
        assert {name for name, row in table.items() if row.split == split} == ids(found, split)
    assert all(row.leak == found.leak.get(name, "") for name, row in table.items())
    with (tmp_path / TABLE).open(newline="") as file:
        assert next(csv.reader(file)) == ["image", "split", "leak", "group"]


@pytest.mark.parametrize(
    "content", [b"", b"image,where\na,b\n", b"\xff\xfe\x00", b"image,split\na"]
)
def test_another_table_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match="not a table of a run's split"):
        read_table(file)


def test_pairs_of_an_audit_can_be_read_back(sample_dir: Path, tmp_path: Path) -> None:
    found = audit_slices(scan(sample_dir).slices)
    assert found.pairs, "the sample has neighbours"
    write_json(found, tmp_path / "audit.json")
    read = read_pairs(tmp_path)
    assert [(p.a, p.b, p.kind) for p in read] == [(p.a, p.b, p.kind) for p in found.pairs]
