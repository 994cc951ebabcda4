"""Carriers to ask: an HTTP server that answers as they would, with the troubles that theirs have.

Belongs here: addresses, the running clock, faults. Does not belong here: what an answer says (`lab/rendering`).
"""
