"""Conference factories (RFC 4579 §3.2, §5.4, figure 4): a call makes a conference."""

import re

import run
import tone
from digest import authorization, choose
from message import parameter, uri_of
from parley import OPEN, Server
from roster import Roster
from sip import Phone, options

ACCOUNTS = 'accounts = { alice = { password = "wonder" } }\n'
ANSWERS = ACCOUNTS + 'conferences = { new = { factory = "answer", title = "Ad hoc" } }\n'
REDIRECTS = ACCOUNTS + 'conferences = { new = { factory = "redirect", title = "Ad hoc" } }\n'
OPAQUE = r"[0-9a-f]{16,}"  # 64 bits at least


def prove(phone, challenge, method="INVITE", count=1):
    """A header with alice's password; `count`: the uses of the challenge so far."""
    chosen = choose(challenge, "SHA-256")
    value = authorization(chosen, "alice", "wonder", method, phone.remote_uri, count)
    return {"Authorization": value}


def call_factory(alice, code, name="new"):
    """Alice, who has to say her password, calls the factory; returns the final answer."""
    alice.invite(name)
    challenge = alice.expect(401)
    alice.ack()
    alice.send_invite(True, prove(alice, challenge))
    answer = alice.expect(code)
    alice.ack()
    return answer, challenge


def conference_of(answer, server):
    """The name in the Contact, which is a conference's."""
    match = re.fullmatch(rf"sip:({OPAQUE})@{server.address}", uri_of(answer["Contact"]))
    assert match, f"no opaque URI of this server: {answer['Contact']}"
    assert parameter(answer["Contact"], "isfocus") == ""
    return match[1]


def names(server):
    return [entry["name"] for entry in server.status()["conferences"]]


def test_figure_4_the_factory_redirects_to_the_focus():
    with Server(REDIRECTS) as server, Phone(server, "alice") as alice:
        # F1 INVITE sip:Conf-Factory, F2 302 Moved Contact:Conf-ID;isfocus, F3 ACK
        moved, challenge = call_factory(alice, 302)
        assert moved.reason == "Moved Temporarily" and not moved.body
        conference = conference_of(moved, server)
        assert conference in names(server), "it is there before the caller is"
        # F4 INVITE sip:Conf-ID, as RFC 3261 §8.1.3.4 has it: the same call, the next CSeq
        alice.remote_uri = uri_of(moved["Contact"])
        alice.send_invite(True, prove(alice, challenge, count=2))
        # F5 180 Ringing, F6 200 OK Contact:Conf-ID;isfocus, F7 ACK
        alice.expect(180)
        ok = alice.expect(200)
        assert conference_of(ok, server) == conference
        assert "s=Ad hoc" in ok.sdp.lines, "like the factory's entry"
        alice.ack()
        # F8 SUBSCRIBE sip:Conf-ID, F9 200 OK, F10 NOTIFY, F11 200 OK
        with Phone(server, "alice", media=False) as watcher:
            watcher.subscribe(f"sip:{conference}@{server.address}")
            challenge = watcher.expect(401)
            watcher.resubscribe(headers=prove(watcher, challenge, "SUBSCRIBE"))
            watcher.expect(200, method="SUBSCRIBE")
            roster = Roster(watcher.notified())
            assert roster.entity == f"sip:{conference}@{server.address}"


def test_the_factory_answers_with_the_conference_itself():
    with Server(ANSWERS) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        alice.say(tone.sine(500))
        ok, _ = call_factory(alice, 200)
        conference = conference_of(ok, server)
        assert parameter(ok["To"], "tag") and uri_of(ok["To"]) == f"sip:new@{server.address}"
        assert set(server.participants(conference)) == {"alice"}
        bob.call(conference)  # who knows the URI dials in, as into any other
        tone.assert_hears(bob.hear(), {500: -20})
        assert set(server.participants(conference)) == {"alice", "bob"}
        assert set(server.participants("new")) == set(), "nobody is in the factory"


def test_each_call_makes_a_conference_of_its_own():
    with Server(ANSWERS, policy=OPEN) as server:
        with Phone(server, "carol") as carol, Phone(server, "dave") as dave:
            made = {conference_of(phone.call("new"), server) for phone in (carol, dave)}
            assert len(made) == 2 and made <= set(names(server))
            for phone in (carol, dave):
                phone.hang_up()
                server.expect_left(phone.user)
            assert names(server) == ["new"], "they are gone, the factory stays"


if __name__ == "__main__":
    run.main()
