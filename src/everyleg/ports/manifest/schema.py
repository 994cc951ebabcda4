"""What `carrier.yaml` may say. `everyleg carriers schema` prints it as JSON Schema for editors.

The same structs validate (`msgspec.convert`) and describe (`msgspec.json.schema`), so the two cannot drift apart.
"""

from typing import Literal

from msgspec import Struct, field

from everyleg.ports.push import Push

CONTRACT = 1
"""Version of the manifest contract that this package reads."""

Tier = Literal["catalogue", "bronze", "silver", "gold", "platinum"]
"""How far a carrier is trusted: known by name only; read from documents; reads answers recorded in reality; second
numbers followed and customs mapped; pushed and measured fresh."""


class Pick(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"with_": "with"}):
    """Where a value stands and how it is tidied.

    A plain string is a path, a list of strings is "the first that is not empty"; this object is for the rest.
    """

    at: str | list["str | Pick"] | None = None
    """Path, or several paths and picks: the first that is not empty wins."""
    join: list["str | Pick"] | None = None
    """Several values glued; empty ones are left out."""
    with_: str = " "
    """What stands between the joined values."""
    const: str | None = None
    """A constant."""
    match: str | None = None
    """A regular expression; its first group (or the whole match) is the value, no match is empty."""
    map: dict[str, str] | None = None
    """A look-up table; `*` is the default, values that are not listed and have no default are empty."""
    case: Literal["upper", "lower"] | None = None
    strip: str | None = None
    """Characters to cut off at the left, e.g. `0` for zero-padded codes."""


PickLike = str | list[str] | Pick


class UtcSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The same moment in UTC, where a source gives both."""

    at: PickLike
    layouts: list[str] = field(default_factory=lambda: ["iso"])


class TimeSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """When an event happened."""

    at: PickLike
    """The printed time; date and clock in two fields are joined: `{join: [date, time]}`."""
    layouts: list[str] = field(default_factory=lambda: ["iso"])
    """Layouts tried in order: `iso`, `epoch_s`, `epoch_ms`, `epoch`, `dotnet`, or CLDR letters (`dd.MM.yyyy HH:mm`)."""
    offset: PickLike | None = None
    """A sibling field with the offset or zone: `+8`, `GMT+02:00`, `EST`, `America/Toronto`."""
    zone: PickLike | None = None
    """A second such field, where offset and zone name stand apart."""
    utc: UtcSpec | None = None


class PlaceSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where an event happened."""

    raw: PickLike | None = None
    city: PickLike | None = None
    region: PickLike | None = None
    country: PickLike | None = None
    postal_code: PickLike | None = None
    code: PickLike | None = None
    lat: PickLike | None = None
    lon: PickLike | None = None


class FlightSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The flight that an event names."""

    number: PickLike
    date: PickLike | None = None
    mawb: PickLike | None = None


class EventSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How one event is read."""

    time: TimeSpec | list[TimeSpec]
    """One way to find the time, or several tried in order."""
    code: PickLike | None = None
    category: PickLike | None = None
    """The coarser word beside the code (a type, a group), which decides where the code is not listed."""
    text: PickLike | None = None
    place: PlaceSpec = field(default_factory=PlaceSpec)
    lang: PickLike | None = None
    unless: list[str] = []
    """Conditions under which an entry of the list is no event (a heading, a step not reached)."""
    flight: FlightSpec | None = None
    batch: PickLike | None = None


class AliasSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Another number of the parcel."""

    relation: Literal["last_mile", "first_mile", "piece", "master", "replacement", "return"]
    at: PickLike | None = None
    """The number, in a field of the parcel."""
    match: str | None = None
    """Or in the text of an event: a regular expression with the group `number`, and `carrier` where it is named."""
    codes: list[str] = []
    """With `match`: only in events of these codes."""
    carrier: str | Pick | list[str | Pick] | None = None
    """Slug or name of its carrier, of several fields the first that names one we know; a name is looked up among all
    carriers' names and aliases, with and without the service behind it (`USPS Ground Advantage`)."""
    carriers: dict[str, str] = {}
    """The source's own names for carriers → slugs; empty for a name that several carriers share (`DHL: ""`)."""


class EstimateSpec(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"from_": "from"}):
    """Estimated delivery: a point (`at`) or a window (`from`, `to`)."""

    at: PickLike | None = None
    from_: PickLike | None = None
    to: PickLike | None = None
    layouts: list[str] = field(default_factory=lambda: ["iso"])
    basis: str = "carrier"


class ProofSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Proof of delivery."""

    signer: PickLike | None = None
    photo_url: PickLike | None = None
    place: PickLike | None = None
    at: PickLike | None = None


class WeightSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Weight and its unit (`kg`, `g`, `lb`, `oz`), constant or picked."""

    at: PickLike
    unit: PickLike = field(default_factory=lambda: Pick(const="kg"))


