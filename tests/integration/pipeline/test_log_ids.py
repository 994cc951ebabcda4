"""One id in the logs from the observation on: what is put aside can be found, and nothing of its words is said."""

import structlog

from everyleg.core.model import observation_id

from .acme import body, event, got, take


def lines(database, *items):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        take(database, *items)
    return logs


def test_an_answer_put_aside_is_logged_by_workspace_and_observation(database, workspace):
    unreadable = got(workspace, b"a secret <page>")
    (line,) = lines(database, unreadable)
    assert line | {"log_level": "info"} == {
        "event": "put_aside",
        "workspace": workspace,
        "observation": observation_id(unreadable.body, unreadable.source),
        "carrier": "acme",
        "kind": "unreadable",
        "log_level": "info",
    }


def test_a_body_that_breaks_its_batch_is_followed_by_its_row_of_the_journal_too(database, workspace):
    broken = got(workspace, body(event(-5, code="A\x00B")))
    logs = lines(database, got(workspace, body(event(-5), no="AC2"), asked=("AC2",)), broken)
    (aside,) = [line for line in logs if line["event"] == "put_aside"]
    assert aside["observation"] == observation_id(broken.body, broken.source)
    assert isinstance(aside["inbox_id"], int)
    assert "A\\u0000B" not in str(logs)
