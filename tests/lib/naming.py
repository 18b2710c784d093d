"""How Join (RFC 3911) and Replaces (RFC 3891) name a call of the server, and phones that have to
prove who they are."""

import digest

ACCOUNTS = """
accounts = {
  alice = { password = "down the hole" }, bob = { password = "builder" },
  carol = { password = "dickens" },
}
"""
PASSWORDS = {"alice": "down the hole", "bob": "builder", "carol": "dickens"}


def dialog(phone, local=None, remote=None):
    """The phone's call, seen from the server: to-tag is the server's."""
    return f"{phone.call_id};to-tag={local or phone.remote_tag};from-tag={remote or phone.local_tag}"


def join(phone, **tags):
    return {"Join": dialog(phone, **tags)}


def replaces(phone, flag="", **tags):
    return {"Replaces": dialog(phone, **tags) + flag}


def proof(phone, challenged, method):
    """What answers the 401."""
    challenge, password = digest.choose(challenged, "SHA-256"), PASSWORDS[phone.user]
    uri = phone.remote_target or phone.remote_uri
    return {"Authorization": digest.authorization(challenge, phone.user, password, method, uri)}


def invite_proven(phone, conference="demo", headers=None):
    """An INVITE that proves who the phone is; its answer is still to come."""
    phone.invite(conference, headers=headers)
    challenged = phone.expect(401)
    phone.ack()
    return phone.send_invite(True, {**(headers or {}), **proof(phone, challenged, "INVITE")})


def call_proven(phone, conference="demo", headers=None):
    invite_proven(phone, conference, headers)
    ok = phone.expect(200, method="INVITE")
    phone.ack()
    return ok


def refused(phone, code, conference="demo", headers=None, within=3.0):
    """A call that is refused with this code."""
    phone.invite(conference, headers=headers)
    answer = phone.expect(code, within)
    phone.ack()
    return answer


def follow(phone, roster, ready):
    """Takes NOTIFYs until the roster is as expected."""
    while not ready(roster):
        roster.take(phone.notified())
    return roster
