"""Which parameters the form of a run has, with the types and bounds of the configuration."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.configuration import Parameters

KEYS = {
    "split_strategy": "split.strategy",
    "split_groups": "split.groups",
    "split_limit": "split.limit",
    "image_size": "model.image_size",
    "encoder_weights": "model.encoder_weights",
    "epochs": "training.epochs",
    "batch_size": "training.batch_size",
    "learning_rate": "training.learning_rate",
    "seed": "training.seed",
}
"""What is chosen run by run; a run sets all others as assignments."""


class Choice(BaseModel):
    """One parameter of the form.

    Attributes:
        key: What it sets, as ``section.key``.
        default: What it is where a run chooses nothing.
        form: Its JSON schema, as Airflow checks it.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    key: str
    default: Any
    form: dict[str, Any] = Field(alias="schema")


def choices(parameters: Parameters) -> dict[str, Choice]:
    """The form's parameters, by name; ``parameters`` are their defaults."""
    found = {}
    for name, key in KEYS.items():
        section, _, field = key.partition(".")
        values = getattr(parameters, section)
        schema = type(values).model_json_schema()["properties"][field]
        default = values.model_dump(mode="json")[field]
        found[name] = Choice(key=key, default=default, form=_form(schema))
    return found


def _form(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` as Airflow's form draws it: one type, which may be null beside it."""
    kept = {key: value for key, value in schema.items() if key not in ("default", "title")}
    options = kept.pop("anyOf", [])
    for option in options:
        kept |= {key: value for key, value in option.items() if key != "type"}
    if options:
        kept["type"] = [option["type"] for option in options]
    # Files and folders are texts to it; a single value is an enumeration of one.
    kept.pop("format", None)
    if "const" in kept:
        kept["enum"] = [kept.pop("const")]
    return kept
