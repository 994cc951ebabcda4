"""The contract kit: what every carrier folder is held to, without a test file of its own.

Belongs here: checks that are true of any carrier, and the fault table thrown at each. Does not belong here: anything
about one carrier.
"""
