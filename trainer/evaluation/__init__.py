"""How a trained model is judged, within the pipeline and on any folder."""
