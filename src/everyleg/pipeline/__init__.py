"""From bytes to changes: journal, reading, statements and links, state, changes; replay, verification, corrections.

Belongs here: what happens to an observation, once, whatever dies. Does not belong here: what a carrier's answer means
(`carriers`, `ports`), how statements decide (`core.fold`), what follows from a change (alerts, notices).
"""
