"""A REFER for several at once (RFC 5368): mass invitation and mass ejection."""

import run
from message import parameter
from parley import Server
from recipients import ACCOUNTS, LISTS, authorize, entry, list_part, multipart, part, resource_list
from roster import Roster, text
from sip import Phone, options

ID = "cn35t8jf02@example.com"
FIELDS = {
    "Refer-To": f"<cid:{ID}>",
    "Refer-Sub": "false",
    "Require": "multiple-refer, norefersub",
    "Content-Type": LISTS,
    "Content-Disposition": "recipient-list",
    "Content-ID": f"<{ID}>",
}


def refer(phone, body, headers=None, code=202):
    """As in figure 3, out of dialog; with the password when it is asked for."""
    phone.new_dialog()
    phone.remote_uri = phone.uri("demo")
    fields = FIELDS | (headers or {})
    request = phone.send(phone.request("REFER", headers=fields, body=body))
    answer = phone.expect((code, 401))
    if answer.code == 401 and code != 401:
        fields |= authorize(phone, answer, request)
        phone.send(phone.request("REFER", headers=fields, body=body))
        answer = phone.expect(code)
    return answer


def test_the_call_flow_of_figure_2():
    """Carol, who may, puts out Bill, Joe and Ted."""
    with Server(ACCOUNTS) as server, Phone(server, "alice", media=False) as carol, Phone(
        server, "bill"
    ) as bill, Phone(server, "joe") as joe, Phone(server, "ted") as ted, Phone(
        server, "dora"
    ) as dora:
        for phone in (bill, joe, ted, dora):
            phone.call()
        body = resource_list(*(f"{phone.own_uri}?method=BYE" for phone in (bill, joe, ted)))
        answer = refer(carol, body)  # 1, 2
        assert answer["Refer-Sub"] == "false"
        assert parameter(answer["Contact"], "isfocus") is not None
        for phone in (bill, joe, ted):  # 3 to 8
            bye = phone.expect("BYE")
            assert bye.tag("From") == phone.remote_tag and bye.tag("To") == phone.local_tag
            phone.reply(bye, 200)
            phone.is_up = False
        dora.expect_nothing()
        carol.expect_nothing(0.05)  # no NOTIFY: there is no subscription
        assert set(server.participants()) == {"dora"}


def test_several_are_called_and_the_conference_package_tells_how_that_goes():
    with Server(ACCOUNTS) as server, Phone(server, "alice", media=False) as alice, Phone(
        server, "alice", media=False
    ) as desk, Phone(server, "bill") as bill, Phone(server, "joe") as joe, Phone(
        server, "dora"
    ) as dora:
        dora.call()
        subscribe = alice.subscribe()
        alice.resubscribe(headers=authorize(alice, alice.expect(401), subscribe))
        alice.expect(200)
        roster = Roster(alice.notified())
        body = resource_list(
            entry(bill.own_uri, copyControl="to"),
            entry(f"{joe.own_uri};method=INVITE", copyControl="cc", anonymize="true"),
        )
        refer(desk, body, {"Referred-By": "<sip:alice@example.com>"})
        invite = bill.expect_call()
        assert invite["Referred-By"] == "<sip:alice@example.com>"
        bill.pick_up(invite)
        joe.pick_up(joe.expect_call())
        while not is_connected(roster, "bill") or not is_connected(roster, "anonymous1"):
            roster.take(alice.notified())
        assert roster.names() == {"dora", "bill", "anonymous1"}
        assert text(roster.endpoint("bill"), "referred/by") == "sip:alice@example.com"


def is_connected(roster, name):
    return roster.user(name) is not None and roster.status(name) == "connected"


def test_some_on_hold_and_some_put_out():
    with Server(ACCOUNTS) as server, Phone(server, "alice", media=False) as alice, Phone(
        server, "bill"
    ) as bill, Phone(server, "joe") as joe:
        bill.call()
        joe.call()
        body = resource_list(f"{bill.own_uri};action=hold", f"{joe.own_uri};action=remove")
        refer(alice, body)
        invite = bill.expect("INVITE")
        assert invite.sdp.audio.direction == "recvonly"
        bill.pick_up(invite, direction="sendonly")
        joe.reply(joe.expect("BYE"), 200)
        joe.is_up = False


