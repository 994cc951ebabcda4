"""Wiring: settings from the environment, and the one place that loads plug-ins by name.

Does not belong here: rules of the field (those are `core`) or anything a person types or sees (those are `cli`).
"""
