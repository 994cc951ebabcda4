"""How event texts are scored."""

from everyleg.ports.message_score import accepted_sub_statuses, score_messages

ACCEPTED = accepted_sub_statuses(
    [
        {"status": "delivered", "accepted_sub_statuses": "delivered delivered_signed"},
        {"status": "other", "accepted_sub_statuses": "other in_transit"},
    ]
)


def row(text, status="delivered", lang="en", carrier="a"):
    return {"text": text, "status": status, "lang": lang, "carrier": carrier}


def test_accepted_sub_statuses_are_read_from_their_column():
    assert ACCEPTED["delivered"] == {"delivered", "delivered_signed"}


def test_a_guess_among_the_accepted_is_right():
    total = score_messages([row("Delivered"), row("Delivered, signed for by A. EXAMPLE")], ACCEPTED).total
    assert (total.right, total.unsure, total.wrong) == (2, 0, 0)


def test_other_where_something_was_meant_is_unsure_and_not_wrong():
    score = score_messages([row("QX 7")], ACCEPTED)
    assert (score.total.unsure, score.total.wrong) == (1, 0)
    assert score.unsure[0].guess == "other"


def test_other_where_other_was_meant_is_right():
    assert score_messages([row("QX 7", status="other")], ACCEPTED).total.right == 1


def test_another_guess_is_wrong_and_listed():
    score = score_messages([row("Out for delivery", carrier="b")], ACCEPTED)
    assert score.total.wrong == 1
    assert (score.wrong[0].carrier, score.wrong[0].guess) == ("b", "out_for_delivery")


def test_an_unknown_status_word_accepts_nothing():
    assert score_messages([row("Delivered", status="no such word")], ACCEPTED).total.right == 0


def test_languages_and_carriers_are_counted_apart():
    score = score_messages([row("Delivered"), row("QX", lang="de", carrier="b")], ACCEPTED)
    assert (score.by_lang["en"].right, score.by_lang["de"].unsure) == (1, 1)
    assert (score.by_carrier["a"].all, score.by_carrier["b"].all) == (1, 1)


def test_shares_of_nothing_are_nothing():
    total = score_messages([], ACCEPTED).total
    assert total.share(total.right) == 0
