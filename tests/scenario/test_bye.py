"""BYE from both sides (RFC 3261 §15)."""

import run
from parley import Server
from sip import Phone

REMOVE_ON_JOIN = """
local policy = parley.policy { name = "site" }
function policy.joined(event, conference, participant) participant:remove("Come back later") end
return policy
"""


def test_a_callers_bye_is_answered_and_the_participant_is_gone():
    with Server() as server, Phone(server) as alice, Phone(server, "bob") as bob:
        alice.call()
        bob.call()
        alice.hang_up()
        assert "hung up" in server.expect_left("alice").string
        assert set(server.participants()) == {"bob"}


def test_the_servers_bye_names_the_dialog_and_the_reason():
    with Server(policy=REMOVE_ON_JOIN) as server, Phone(server) as alice:
        alice.call()
        bye = alice.expect("BYE")
        assert bye.uri == alice.contact.strip("<>"), "sent to the Contact"
        assert bye.tag("To") == alice.local_tag and bye.tag("From") == alice.remote_tag
        assert bye.all("Max-Forwards") and 'text="Come back later"' in bye["Reason"]
        alice.reply(bye, 200)
        alice.expect_nothing()
        assert server.participants() == {}


def test_the_servers_bye_is_repeated_until_it_is_answered():
    with Server(policy=REMOVE_ON_JOIN) as server, Phone(server) as alice:
        alice.call()
        bye = alice.expect("BYE")
        alice.expect_repeated("BYE")
        alice.expect_repeated("BYE")
        alice.reply(bye, 200)
        alice.expect_nothing(1)


def test_a_bye_that_the_phone_refuses_ends_the_call_all_the_same():
    with Server(policy=REMOVE_ON_JOIN) as server, Phone(server) as alice:
        alice.call()
        alice.reply(alice.expect("BYE"), 481)
        alice.expect_nothing()
        assert server.status()["server"]["calls"] == 0


def test_a_bye_before_the_ack_ends_the_call():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo")
        alice.expect(200)
        alice.bye()
        alice.expect(200, method="BYE")
        alice.expect_nothing(1)
        assert not [
            m for _, m in alice.repeated if m.cseq[1] == "INVITE"
        ], "the 200 is not sent any more"
        assert server.status()["server"]["calls"] == 0


def test_a_bye_of_an_unknown_dialog_is_481():
    with Server() as server, Phone(server) as alice:
        alice.remote_uri, alice.remote_tag = alice.uri("demo"), "nobody"
        alice.bye()
        alice.expect(481)


def test_a_bye_with_the_wrong_tag_does_not_end_the_call():
    with Server() as server, Phone(server) as alice:
        alice.call()
        right, alice.remote_tag = alice.remote_tag, "guessed"
        alice.send(alice.request("BYE"))
        alice.expect(481)
        alice.remote_tag = right
        assert set(server.participants()) == {"alice"}


def test_a_second_bye_is_481_and_a_repeated_one_is_answered_again():
    with Server() as server, Phone(server) as alice:
        alice.call()
        bye = alice.bye()
        alice.expect(200)
        alice.send(bye)
        alice.expect_repeated(200)
        alice.bye()
        alice.expect(481)


def test_byes_that_cross_are_both_answered():
    with Server(policy=REMOVE_ON_JOIN) as server, Phone(server) as alice:
        alice.call()
        theirs = alice.expect("BYE")
        alice.bye()
        alice.expect((200, 481), method="BYE")
        alice.reply(theirs, 200)
        alice.expect_nothing()
        assert server.status()["server"]["calls"] == 0


if __name__ == "__main__":
    run.main()
