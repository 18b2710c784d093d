"""Phones that write (MESSAGE, RFC 3428)."""

from sip import unique

TAKES = {"Allow": "INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE"}


def join(phone, conference="demo", headers=None):
    """Comes in with a phone that takes messages."""
    phone.invite(conference, headers=TAKES | (headers or {}))
    phone.expect(200)
    phone.ack()
    phone.is_up = True
    return phone


def write(phone, text, headers=None):
    """A MESSAGE in the dialog that the phone has."""
    body = text if isinstance(text, bytes) else text.encode()
    return phone.send(phone.request("MESSAGE", headers={"Content-Type": "text/plain"} | (headers or {}), body=body))


def page(phone, text, conference="demo", headers=None):
    """A MESSAGE outside of any dialog."""
    uri = phone.uri(conference)
    fields = {
        "Content-Type": "text/plain",
        "Call-ID": unique("page-"),
        "From": f"<{phone.name}>;tag={unique('t')}",
    }
    message = phone.request(
        "MESSAGE", uri, fields | (headers or {}), text.encode(), cseq=1, to=f"<{uri}>"
    )
    return phone.send(message)


def read(phone, within=3):
    """The next message that comes to the phone, answered with 200."""
    message = phone.expect("MESSAGE", within)
    assert message["Contact"] is None, message  # RFC 3428 §4
    phone.reply(message, 200, headers={"Contact": None})
    return message


def text(message):
    return message.body.decode()
