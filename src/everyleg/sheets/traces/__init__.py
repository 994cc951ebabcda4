"""Files of forwarders, in: traces of parcels (批次轨迹), lists of air waybills, bags and containers, and their steps.

Belongs here: what a column is called, what a row tells of whom, the watched folder. Does not belong here: what a
forwarder's words mean (`carriers/forwarder_sheet`), who is inside what (`pipeline.consolidations`).
"""
