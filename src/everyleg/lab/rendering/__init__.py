"""Seasons as carriers would answer: raw bytes in each carrier's own shape, with its codes, clocks, order and errors.

Belongs here: what a carrier's server prints of a parcel at a moment. Does not belong here: HTTP and its troubles
(`lab/serving`), what really happened (`lab/world`), and reading (the carriers' manifests).
"""
