"""What is to be said of a trained model, as a page for people and as a model card."""

PAGE = "report.html"
CARD = "model_card.md"
SCORES = "evaluation.json"
SLICES = "slices.csv"
