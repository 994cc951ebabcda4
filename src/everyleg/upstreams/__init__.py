"""Sources that answer for many carriers: aggregators. One folder each, found by scanning.

Belongs here: how an aggregator is asked, what it pushes, how its answers are read. Does not belong here: when and
whether to pay for one (`planner`), a carrier's own interface (`carriers`).
"""