class ErrorRule(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"is_": "is"}):
    """When an answer, or one result in it, is not a journey but an error, and of what kind."""

    when: PickLike
    """The value that tells; the rule fires when it is there (and fits `is` or `matches`)."""
    is_: list[str] | None = None
    matches: str | None = None
    """A regular expression searched in the value, case-insensitive."""
    outcome: Literal["unknown", "failed"] = "failed"
    kind: Literal["refused", "rate_limited", "unreachable", "unreadable", "wrong_carrier"] = "refused"
    detail: PickLike | None = None
    number: PickLike | None = None
    """The number that the error speaks of, where it says one."""
    retry_after_s: PickLike | None = None


class ZoneSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of the carrier's clock."""

    always: str | None = None
    """The documented zone of all its times, wherever the parcel is."""
    home: str | None = None
    """The zone assumed when the place is unknown."""
    distrust_offset: bool = False
    """A stated offset or Z is a lie: the wall clock is kept, the offset is not."""
    wall_is: str | None = None
    """The source made its instants (epoch, `Z`) of wall clocks as if all were in this zone; `UTC` undoes a false Z."""
    abbreviations: Literal["america", "europe", "asia", "oceania"] | None = None
    """The part of the world whose zone abbreviations (`EST`, `CET`) the carrier prints."""


class ReadingSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One shape of answer and how it is read. Lists on the way of a path are walked through."""

    name: str
    fits: list[str]
    """Alternatives, one must hold: paths that exist, `a & b` both, `!a` absent, `a=value`, `a~expression`."""
    event: EventSpec
    input: Literal["json", "xml"] = "json"
    unwrap: list[str] = []
    """Paths of strings that hold JSON or XML of their own, parsed in place, in this order."""
    results: str | list[str] = ""
    """Path of the parcels, or several where one interface wraps them differently (the first that leads on); empty
    is the root. `*` on a map gives each entry as `$key` and `$value`."""
    group_by: PickLike | None = None
    """Where `results` is a flat list of events: the field that tells parcels apart; events are then `$items`."""
    number: PickLike | None = None
    """The parcel's number; without it the number asked stands for it."""
    events: str | list[str] = "events"
    not_found: str | None = None
    """Path of a list of numbers that the carrier does not know."""
    complete: bool = True
    order: Literal["newest_first", "oldest_first", "unknown"] = "unknown"
    """The source's own order; `unknown` where it varies: then the times of the first and the last event tell."""
    lang: str | None = None
    """Language of the texts where it is always the same."""
    codes: str = "default"
    """Table of `codes.yaml` to use."""
    unknown_code: Literal["other", "words"] = "other"
    """What an unlisted code becomes: `other`, or what its words say where the code list is known to be open."""
    nulls: list[str] = []
    """Words that mean "nothing" besides the usual ones."""
    zone: ZoneSpec | None = None
    """Overrides the carrier's zone."""
    origin: PickLike | None = None
    destination: PickLike | None = None
    state_hint: PickLike | None = None
    aliases: list[AliasSpec] = []
    pieces: str | None = None
    estimated_delivery: EstimateSpec | None = None
    batch: PickLike | None = None
    flight: FlightSpec | None = None
    proof: ProofSpec | None = None
    weight: WeightSpec | None = None
    errors: list[ErrorRule] = []
    """Errors of the whole answer, in order."""
    result_errors: list[ErrorRule] = []
    """Errors of one parcel in it, in order."""
    empty_is: Literal["unknown", "found"] = "unknown"
    """What a parcel without events and without a status means."""


class Names(Struct, forbid_unknown_fields=True):
    """The carrier's name, as its customers know it."""

    en: str
    zh: str


class Aliases(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"track17": "17track"}):
    """What other systems call the carrier; several where they split what we hold as one."""

    aftership: list[str] = []
    track17: list[str] = []
    kuaidi100: list[str] = []

    def of(self, system: str) -> list[str]:
        """What one system calls it; nothing for a system that is none of these."""
        found: list[str] = getattr(self, "track17" if system == "17track" else system, [])
        return found


