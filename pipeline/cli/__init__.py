"""The ``brisc`` command, a module a verb; nothing heavy is imported before it is needed."""
