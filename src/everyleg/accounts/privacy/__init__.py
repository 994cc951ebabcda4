"""Personal data after it was stored: sealed with a new key, erased on request, erased when its time is up.

Belongs here: what goes by the registry `store/tables/personal.py`, column by column. Does not belong here: how a value
is sealed (`store/sealing.py`), what a timeline is made of (`pipeline`, which lends its functions as arguments).
"""
