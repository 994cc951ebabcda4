"""Reads what the lab renders, with the carriers' manifests."""

from functools import cache

from everyleg.app.plugins import registry
from everyleg.core.vocabulary import STATUSES
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.ports.answer import Answer
from everyleg.ports.manifest.reader import Asked

CODELESS = {
    ("label_created", "order_created"),  # "announced" and "label" are one to most carriers
    ("arrived_delivery_depot", "arrived_facility"),  # no code for the depot, and its words are any facility's
    ("arrived_destination", "arrived_facility"),
    ("offloaded", "in_transit"),
    ("address_problem", "recipient_data_wrong"),
    ("available_at_locker", "available_at_counter"),
    ("delivered_signed", "delivered"),
    ("delivered_safe_place", "delivered"),
}
"""What carriers without a code for a step say more coarsely: (told, read). Nothing else may differ."""


@cache
def carrier(slug):
    return registry().carrier(slug)


def read(reply, slug, *numbers, now):
    answer = Answer(reply.body, reply.status, {k.lower(): v for k, v in reply.headers.items()})
    return carrier(slug).read(answer, Asked(numbers, now)).reading


def read_leg(leg, now):
    """The result of a leg's answer at a moment."""
    reply = SHAPES[leg.carrier].answer([leg.shown(now)])
    return read(reply, leg.carrier, leg.number, now=now).results[0]


def differences(told, events):
    """How what was read differs from what was told: (told, read) of sub-statuses, or words for what is lost."""
    left, found = sorted(events, key=lambda event: event.occurred_at), []
    once = {statement.key: statement for statement in told}.values()  # said twice in the same words is said once
    for statement in sorted(once, key=lambda event: event.occurred_at):
        near = [event for event in left if _same_moment(statement, event)]
        exact = [event for event in near if event.sub_status == statement.sub_status]
        coarse = [event for event in near if (statement.sub_status, event.sub_status) in CODELESS]
        if exact or coarse:
            left.remove((exact or coarse)[0])
        if not exact:
            seen = (coarse or near)[0].sub_status if near else "no statement at that time"
            found.append((statement.sub_status, seen))
    return found


def _same_moment(one, other):
    """Within the doubt that either states; a carrier that prints minutes is right to the minute."""
    apart = abs((one.occurred_at - other.occurred_at).total_seconds())
    return apart <= max(59, one.uncertainty_s, other.uncertainty_s)


def milestone(sub_status):
    return STATUSES[sub_status].milestone