def test_the_list_may_be_a_part_of_the_body():
    with Server(ACCOUNTS) as server, Phone(server, "alice", media=False) as alice, Phone(
        server, "bill"
    ) as bill, Phone(server, "joe") as joe:
        bill.call()
        joe.call()
        other = list_part(resource_list(f"{joe.own_uri}?method=BYE"), "Content-ID: <other@x>")
        this = list_part(resource_list(f"{bill.own_uri}?method=BYE"), f"Content-ID: <{ID}>")
        hint = part("text/plain", b"x", "Content-Disposition: render;handling=optional")
        headers = {
            "Content-Type": "multipart/mixed;boundary=boundary1",
            "Content-Disposition": None,
            "Content-ID": None,
        }
        refer(alice, multipart(hint, other, this), headers)
        bill.reply(bill.expect("BYE"), 200)
        bill.is_up = False
        joe.expect_nothing()


def test_who_has_gone_already_is_no_harm_to_the_others():
    with Server(ACCOUNTS) as server, Phone(server, "alice", media=False) as alice, Phone(
        server, "bill"
    ) as bill:
        bill.call()
        gone = "sip:gone@192.0.2.1?method=BYE"
        refer(alice, resource_list(gone, f"{bill.own_uri}?method=BYE"))
        bill.reply(bill.expect("BYE"), 200)
        bill.is_up = False
        bill.call()
        answer = refer(alice, resource_list(gone), code=404)
        assert answer.reason == "Nobody of that URI is in"


def test_multiple_refers_that_are_refused():
    with Server(ACCOUNTS) as server, Phone(server, "bill") as bill, Phone(
        server, "carol", media=False
    ) as carol:
        bill.call()
        bye = f"{bill.own_uri}?method=BYE"
        refer(carol, resource_list(bye), code=401)  # a stranger
        refer(carol, resource_list(bye), {"Refer-To": f"<{bill.own_uri}>"}, code=400)
        answer = refer(carol, resource_list(bye), {"Content-ID": "<other@x>"}, code=400)
        assert answer.reason == "Refer-To Names No Recipient List"
        answer = refer(carol, None, {name: None for name in FIELDS if "Content" in name}, code=400)
        assert answer.reason == "Refer-To Names No Recipient List"
        refer(carol, b"<none/>", code=400)
        refer(carol, resource_list(f"{bill.own_uri}?method=REFER"), code=400)
        refer(carol, resource_list(f"{bill.own_uri}?method=JUGGLE"), code=400)
        refer(carol, resource_list(f"{bill.own_uri};action=juggle"), code=400)
        refer(carol, resource_list("tel:+15550100"), code=400)
        many = resource_list(*(f"sip:u{n}@192.0.2.1" for n in range(51)))
        refer(carol, many, code=413)
        bill.expect_nothing()


def test_a_policy_that_protects_one_protects_all():
    policy = """local policy = parley.policy { name = "site" }
    function policy.remove(request)
      if request.target.user == "joe" then return reject(403, "Not him") end
    end
    return policy"""
    with Server(ACCOUNTS, policy=policy) as server, Phone(
        server, "alice", media=False
    ) as alice, Phone(server, "bill") as bill, Phone(server, "joe") as joe:
        bill.call()
        joe.call()
        body = resource_list(f"{bill.own_uri}?method=BYE", f"{joe.own_uri}?method=BYE")
        assert refer(alice, body, code=403).reason == "Not him"
        bill.expect_nothing()


def test_who_supports_it_says_so():
    for recipients, is_there in ((50, True), (0, False)):
        config = f"outbound = {{ recipients = {recipients} }}\n"
        with Server(config) as server, Phone(server, media=False) as alice:
            options(alice)
            assert ("multiple-refer" in alice.expect(200).tokens("Supported")) == is_there
            if not is_there:
                answer = refer(alice, resource_list("sip:bob@192.0.2.1"), code=420)
                assert "multiple-refer" in answer["Unsupported"]


if __name__ == "__main__":
    run.main()
