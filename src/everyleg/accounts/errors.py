"""What can be refused, each with what to do about it in its text; nothing personal in any of them."""


class AccountsError(Exception):
    """Something was refused; the text says why and what to do."""


class NotAllowedError(AccountsError):
    """Whoever asks may not do that, or not give that much."""


class LastOwnerError(AccountsError):
    """A workspace would be left without an owner."""


class TakenError(AccountsError):
    """There is one already: a workspace of that slug, an account of that address, an owner."""


class UnknownError(AccountsError):
    """There is no such person, invitation, key or workspace here."""


class GoneError(AccountsError):
    """An invitation that was accepted, withdrawn, or has expired."""


class BadPasswordError(AccountsError):
    """A password that nobody may choose, or not the one that this address has."""


class BadAddressError(AccountsError):
    """Not an e-mail address."""


class TooManyTriesError(AccountsError):
    """Too many tries; `seconds` says when the next one counts."""

    def __init__(self, seconds: int) -> None:
        """The whole seconds to wait."""
        super().__init__(f"too many tries: try again in {seconds} s")
        self.seconds = seconds
