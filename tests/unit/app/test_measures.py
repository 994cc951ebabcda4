"""Measurements of several processes on one page."""

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families

from everyleg.app.measures import Page, told, written


def process(bodies):
    registry = CollectorRegistry()
    Counter("bodies", "Bodies.", registry=registry).inc(bodies)
    Histogram("seconds", "Time.", ["kind"], registry=registry).labels("a").observe(bodies)
    return registry


def samples(page):
    return {
        (sample.name, sample.labels.get("role")): sample.value
        for family in text_string_to_metric_families(page.text().decode())
        for sample in family.samples
    }


def test_what_another_process_wrote_stands_beside_our_own_under_its_role():
    ours, theirs = process(3), written(process(5))
    page = Page([(None, ours.collect), ("worker", lambda: told(theirs))])
    found = samples(page)
    assert (found["bodies_total", None], found["bodies_total", "worker"]) == (3, 5)
    assert (found["seconds_sum", None], found["seconds_sum", "worker"]) == (3, 5)


def test_each_family_stands_there_once():
    page = Page([(None, process(3).collect), ("worker", process(1).collect), ("planner", process(2).collect)])
    text = page.text().decode()
    assert text.count("# TYPE bodies_total counter") == 1
    assert text.count("# TYPE seconds histogram") == 1


def test_a_process_that_has_not_said_anything_yet_is_left_out():
    assert samples(Page([("worker", lambda: told(b""))])) == {}
