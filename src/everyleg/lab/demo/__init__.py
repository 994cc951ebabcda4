"""The demo's story: a seller's parcels from some weeks ago until now and on, told by carriers.

Belongs here: which parcels, what is odd about some of them, when somebody asks about them. Does not belong here: the
store and the server (`app/demo.py`), and the world itself (`lab/world`).
"""
