"""Flights, air waybills, containers, bags, batches: who is inside, and how what is told of one reaches them.

Belongs here: names of consolidations, memberships with their evidence, the fan-out, cohorts that are only guessed. Does
not belong here: what an event means for a parcel's state (`core.fold`), files of forwarders (`sheets`).
"""
