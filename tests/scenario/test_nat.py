"""Phones behind address translation: what they write in Via and Contact is not where they are
(RFC 3581, RFC 3261 §18.2)."""

import select
import socket

import run
from message import Message, parameter, render
from parley import Server
from sip import Phone, options

INSIDE = "10.11.12.13:5099"  # nobody is there


def hide(phone):
    """The phone writes its inner address everywhere."""
    phone.sent_by = INSIDE
    phone.contact = f"<sip:{phone.user}@{INSIDE}{phone.transport_parameter()}>"
    return phone


def test_responses_go_to_where_the_request_came_from():
    with Server() as server, Phone(server) as alice:
        hide(alice).invite("demo")
        via = alice.expect(200)["Via"]
        assert parameter(via, "received") == alice.address
        assert parameter(via, "rport") == str(alice.port)
        alice.ack()


def test_received_and_rport_are_told_even_when_the_address_is_right():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo")
        assert parameter(alice.expect(200)["Via"], "rport") == str(alice.port)
        alice.ack()


def end_by_server(server, phone):
    """The server stops; its BYE must reach the phone."""
    server.process.terminate()
    bye = phone.expect("BYE")
    assert bye.uri == phone.contact.strip("<>"), "the Request-URI is the Contact all the same"
    phone.reply(bye, 200)
    server.wait_stopped()


def test_requests_in_the_dialog_go_to_where_the_invite_came_from():
    with Server() as server, Phone(server) as alice:
        hide(alice).call()
        end_by_server(server, alice)


def test_a_phone_that_sends_from_another_port_than_it_listens_on_is_reached_at_its_contact():
    with Server() as server, Phone(server) as alice:
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind((alice.address, 0))
        alice.contact = f"<sip:alice@{alice.address}:{ear.getsockname()[1]}>"
        alice.call()
        alice.sock, mouth = ear, alice.sock
        end_by_server(server, alice)
        mouth.close()


def test_requests_in_the_dialog_use_the_tcp_connection_of_the_phone():
    with Server() as server, Phone(server, transport="tcp") as alice:
        hide(alice).call()
        end_by_server(server, alice)


def test_a_binding_that_moves_is_followed_from_the_next_request_on():
    with Server() as server, Phone(server) as alice:
        hide(alice).call()
        old = alice.sock
        alice.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        alice.sock.bind((alice.address, 0))
        alice.reinvite()
        alice.expect(200)
        alice.ack()
        end_by_server(server, alice)
        assert not select.select([old], [], [], 0)[0], "nothing went to the old place"
        old.close()


def test_a_phone_whose_tcp_connection_broke_is_called_back_at_its_contact():
    with Server() as server, Phone(server, transport="tcp") as alice:
        home = socket.create_server((alice.address, 0))
        home.settimeout(5)
        alice.contact = f"<sip:alice@{alice.address}:{home.getsockname()[1]};transport=tcp>"
        alice.call()
        alice.sock.close()
        alice.is_up = False
        with Phone(server, "bob", media=False) as bob:
            options(bob)
            bob.expect(200)  # by now the server has seen the end of the connection, too
        server.process.terminate()
        line, _ = home.accept()
        line.settimeout(5)
        data = line.recv(65536)
        bye = Message.parse(data)
        assert bye.method == "BYE"
        headers = [(name, bye[name]) for name in ("Via", "From", "To", "Call-ID", "CSeq")]
        line.sendall(render(Message("SIP/2.0 200 OK", headers)))
        server.wait_stopped()
        line.close()
        home.close()


if __name__ == "__main__":
    run.main()
