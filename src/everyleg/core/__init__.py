"""The pure core: words, time, places, statements, the fold, the wording of event texts.

Belongs here: anything that is a function of its arguments alone. Does not belong here: a clock, a file, a socket, a
database, a carrier's name. Tables that ship inside the package are constants, read once.
"""
