"""Phones that have registered are called by their names: RFC 3261 §10 meets RFC 4579 §5.2."""

import run
from message import uri_of
from parley import Server
from sip import Phone
from test_register import ACCOUNTS, Registration


def invite(server, user="alice", host=None):
    return server.command("invite", "demo", f"sip:{user}@{host or server.address}")


def test_a_registered_phone_is_called_by_its_name():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        Registration(alice).expect(200)
        assert invite(server).returncode == 0
        request = alice.expect_call()
        assert request.uri == alice.own_uri
        assert uri_of(request["To"]) == f"sip:alice@{server.address}"
        alice.pick_up(request)
        alice.audio.wait_for_packets(5)
        assert server.participants()["alice"]["uri"] == f"sip:alice@{server.address}"
        assert "already in" in invite(server).stderr


def test_in_the_domain_by_its_name():
    config = ACCOUNTS + 'domain = "conf.example.com"\n'
    with Server(config) as server, Phone(server, "alice") as alice:
        Registration(alice, "conf.example.com").expect(200)
        assert invite(server, host="CONF.example.com").returncode == 0
        request = alice.expect_call()
        assert request.uri == alice.own_uri
        assert uri_of(request["From"]) == "sip:demo@conf.example.com"
        alice.pick_up(request)


def test_over_the_connection_that_it_has_registered_by():
    with Server(ACCOUNTS) as server, Phone(server, "alice", "tcp") as alice:
        Registration(alice).expect(200)
        assert invite(server).returncode == 0
        request = alice.expect_call()
        assert "SIP/2.0/TCP" in request["Via"] and ";transport=tcp" in request["Contact"]
        alice.pick_up(request)


def test_behind_a_nat_where_its_registration_came_from():
    """The Contact names a host that cannot be reached; the INVITE and all after it go back."""
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        inside = "<sip:alice@192.168.77.7:5060>"
        Registration(alice).expect(200, contact=inside)
        assert invite(server).returncode == 0
        request = alice.expect_call()
        assert request.uri == uri_of(inside)
        alice.pick_up(request, headers={"Contact": inside})
        server.process.terminate()
        bye = alice.expect("BYE")
        assert bye.uri == uri_of(inside)
        alice.reply(bye, 200)
        server.wait_stopped()


def test_of_several_phones_the_preferred_one_is_called_first():
    with Server(ACCOUNTS) as server, Phone(server, "alice", media=False) as desk, Phone(
        server, "alice"
    ) as mobile:
        Registration(mobile).expect(200, contact=f"{mobile.contact};q=0.3")
        Registration(desk).expect(200, contact=f"{desk.contact};q=0.9")
        assert invite(server).returncode == 0
        first = desk.expect_call()
        desk.reply(first, 480)
        desk.expect("ACK")
        second = mobile.expect_call()
        assert second["Call-ID"] == first["Call-ID"]
        mobile.pick_up(second)


def test_an_account_without_a_phone_is_480():
    with Server(ACCOUNTS) as server:
        done = invite(server)
        assert done.returncode == 1 and ": 480 " in done.stderr, done.stderr


def test_a_name_that_is_no_account_is_this_server_itself():
    with Server(ACCOUNTS) as server:
        done = invite(server, "nobody")
        assert done.returncode == 1 and ": 482 " in done.stderr, done.stderr


if __name__ == "__main__":
    run.main()
