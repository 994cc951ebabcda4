"""Whom to ask, when, and through which source: policies, quotas, routing, and the loop that asks.

Belongs here: what weighs the cost of not knowing against the price of a call, and does the asking. Does not belong
here: how one carrier is asked (`carriers`, `ports`), what its answer means (`pipeline`), how long stages take
(`durations`).
"""
