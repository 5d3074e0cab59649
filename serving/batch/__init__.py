"""Predicts whole folders on Beam, as TFX's BulkInferrer does examples: resumable, with a table."""
