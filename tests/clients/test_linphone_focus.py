"""linphonec, which knows conferences: it has one made by the factory, sees that the call is with a
focus, subscribes, and its own log says who is in (RFC 4579 §3.4, §5.4)."""

import re

import audio
import run
from parley import Server
from phones import Linphone
from sip import Phone

CONFIG = """
accounts = { lin = { password = "phone" } }
conferences = { new = { factory = "%s", title = "Ad hoc" } }
"""


def made(server):
    """The name of the conference that the factory has made."""
    match = server.expect_log(r"\[([0-9a-f]{16,}) [0-9a-f]{8}\] made by factory new")
    return match[1]


def create_join_and_watch(way):
    with Server(CONFIG % way) as server, Phone(server, "bob") as bob, Linphone(
        "lin", audio.voice(0, 20), server=server, password="phone", explains=True
    ) as lin:
        lin.call(f"sip:new@{server.address}")
        name = made(server)
        conference = rf"IdentityAddress\(sip:{name}@{re.escape(server.address)}\)"
        # It recognises the focus by the Contact, and subscribes to what that names …
        lin.expect_said(rf"is subscribing to .*sip:{name}@")
        server.expect_log(rf"sip:lin@\S+ \(\S+\) subscribes to the conference package")
        # … takes the first document for the state of the conference …
        lin.expect_said("Switching conference .* from state CreationPending to Created")
        # … and the next ones for its changes.
        bob.call(name)
        lin.expect_said(rf"Addition of participant .*sip:bob@.* to conference {conference} has been")
        assert set(server.participants(name)) == {"lin", "bob"}
        # Who has made it takes it along.
        lin.hang_up()
        bob.reply(bob.expect("BYE"), 200)
        bob.is_up = False


@run.limit(60)
def test_linphone_creates_a_conference_by_a_factory_that_answers():
    create_join_and_watch("answer")


@run.limit(60)
def test_linphone_creates_a_conference_by_a_factory_that_redirects():
    create_join_and_watch("redirect")


if __name__ == "__main__":
    run.main()
