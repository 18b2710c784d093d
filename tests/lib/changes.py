"""Re-INVITEs of the focus, and how a phone takes them."""


def take_change(phone, offered, code=200, headers=None, within=5, **offer):
    """The focus's re-INVITE, RFC 3261 §14.1, with this direction; answered, and acknowledged."""
    invite = phone.expect("INVITE", within)
    assert invite.tag("To") == phone.local_tag and invite.tag("From") == phone.remote_tag
    assert invite["Contact"].endswith(";isfocus"), invite["Contact"]
    assert invite["Content-Type"] == "application/sdp"
    assert {"INVITE", "UPDATE"} <= set(invite.tokens("Allow"))
    assert invite.sdp.audio.direction == offered, invite
    if code == 200:
        phone.reply(invite, 200, body=phone.offer(**offer))
    else:
        phone.reply(invite, code, headers=headers)
    ack = phone.expect("ACK")
    assert ack.cseq == (invite.cseq[0], "ACK")
    return invite