class Limits(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the carrier allows one account; absent is unknown."""

    batch: int | None = None
    per_second: float | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    cache_minutes: int | None = None


class Needs(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What one must have before asking."""

    auth: Literal["none", "key", "basic", "oauth2", "signature", "contract"] = "none"
    settings: list[str] = []
    """Account settings by name; secrets among them are kept encrypted."""
    fields: list[str] = []
    """Facts of the parcel that the carrier wants besides the number (`postal_code`, `phone_tail`)."""
    apply: str | None = None
    """Where one applies for access."""
    note: str | None = None
    consumer_site: bool = False
    """The request is that of the carrier's page for recipients, whose terms may forbid it: off until an account says
    `page_allowed` (one of the settings then)."""


Step = Literal[
    "md5", "sha1", "sha256", "hmac_md5", "hmac_sha1", "hmac_sha256", "sm4_ecb",
    "base64", "hex", "hex_upper", "url_encode", "upper", "lower",
]  # fmt: skip
"""What a value is worked by, one after the other; `ports/outbound/signing.py` says what each does."""


class Piece(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A value that is made before it is filled in: a signature, a digest, a time in a layout, JSON inside a form."""

    text: str = ""
    """Template of what it is made of."""
    by: list[Step] = []
    """What is done to it, in order; digests give raw bytes, `hex` or `base64` make text of them."""
    key: str | None = None
    """Template of the key of `hmac_…` and `sm4_ecb`."""
    key_is: Literal["text", "base64", "hex"] = "text"
    """How the key is written."""
    now: str | None = None
    """Instead of a text: the time of the call in this layout (CLDR letters, `yyyy-MM-dd HH:mm:ss`)."""
    zone: str = "UTC"
    """The zone of that time."""


class Repeat(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"with_": "with"}):
    """A part that stands once for each number of a batch."""

    text: str
    """Template of one; `{number}` and the facts are that parcel's."""
    with_: str = ","
    """What stands between two."""


class Call(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One HTTP request as templates. What is filled in is escaped for the place where it stands."""

    url: str
    method: Literal["GET", "POST", "PUT"] = "GET"
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    body: str | None = None
    """JSON, XML or plain text, whichever the template looks like."""
    form: dict[str, str] = {}
    """Instead of a body: fields of a form; each may itself look like JSON or XML."""
    values: dict[str, str | Piece] = {}
    """Pieces by name, to be filled in like settings; made when they are needed, in whatever order."""
    repeat: dict[str, Repeat] = {}
    """Parts by name that stand once for each number; for batches that are no list of bare numbers."""
    numbers_with: str = ","
    """What stands between the numbers of `{numbers}`."""


class Token(Call, forbid_unknown_fields=True, omit_defaults=True):
    """How a token is fetched that is then good for a while. Without form and body: OAuth 2 client credentials."""

    method: Literal["GET", "POST", "PUT"] = "POST"
    basic: str | None = None
    """Template of what is sent as Basic credentials (`{client_id}:{client_secret}`)."""
    at: str = "access_token"
    """Path of the token in its answer."""
    name: str = "access_token"
    """What the token is filled in as. One that stands nowhere in the request is sent as `Authorization: Bearer …`."""
    expires_in: str = "expires_in"
    """Path of the seconds that it lives."""
    lives_s: int = 3000
    """Seconds that it lives where the answer does not say."""


class Auth(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Who asks, where headers alone do not say it."""

    basic: str | None = None
    """Template of the Basic credentials (`{username}:{password}`); sent as `Authorization`."""
    oauth2: str | None = None
    """Address of the token by client credentials in a form (settings `client_id`, `client_secret`)."""
    token: Token | None = None
    """Any other way to a token."""


class Before(Call, forbid_unknown_fields=True, omit_defaults=True):
    """A request that comes first: a registration, a look-up whose answer is needed."""

    take: dict[str, str] = {}
    """Name → path in its answer; then filled in like a setting."""
    once: bool = False
    """A registration: once for each number, as the ledger of registrations says; its answer does not matter."""


class Request(Call, forbid_unknown_fields=True, omit_defaults=True):
    """How the carrier is asked. `{number}`, `{numbers}`, settings, facts and values are filled in."""

    auth: Auth | None = None
    before: list[Before] = []


class Verified(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the manifest was checked against, and when."""

    against: Literal["none", "documents", "recorded answers"]
    on: str
    note: str | None = None


class Manifest(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One carrier."""

    slug: str
    names: Names
    contract: int = CONTRACT
    also: list[str] = []
    """Other slugs that it answers to (older names, parts we hold as one)."""
    aliases: Aliases = field(default_factory=Aliases)
    country: str | None = None
    kind: Literal[
        "postal", "express", "last-mile", "line-haul", "consolidator", "marketplace", "lockers", "freight",
        "aggregator", "family",
    ] = "last-mile"  # fmt: skip
    tier: Tier = "catalogue"
    verified: Verified | None = None
    tracking_page: str | None = None
    extends: str | None = None
    """Family whose readings, codes and request this carrier uses."""
    settings: dict[str, str] = {}
    """Values that are the same for every account of this carrier (`base_url`)."""
    zone: ZoneSpec = field(default_factory=ZoneSpec)
    limits: Limits = field(default_factory=Limits)
    needs: Needs = field(default_factory=Needs)
    request: Request | None = None
    airlines: list[str] = []
    """Whose air waybills it is asked for, by the three digits in front; empty: by whoever has an account. It is asked
    for none unless its request says how (`{waybill}`, `{airline}`, `{serial}`).
    """
    push: bool | Push = False
    """Whether the carrier can push, and how its pushes are signed."""
    readings: list[ReadingSpec] = []
    statuses: dict[int, Literal["unknown", "refused", "rate_limited", "unreachable"]] = {}
    """HTTP status codes that this carrier uses in its own way (`404: unknown`)."""


class Codes(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One table of `codes.yaml`: what the carrier's codes and phrases mean."""

    codes: dict[str, str] = {}
    """Code → sub-status; `*` matches any run of characters; `words` means that the text decides."""
    categories: dict[str, str] = {}
    """Category → sub-status, where the code is missing or not listed; `words:…` lets the text speak first."""
    texts: dict[str, str] = {}
    """Regular expression on the text (case-insensitive) → sub-status, in order."""
    voids: dict[str, str] = {}
    """Code → the code of the earlier fact that it takes back."""
    extends: str | None = None
    """Another table of the same file whose entries stand unless this one says otherwise."""
