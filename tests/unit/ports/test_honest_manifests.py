"""Two ways of being wrong that the contract guards: a guessed code, and a tier that nothing real has earned."""

import pytest
from tests.factories.carriers import HEAD, READING, carrier, folder

from everyleg.ports.kit.checks import check_folder
from everyleg.ports.registry import Registry


def checks(found):
    return {finding.check for finding in found}


def tiered(tier, against):
    verified = f'tier: {tier}\nverified: {{against: {against}, on: "2026-11-23"}}\n'
    path = folder(HEAD + verified + READING)
    return Registry([path.parent], lambda _: None).carrier("acme")


@pytest.mark.parametrize("codes", ['codes: {"*": in_transit}\n', 'codes: {PU: picked_up, "e*": lost}\n'])
def test_a_table_that_takes_any_code_for_known_is_found(codes):
    assert "unknown_codes_are_counted" in checks(check_folder(carrier(codes=codes)))


def test_a_table_of_single_codes_and_families_of_codes_is_well():
    codes = 'codes: {PU: picked_up, "208*": attempt_failed}\n'
    assert "unknown_codes_are_counted" not in checks(check_folder(carrier(codes=codes)))


@pytest.mark.parametrize(
    ("tier", "against", "earned"),
    [
        ("bronze", "documents", True),
        ("silver", "documents", False),
        ("gold", "none", False),
        ("silver", "recorded answers", True),
    ],
)
def test_a_tier_stands_on_what_the_manifest_was_checked_against(tier, against, earned):
    assert ("tier_is_earned" not in checks(check_folder(tiered(tier, against)))) is earned
