"""Lists of recipients (RFC 4826, RFC 5364) and the multipart bodies that carry them."""

import re

import digest

LISTS = "application/resource-lists+xml"
PASSWORD = "wonderland"
ACCOUNTS = f'accounts = {{ alice = {{ password = "{PASSWORD}" }} }}\n'


def entry(uri, **attributes):
    """`to`, `cc` or `bcc` as copyControl; anonymize."""
    said = "".join(f' cp:{name}="{value}"' for name, value in attributes.items())
    return f'<entry uri="{uri}"{said}/>'


def resource_list(*entries):
    """The document of RFC 5366 figure 1; entries are URIs or elements."""
    lines = "\n    ".join(e if e.startswith("<") else entry(e) for e in entries)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"
          xmlns:cp="urn:ietf:params:xml:ns:copycontrol">
  <list>
    {lines}
  </list>
</resource-lists>
""".encode()


def part(content_type, data, *fields):
    head = [f"Content-Type: {content_type}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def list_part(data, *fields):
    return part(LISTS, data, "Content-Disposition: recipient-list", *fields)


def multipart(*parts):
    return b"".join(b"--boundary1\r\n" + one + b"\r\n" for one in parts) + b"--boundary1--\r\n"


MULTIPART = {"Content-Type": 'multipart/mixed;boundary="boundary1"'}
REQUIRE = {"Require": "recipient-list-invite"}


def parts_of(message):
    """{content type: (header, data)} of a multipart body."""
    boundary = re.search(r'boundary="?([^";]+)', message["Content-Type"])[1].encode()
    pieces = (b"\r\n" + message.body).split(b"\r\n--" + boundary)
    assert pieces[-1].startswith(b"--"), message
    found = {}
    for piece in pieces[1:-1]:
        head, _, data = piece.lstrip(b"\r\n").partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        found[lines["Content-Type"]] = (lines, data)
    return found


def authorize(phone, answer, request, password=PASSWORD):
    """The Authorization that answers the 401 to this request."""
    challenge = digest.choose(answer, "SHA-256")
    value = digest.authorization(challenge, phone.user, password, request.method, request.uri)
    return {"Authorization": value}


def invite_list(phone, conference, body, headers=None):
    """An INVITE with this multipart body; who is asked for a password gives it. Not answered yet."""
    headers = MULTIPART | REQUIRE | (headers or {})
    request = phone.invite(conference, body=body, headers=headers)
    answer = phone.expect(401)
    phone.ack()
    return phone.send_invite(body, headers | authorize(phone, answer, request))
