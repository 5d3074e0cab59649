"""Airflow 3 as the orchestrator: what it needs to know of a pipeline, and one of its own for a try.

Nothing here imports Airflow, which lives in an environment of its own.
"""
