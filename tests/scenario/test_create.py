"""Creating a conference by calling a name that is nobody's (RFC 4579 appendix A, figure 14)."""

import run
import tone
from message import parameter, uri_of
from parley import OPEN, Server
from sip import Phone, options

# "a service provider might reserve the domain […] for all conference URIs", and some names in it.
TEAMS = """local policy = parley.policy { name = "site" }
function policy.create(request)
  if not request.is_name_given then return reject(403, "Only names of your own") end
  if request.conference_name:match("^k%w+$") then
    print("creates", request.conference_name, request.actor.user, request.factory)
    return accept()
  end
end
return policy
"""


@run.real_time
def test_figure_14_a_conference_unaware_participant_creates_a_conference():
    with Server('domain = "conf.example.com"', policy=TEAMS) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            # F1 INVITE sip:Conf-ID, F2 180 Ringing, F3 200 OK Contact:Conf-ID;isfocus, F4 ACK
            alice.invite("sip:k32934208ds72@conf.example.com")
            ringing = alice.expect(180)
            ok = alice.expect(200)
            for response in (ringing, ok):
                assert response["Contact"] == "<sip:k32934208ds72@conf.example.com>;isfocus"
            assert ok["To"].startswith("<sip:k32934208ds72@conf.example.com>;tag=")
            alice.ack()
            server.expect_log(r"creates\s+k32934208ds72\s+alice\s+nil")
            # A second user who chooses the same name is added to the existing conference.
            alice.say(tone.sine(500))
            bob.call("sip:k32934208ds72@conf.example.com")
            assert tone.level(bob.hear(), 500) > -40
            assert set(server.participants("k32934208ds72")) == {"alice", "bob"}


def test_an_unknown_user_part_is_not_found_by_default():
    with Server() as server, Phone(server) as alice:
        alice.invite("k32934208ds72")
        answer = alice.expect(404)
        assert answer["Contact"] is None
        alice.ack()
        assert [entry["name"] for entry in server.status()["conferences"]] == ["demo"]


def test_not_even_for_who_has_an_account():
    accounts = 'accounts = { alice = { password = "wonder" } }'
    with Server(accounts + ' trusted_peers = { "127.0.0.0/8" }') as server:
        with Phone(server) as alice:
            alice.invite("tea", headers={"P-Asserted-Identity": f"<sip:alice@{server.address}>"})
            alice.expect(404)
            alice.ack()


def test_a_policy_that_makes_no_exception_makes_none():
    with Server(policy=TEAMS) as server, Phone(server) as alice:
        alice.invite("tea")
        alice.expect(404)
        alice.ack()


def test_options_say_what_the_call_would_meet():
    with Server(policy=TEAMS) as server, Phone(server) as alice:
        options(alice, "k32934208ds72")
        ok = alice.expect(200)
        assert uri_of(ok["Contact"]) == f"sip:k32934208ds72@{server.address}"
        assert parameter(ok["Contact"], "isfocus") == ""
        options(alice, "tea")
        alice.expect(404)
        assert [entry["name"] for entry in server.status()["conferences"]] == ["demo"]


def test_it_is_gone_when_the_last_one_has_left_and_may_be_made_anew():
    with Server(policy=OPEN) as server, Phone(server) as alice:
        for _ in range(2):
            alice.call("tea")
            alice.hang_up()
            server.expect_left("alice")
            assert "tea" not in [entry["name"] for entry in server.status()["conferences"]]


if __name__ == "__main__":
    run.main()
