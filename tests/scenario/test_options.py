"""OPTIONS (RFC 3261 §11, RFC 4579 §5.13)."""

import run
from message import parameter, uri_of
from parley import OPEN, Server
from sip import Phone, options


def assert_capabilities(ok, server, conference):
    assert uri_of(ok["Contact"]) == f"sip:{conference}@{server.address}"
    assert parameter(ok["Contact"], "isfocus") == ""
    assert {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE"} <= ok.tokens("Allow")
    assert "application/sdp" in ok.tokens("Accept")
    assert "timer" in ok.tokens("Supported")
    assert ok["Server"].startswith("Parley/")
    audio = ok.sdp.medias[0]
    assert audio.kind == "audio" and {"0", "8"} <= set(audio.formats)
    assert audio.port == 0, "capabilities are no offer"


def test_options_to_a_conference_tells_what_the_focus_can():
    with Server() as server, Phone(server) as alice:
        options(alice)
        ok = alice.expect(200)
        assert ok.tag("To")
        assert_capabilities(ok, server, "demo")


def test_options_in_a_dialog():
    with Server() as server, Phone(server) as alice:
        alice.call()
        alice.send(alice.request("OPTIONS"))
        ok = alice.expect(200, method="OPTIONS")
        assert ok.tag("To") == alice.remote_tag
        assert ";isfocus" in ok["Contact"] and "INVITE" in ok.tokens("Allow")
        assert set(server.participants()) == {"alice"}


def test_options_to_a_conference_that_does_not_exist():
    with Server() as server, Phone(server) as alice:
        options(alice, "nowhere")
        alice.expect(404)


def test_options_does_not_make_a_conference():
    with Server(policy=OPEN) as server, Phone(server) as alice:
        options(alice, "tea")
        alice.expect((200, 404))
        assert "tea" not in [entry["name"] for entry in server.status()["conferences"]]


def test_options_over_tcp():
    with Server() as server, Phone(server, transport="tcp") as alice:
        options(alice)
        assert parameter(alice.expect(200)["Contact"], "isfocus") == ""


def test_options_to_the_server_itself_is_a_sign_of_life():
    """What proxies send to see whether a gateway lives has no user part."""
    with Server() as server, Phone(server) as alice:
        options(alice, f"sip:{server.address}")
        alice.expect((200, 404))


def test_options_without_contact_is_answered():
    with Server() as server, Phone(server) as alice:
        options(alice, headers={"Contact": None})
        alice.expect(200)


def test_options_that_cannot_take_sdp_is_answered_without_a_body_or_406():
    with Server() as server, Phone(server) as alice:
        options(alice, headers={"Accept": "text/plain"})
        answer = alice.expect((200, 406))
        assert answer.code == 406 or not answer.body


if __name__ == "__main__":
    run.main()
