"""The contract of every source that can be asked: carriers by the request part of their manifest, aggregators too.

A source makes requests out of questions and hands them to the gateway; it keeps no state, knows no quota, decides
nothing. Whatever comes back is an `Answer`, an error included: what it means is the reader's business.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from everyleg.ports.answer import Answer


class Ask(Struct, frozen=True):
    """A question: what is known of a number."""

    number: str
    carrier: str
    """Slug of the carrier whose number it is; an aggregator has to be told."""
    facts: dict[str, str] = {}
    """What some carriers want besides, as far as known: `postal_code`, `phone_tail`, `country`, `order_reference`."""


class Account(Struct, frozen=True):
    """What lets us ask: one login of a workspace with a carrier or an aggregator."""

    account_id: int
    workspace: int
    source: str
    """Slug of the carrier or aggregator."""
    settings: dict[str, str] = field(default_factory=dict)
    """By the names of the manifest's `needs.settings`, opened secrets among them; never logged."""
    proxy: str | None = None
    """Outbound proxy of this account, as a URL."""

    def __repr__(self) -> str:
        return f"Account({self.account_id}, {self.source!r}, settings={sorted(self.settings)})"


class NotNowError(Exception):
    """Nothing more may leave now. A source that has answers already gives those, and leaves the other questions out."""


Leave = Callable[[], Awaitable[None]]
"""Awaited when the connection is there, right before a request's first byte; raises `NotNowError` to keep it back."""


class Outgoing(Struct, frozen=True):
    """A request that is to leave."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: bytes = b""
    leave: Leave | None = None
    """Lets it go, and each request that a redirect makes of it."""


class Outbound(Protocol):
    """The one way out: refuses private addresses, limits sizes and times, goes by the account's proxy."""

    async def send(self, request: Outgoing, account: Account) -> Answer:
        """Send it and give what came back; a refusal or a network's failure is an `Answer` with `error`.

        Raises:
            NotNowError: as `request.leave` does; nothing else.
        """
        ...


class Asked(Struct, frozen=True):
    """One answer, and the questions that it belongs to."""

    asks: tuple[Ask, ...]
    answer: Answer


class Source(Protocol):
    """A carrier's or aggregator's interface that can be asked."""

    slug: str
    observed_as: str
    """What observations call it: `carrier_api`, or the aggregator's slug."""
    batch: int
    """The most numbers of one request."""

    async def ask(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> list[Asked]:
        """Ask for at most `batch` numbers; every question is in exactly one of the answers."""
        ...


class Stopped(Struct, frozen=True):
    """What became of numbers that a source was to follow no longer."""

    done: Sequence[Ask] = ()
    """It follows them no longer, or never did."""
    failed: Answer | None = None
    """The answer where the call as a whole failed."""


@runtime_checkable
class Follower(Protocol):
    """A source that goes on following a number by itself, once it is registered, until it is told to stop.

    What a `Source` may be besides; one that is none of these has nothing to be told at a parcel's end.
    """

    async def stop(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> Stopped:
        """Have at most `batch` numbers followed no longer; what is not done may be tried again.

        The ledger says that they are stopped, whatever comes of it: it is what was decided.
        """
        ...
