"""When is a number asked next, and why: policies, pure and without a clock.

Belongs here: what decides on a moment out of what was seen so far; the bench judges the very code that plans. Does not
belong here: reading the store and arming what is due (`planner.planning`), asking (`planner.asking`).
"""
