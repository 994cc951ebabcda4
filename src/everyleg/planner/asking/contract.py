"""What the loop that asks leans on: who is there to be asked, which of them is, and when a number is due next."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.sources import Ready
from everyleg.core.model import Reading, Reason
from everyleg.planner.asking.questions import Question
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, Source
from everyleg.ports.manifest.schema import Limits
from everyleg.store.sealing import Keyring


class Airlines(Protocol):
    """Who carries air cargo."""

    def for_waybill(self, airline: str) -> Sequence[str]:
        """Slugs of those that can be asked for the air waybills of an airline (its three digits), its own first."""
        ...

    def open_to_all(self, slug: str) -> bool:
        """Whether it can be asked without an account."""
        ...


def airlines_of(waybill: str, airlines: Airlines, mine: Collection[str]) -> list[str]:
    """Slugs of those that can be asked for an air waybill with the accounts that there are, `mine` their sources."""
    return [slug for slug in airlines.for_waybill(waybill[:3]) if slug in mine or airlines.open_to_all(slug)]


class Sources(Airlines, Protocol):
    """Everybody who can be asked."""

    def source(self, slug: str) -> Source | None:
        """The source of a slug; None where nobody of that name can be asked."""
        ...

    def limits(self, slug: str) -> Limits:
        """What it allows one account."""
        ...

    def counted_with(self, account: Account) -> str | None:
        """Whom the source counts an account together with, as it asks for no login: names its server and the address
        that it is asked from. None where it knows the account.
        """
        ...

    def asks_for_others(self, slug: str) -> bool:
        """Whether it is an aggregator: asked for numbers of other carriers."""
        ...

    def read(self, slug: str, answer: Answer, numbers: Sequence[str], at: datetime) -> Reading | None:
        """What an answer says, as its reader reads it; None where there is no reader."""
        ...


class Route(Struct, frozen=True):
    """By whom a number is asked."""

    source: str
    """Slug of the carrier or aggregator."""
    account_id: int | None = None
    """Of one of the accounts; None: the source is open to all, and asked without."""


class Refusal(Struct, frozen=True):
    """Why a number is asked by nobody."""

    words: str
    """`needs an account with …`; shown to people."""


class Rest(Struct, frozen=True):
    """Why a number need not be asked now: it is told of without."""

    until: datetime
    """It is asked then at the earliest."""
    words: str


class Router(Protocol):
    """Decides by which source and account a number is asked."""

    def route(
        self, worker: Connection[Any], workspace: int, questions: Sequence[Question], accounts: Sequence[Ready]
    ) -> Sequence[Route | Refusal | Rest]:
        """One route for each question, in their order.

        Args:
            worker: a worker's connection.
            workspace: whose questions and accounts.
            questions: what is due.
            accounts: all of the workspace, paused ones and those that are held back too.
        """
        ...


class Given(Struct, frozen=True):
    """What a question brought, as far as is known before the pipeline compares it with what was there."""

    number_id: int
    outcome: Literal["answered", "unknown", "failed"]
    reason: Reason | None = None
    retry_at: datetime | None = None
    """Where it failed: its source is not to be asked before."""


class NextCheck(Protocol):
    """Decides when a number is asked again."""

    def after(
        self, worker: Connection[Any], keys: Keyring, workspace: int, given: Sequence[Given], now: datetime
    ) -> Mapping[int, datetime | None]:
        """Number id → when it is due next, None for never; those left out stay due in six hours.

        Called in the transaction that ends the claims. Answers are in the journal then, and not yet read.
        """
        ...
