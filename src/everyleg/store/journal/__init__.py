"""The journal: what came in is durable here before anybody is told so, and waits here to be read.

Two engines with one contract: `postgres`, a table; and `jetstream`, a replicated log in front of that table, for many
receivers and for outages of the database. Belongs here: keeping bodies and bringing them to the table `inbox`. Does not
belong here: what bodies say, and who takes them on from the table (`pipeline`).
"""

from everyleg.store.journal.entries import Entry, Journal, JournalError, Lag, Transactions
from everyleg.store.journal.postgres import PostgresJournal

__all__ = ["Entry", "Journal", "JournalError", "Lag", "PostgresJournal", "Transactions"]
