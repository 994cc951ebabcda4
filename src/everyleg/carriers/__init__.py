"""One folder per carrier: manifest, codes, samples and the readings expected of them.

Belongs here: everything that is true of one carrier only. Does not belong here: code that two carriers share (that is
`ports`), or a list of carriers (folders are found by scanning).
"""
