"""What a plug-in is, and how one is held to it.

Belongs here: the manifest and its reader, the registry that finds carrier folders, the contract kit and the fault
table. Does not belong here: anything about one particular carrier.
"""
