"""By whom a number is asked, and what that costs: own connectors, pushes, aggregators under a budget.

Belongs here: the choice between sources, the ledger of what was registered and paid, second looks that catch a
drifting reader, and their figures. Does not belong here: when a number is asked (`planner/policy`), the asking itself
(`planner/asking`), how an aggregator is spoken to (`upstreams`).
"""
