"""``ModelReport``: measures a model at each slice's own size, and says what is to be said of it."""

# No postponed annotations here: TFX reads those of the function below as objects.

import json
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from data.audit.record import read_pairs
from data.page import write_text
from data.parts import part_of_run
from data.progress import stepwise
from data.provenance import is_synthetic
from data.split_record import TABLE, read_summary
from pipeline import artifacts
from pipeline.config import GateConfig
from pipeline.judgement import read_judgement
from pipeline.model_report import CARD, PAGE, SCORES, SLICES
from pipeline.model_report.card import draw_card
from pipeline.model_report.curves import read_curves
from pipeline.model_report.facts import ModelFacts
from pipeline.model_report.page import draw_report
from pipeline.model_report.worst import draw_cases, worst_rows
from pipeline.outcome import read_tuned
from serving.predictor import Predictor
from trainer.evaluation.folder import evaluate_slices
from trainer.evaluation.row import write_csv
from trainer.evaluation.summary import Evaluation
from trainer.event_files import EVENTS


@component
def ModelReport(
    model: InputArtifact[standard_artifacts.Model],
    model_run: InputArtifact[standard_artifacts.ModelRun],
    audit: InputArtifact[artifacts.DataAudit],
    split: InputArtifact[artifacts.DataSplit],
    evaluation: InputArtifact[standard_artifacts.ModelEvaluation],
    blessing: InputArtifact[standard_artifacts.ModelBlessing],
    report: OutputArtifact[artifacts.ModelReport],
    data_dir: Parameter[str],
    data_fingerprint: Parameter[str],
    patients: Parameter[str],
    settings: Parameter[str],
    gate: Parameter[str],
    code_hash: Parameter[str],
    hyperparameters: InputArtifact[standard_artifacts.HyperParameters] = None,
) -> None:
    """Asks the model for every test slice and writes the page, the card and the scores.

    Args:
        model: The candidate.
        model_run: Event files of its training.
        audit: Which slices are alike: intervals draw them together.
        split: Which slices are test, and what training has of them.
        evaluation: What Evaluator measured.
        blessing: What the gate decided.
        report: What is written.
        data_dir: Folder in BRISC layout.
        data_fingerprint: Hex digest of its content, from ``data.checks``.
        patients: Table of patients, whose slices are drawn together as well; empty: there is none.
        settings: Sections ``model`` and ``training`` as JSON.
        gate: Section ``gate`` as JSON; empty where there was none.
        code_hash: Digest of the code that reports, for the cache.
        hyperparameters: What a search found for section ``training``, where there was one.
    """
    del code_hash
    sections = json.loads(settings)
    if hyperparameters:
        sections["training"] |= read_tuned(Path(hyperparameters.uri))
    part = part_of_run(
        Path(data_dir),
        "test",
        Path(split.uri) / TABLE,
        Path(patients) if patients else None,
        [(pair.a, pair.b) for pair in read_pairs(Path(audit.uri))],
    )
    slices = part.layout.slices
    predictor = Predictor(Path(path_utils.serving_model_path(model.uri)))
    with stepwise("asking for slices", len(slices)) as advance:
        rows = evaluate_slices(predictor, slices, part.leak, part.groups, advance)
    scores = {
        "split": "test",
        "data_fingerprint": data_fingerprint,
        **Evaluation(rows).summarise(),
    }
    has_baseline = blessing.get_int_custom_property("baseline_model_id") > 0
    demanded = GateConfig.model_validate_json(gate) if gate else None
    facts = ModelFacts(
        scores=scores,
        split=read_summary(Path(split.uri)),
        verdicts=read_judgement(evaluation.uri, demanded, has_baseline).verdicts,
        blessed=blessing.get_int_custom_property("blessed") == 1,
        settings=sections,
        fingerprint=data_fingerprint,
        synthetic=is_synthetic(Path(data_dir)),
        curves=read_curves(Path(model_run.uri) / EVENTS),
        cases=draw_cases(predictor, worst_rows(rows), {item.id: item for item in slices}),
    )
    folder = Path(report.uri)
    write_text(folder / PAGE, draw_report(facts))
    write_text(folder / CARD, draw_card(facts))
    write_text(folder / SCORES, json.dumps(scores, indent=2) + "\n")
    write_csv(rows, folder / SLICES)
