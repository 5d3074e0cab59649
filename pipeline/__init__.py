"""Wires the stages: configuration, TFX components, runners and the ``brisc`` command."""
