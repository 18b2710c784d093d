"""OPTIONS (RFC 3261 §11, RFC 4579 §5.13)."""

import run
from message import parameter, uri_of
from parley import OPEN, Server
from sip import Phone, options


# What is served, and nothing else: a phone may act on each of them.
ALLOWED = {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REFER", "SUBSCRIBE"}


def assert_capabilities(ok, server, conference):
    """F2 of figure 13, field by field; what RFC 3840 §7 and §8 let a Contact add is there, and what
    they leave to other headers is not."""
    contact = ok["Contact"]
    assert uri_of(contact) == f"sip:{conference}@{server.address}"
    assert parameter(contact, "isfocus") == ""
    assert parameter(contact, "audio") == "" and parameter(contact, "automata") == ""
    assert parameter(contact, "methods") is None and parameter(contact, "events") is None
    assert ALLOWED <= ok.tokens("Allow")
    assert {"conference", "dialog", "refer"} <= ok.tokens("Allow-Events")
    assert "application/sdp" in ok.tokens("Accept")
    assert ok["Accept-Encoding"] == "identity" and ok["Accept-Language"] == "en"
    assert {"join", "replaces", "timer"} <= ok.tokens("Supported")
    assert ok["Server"].startswith("Parley/")
    audio = ok.sdp.medias[0]
    assert audio.kind == "audio" and {"0", "8"} <= set(audio.formats)
    assert audio.port == 0, "capabilities are no offer"


def test_figure_13_a_participant_queries_the_capabilities_of_a_focus():
    with Server() as server, Phone(server) as alice:
        # F1 OPTIONS sip:Conf-ID, F2 200 OK Contact:Conf-ID;isfocus
        options(alice)
        ok = alice.expect(200)
        assert ok.tag("To")
        assert_capabilities(ok, server, "demo")


def test_options_in_a_dialog():
    """§4.3: "either inside an active dialog or outside a dialog"."""
    with Server() as server, Phone(server) as alice:
        answer = alice.call()
        alice.send(alice.request("OPTIONS"))
        ok = alice.expect(200, method="OPTIONS")
        assert ok.tag("To") == alice.remote_tag
        assert_capabilities(ok, server, "demo")
        for name in ("Allow", "Allow-Events", "Accept", "Supported"):
            assert ok.tokens(name) == answer.tokens(name), f"{name} is as in the 200 to the INVITE"
        assert set(server.participants()) == {"alice"}


def test_what_options_allow_is_not_refused_and_what_they_do_not_is():
    with Server() as server, Phone(server) as alice:
        options(alice)
        ok = alice.expect(200)
        for method in sorted(ok.tokens("Allow") - {"INVITE", "ACK", "CANCEL"}):
            alice.new_dialog()
            alice.send(alice.request(method))
            answer = alice.receive()
            assert answer.code not in (405, 501), answer
            if method == "SUBSCRIBE":  # without an Event header
                assert answer.tokens("Allow-Events") == ok.tokens("Allow-Events")
        alice.new_dialog()
        alice.send(alice.request("PUBLISH"))
        assert alice.expect(405).tokens("Allow") == ok.tokens("Allow")


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
