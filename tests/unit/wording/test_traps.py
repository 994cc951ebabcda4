"""What words seem to say and do not: one test for each trap."""

import pytest

from everyleg.core.vocabulary import STATUSES
from everyleg.core.wording import classify


def meant(text):
    return classify(text).sub_status


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Delivered to the pick-up point", "available_at_counter"),
        ("Delivered to parcel shop", "available_at_counter"),
        ("Delivered to a parcel locker", "available_at_locker"),
        ("Livré en point relais", "available_at_counter"),
        ("Zugestellt an Packstation", "available_at_locker"),
        ("Доставлено в пункт выдачи", "available_at_counter"),
        ("快件已送达代收点", "available_at_counter"),
        ("已投放至智能柜", "available_at_locker"),
    ],
)
def test_delivered_to_a_place_of_collection_waits_for_the_recipient(text, where):
    assert meant(text) == where


@pytest.mark.parametrize(
    ("text", "given_to"),
    [
        ("Delivered to customs", "customs_processing"),
        ("Delivered to airline", "handed_to_carrier"),
        ("Delivered to agent", "other"),
        ("Delivered to sorting centre", "arrived_facility"),
        ("Доставлено на таможню", "customs_processing"),
        ("Delivered to the local delivery partner", "handed_to_last_mile"),
    ],
)
def test_delivered_to_somebody_on_the_way_is_not_delivered(text, given_to):
    assert meant(text) == given_to


@pytest.mark.parametrize(
    "text",
    [
        "Could not be delivered",
        "Unable to deliver the parcel",
        "Nicht zugestellt",
        "N'a pas pu être livré",
        "No se pudo entregar",
        "Não foi possível entregar",
        "Non consegnata",
        "Nie doręczono",
        "Не доставлено",
        "無法投遞",
        "未妥投",
        "未配達",
        "미배달",
        "Teslim edilemedi",
    ],
)
def test_a_negation_turns_delivered_into_a_failure(text):
    assert STATUSES[meant(text)].milestone == "delivery_failed"


@pytest.mark.parametrize(
    "text",
    [
        "Will be delivered tomorrow",
        "Expected to be delivered on Friday",
        "Estimated delivery date: 3 May",
        "To be delivered",
        "Awaiting delivery",
        "Ready for delivery",
        "Wird voraussichtlich morgen zugestellt",
        "Sera livré demain",
        "Se entregará mañana",
        "Será entregue amanhã",
        "Sarà consegnata domani",
        "Zostanie doręczona jutro",
        "Будет доставлено завтра",
        "预计明天送达",
        "即将派送",
        "お届け予定日",
        "Dự kiến giao ngày mai",
    ],
)
def test_a_future_or_an_estimate_is_no_fact(text):
    assert meant(text) == "other"


@pytest.mark.parametrize(
    "text", ["Not yet delivered", "Noch nicht zugestellt", "Ещё не доставлено", "尚未妥投", "未签收"]
)
def test_not_yet_is_neither_a_delivery_nor_a_failure(text):
    assert meant(text) == "other"


@pytest.mark.parametrize("text", ["Delivery scheduled for Monday", "Redelivery arranged", "已预约派送时间"])
def test_an_appointment_is_not_a_delivery(text):
    assert meant(text) == "delivery_scheduled"


@pytest.mark.parametrize("text", ["Out for delivery", "In Zustellung", "En cours de livraison", "派送中", "配達中"])
def test_out_for_delivery_is_not_delivered(text):
    assert meant(text) == "out_for_delivery"


def test_a_return_on_its_way_and_a_return_that_is_over_are_two_things():
    assert meant("Returning to sender") == "returning"
    assert meant("Will be returned to the sender") == "returning"
    assert meant("Return delivered to shipper") == "returned"
    assert meant("退回中") == "returning"
    assert meant("退件已签收") == "returned"


def test_back_at_the_depot_is_not_a_return_to_the_sender():
    assert meant("After a failed attempt the parcel was returned to the depot") == "attempt_failed"


@pytest.mark.parametrize(
    ("text", "neutral"),
    [
        ("Customs clearance in process", "customs_processing"),
        ("Released by customs", "customs_released"),
        ("Held at customs", "customs_held"),
        ("Selected for customs inspection", "customs_inspection"),
        ("海关查验", "customs_inspection"),
        ("Arrived at facility", "arrived_facility"),
        ("Departed from sorting centre", "departed_facility"),
    ],
)
def test_without_a_side_or_a_stage_in_the_words_the_neutral_row_is_given(text, neutral):
    assert meant(text) == neutral


@pytest.mark.parametrize(
    ("text", "sided"),
    [
        ("Export customs clearance completed", "export_customs_released"),
        ("Import customs clearance completed", "import_customs_released"),
        ("进口清关中", "import_customs_processing"),
        ("出口海关查验", "export_customs_inspection"),
        ("Arrived at origin sorting centre", "origin_sorting"),
        ("Processed at destination facility", "destination_sorting"),
    ],
)
def test_a_side_in_the_words_is_kept(text, sided):
    assert meant(text) == sided


def test_waiting_for_a_release_is_not_a_release():
    assert meant("Waiting to be released by customs") == "customs_processing"
    assert meant("Not yet released by customs") == "customs_processing"
    assert meant("Customs clearance completed, waiting for handover") == "customs_released"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("航班已起飞Flight has departed", "departed_origin"),
        ("已签收Delivered", "delivered"),
        ("清关完成 Customs clearance completed", "customs_released"),
        ("OutForDelivery", "out_for_delivery"),
        ("AVAILABLE_FOR_PICKUP", "available_at_counter"),
    ],
)
def test_glued_texts_and_names_of_codes_are_taken_apart(text, same):
    assert meant(text) == same


@pytest.mark.parametrize(
    "text", ["", " ", "SA", "OK 21", "1407", "FPX_C_X1", "ZZ-90/4", "J. EXAMPLE", "王小明", "— – !", "🙂"]
)
def test_codes_names_and_signs_are_other_and_unsure(text):
    guess = classify(text)
    assert (guess.sub_status, guess.confidence) == ("other", 0.0)


def test_who_signed_does_not_matter():
    assert meant("Delivered, signed for by: HOLD") == "delivered_signed"


def test_names_of_places_in_brackets_do_not_speak():
    assert meant("快件到达【退货中心】") == "arrived_facility"
    assert meant("[Return Street] Departed from sorting center") == "departed_facility"


def test_html_is_read_as_people_see_it():
    assert meant("<b>Delivered</b><br/>Signed&nbsp;for by: A. EXAMPLE") == "delivered_signed"


@pytest.mark.parametrize(
    "text",
    [
        "Download our app to see when your parcel is delivered",
        "Rate your delivery: how did we do?",
        "Subscribe to our newsletter and get a discount on your next delivery",
        "扫码下载客户端，随时查看派送进度",
        "Laden Sie unsere App herunter",
    ],
)
def test_advertisements_tell_no_event(text):
    assert meant(text) == "other"


def test_a_condition_tells_no_event():
    assert meant("If you were not at home, please contact the depot") == "other"


def test_a_thank_you_after_the_fact_does_not_hide_it():
    assert meant("Your parcel was delivered. Thank you for choosing us!") == "delivered"
    assert meant("您的快件已妥投，感谢使用") == "delivered"


def test_what_will_follow_does_not_hide_what_has_happened():
    assert meant("Arrived at the depot and will be delivered tomorrow") == "arrived_facility"


def test_the_language_that_the_source_states_settles_a_doubt():
    assert classify("transit", "fr").lang == "fr"
    assert classify("transit", "nl-NL").sub_status == classify("transit").sub_status
