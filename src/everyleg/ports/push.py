"""What a manifest may say of pushes: how they are signed, and what their sender wants to hear.

The same words hold for carriers (`push:` in `carrier.yaml`), for aggregators, and for the common ways of signing that a
person picks where a source has none of its own (`api/intake/schemes.yaml`).
"""

from typing import Literal
from urllib.parse import parse_qs

from msgspec import Struct, field


class Signature(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """How a push proves who sent it. Places: `header:NAME`, `form:FIELD`, `query:FIELD`."""

    given: str
    """Where the signature stands."""
    over: list[str] = field(default_factory=lambda: ["body"])
    """What is signed, glued together: `body`, `secret`, a place, or any other text as it stands."""
    algorithm: Literal["sha256", "sha1", "sha512", "md5", "none"] = "sha256"
    """`none`: what is given is the secret itself."""
    keyed: bool = True
    """HMAC with the secret as key; otherwise a plain digest, with the secret among what is signed."""
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    """What stands before it (`sha256=`); of several signatures, apart by blanks, one must fit."""
    secret_prefix: str = ""
    """What stands before a secret that is Base64 (`whsec_`); empty: the secret is text."""
    sent_at: str | None = None
    """Place of the Unix time at which it was sent, where that is signed too: older or newer than five minutes is
    refused."""


class Reply(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """What a sender takes for "accepted"."""

    status: int = 200
    body: str = ""
    type: str = "application/json"


class Push(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """What a source pushes."""

    signature: Signature | None = None
    """None: it signs nothing."""
    reply: Reply = field(default_factory=Reply)
    form_field: str | None = None
    """The field that holds the answer, where it comes as a form."""


def form_field(body: bytes, name: str) -> bytes | None:
    """A field of a form as it was before it was encoded; None where there is none."""
    try:
        fields = parse_qs(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=50)
    except ValueError:
        return None
    return fields[name][0].encode("latin-1") if name in fields else None
