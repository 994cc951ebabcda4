"""How soon a policy sees what carriers publish: seasons followed by policies, and what they missed for how long.

Belongs here: playing a season against the policies of `planner/policy`, which see only what they asked for. Does not
belong here: the policies themselves, and what the figures should be (`cli/bench_freshness.py`).
"""
