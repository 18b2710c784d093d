"""INITIATE (draft-ranjit-sipping-conference-01): a conference with others in it, and its owner."""

import time

import run
from dialing import refuse
from lines import Line
from message import parameter, uri_of
from moderation import decide
from parley import Server
from recipients import authorize
from roster import Roster, text
from sip import Phone, options

ACCOUNTS = """accounts = {
  ua1 = { password = "wonderland", name = "Nataraju" },
  ua9 = { password = "wonderland" },
}
"""


def initiate(phone, confer_to, target=None, headers=None, code=202):
    """An INITIATE, with the password when it is asked for; returns the answer, which has this code."""
    phone.new_dialog()
    phone.remote_uri = target or f"sip:{phone.server.address}"
    return initiate_again(phone, confer_to, headers, code)


def initiate_again(phone, confer_to, headers=None, code=202):
    fields = {
        "Contact": phone.contact,
        "Confer-To": confer_to,
        "Accept": "application/conference-info+xml",
        "Event": "Conference",
        "From": f"<sip:{phone.user}@{phone.server.address}>;tag={phone.local_tag}",
    } | (headers or {})
    request = phone.send(phone.request("INITIATE", headers=fields))
    answer = phone.expect((code, 401))
    if answer.code == 401 and code != 401:
        fields |= authorize(phone, answer, request)
        request = phone.send(phone.request("INITIATE", headers=fields))
        answer = phone.expect(code)
    phone.initiate = request
    if code == 202:
        phone.remote_tag = answer.tag("To")
        phone.remote_target = uri_of(answer["Contact"])
    return answer


def until(phone, roster, ready):
    """Takes the NOTIFYs until the condition holds of the roster."""
    while not ready(roster):
        roster.take(phone.notified())
    return roster


class Conference:
    """ua1 has initiated a conference with these phones, and all of them are in."""

    def __init__(self, server, ua1, *others):
        self.ua1, self.call = ua1, Line(ua1)
        self.answer = initiate(ua1, ", ".join(phone.own_uri for phone in others))
        for phone in others:
            phone.pick_up(phone.expect_call())
        self.call.pick_up(self.call.expect_call())
        self.roster = Roster(ua1.notified())
        self.until(lambda r: r.names() == {"ua1", *(phone.user for phone in others)})
        self.until(lambda r: all(r.status(name) == "connected" for name in r.names()))
        self.name = uri_of(self.answer["Contact"])[4:].partition("@")[0]

    def until(self, ready):
        return until(self.ua1, self.roster, ready)

    def end(self, *others):
        """The initiator leaves, and so does everybody."""
        self.call.hang_up()
        for phone in others:
            phone.reply(phone.expect("BYE"), 200)
            phone.is_up = False


# ---- creation -----------------------------------------------------------------------------------


def test_the_call_flow_of_figure_5_1():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3, Phone(server, "ua4") as ua4:
        call = Line(ua1)
        # F1, as it is written there: addr-specs, and a folded line.
        f2 = initiate(
            ua1,
            f"{ua2.own_uri};action=add,{ua3.own_uri};\r\n           action=add,"
            f"{ua4.own_uri};action=add",
        )
        conference = uri_of(f2["Contact"])
        assert parameter(f2["Contact"], "isfocus") is not None
        assert int(f2["Expires"]) == 3600 and f2.tag("To")
        name = conference[4:].partition("@")[0]
        assert len(name) >= 16, "the URI is opaque"
        for phone in (ua2, ua3, ua4):
            f3 = phone.expect_call()
            assert uri_of(f3["From"]) == uri_of(f3["Contact"]) == conference
            assert parameter(f3["Contact"], "isfocus") is not None
            assert f3.uri == phone.own_uri and f3.sdp.audio.direction == "sendrecv"
            phone.pick_up(f3)  # F4, F5
        f9 = call.expect_call()
        assert f9.uri == ua1.own_uri and uri_of(f9["Contact"]) == conference
        assert uri_of(f9["To"]).startswith("sip:ua1@")
        call.pick_up(f9)  # F10, F11
        f12 = ua1.expect("NOTIFY")
        assert f12["Call-ID"] == f2["Call-ID"] and f12.tag("From") == f2.tag("To")
        assert f12["Event"] == "conference"
        assert f12["Subscription-State"].startswith("active;expires=")
        assert f12["Content-Type"] == "application/conference-info+xml"
        ua1.reply(f12, 200)  # F13
        roster = until(ua1, Roster(f12), lambda r: r.status("ua1") == "connected")
        until(ua1, roster, lambda r: all(r.status(n) == "connected" for n in r.names()))
        assert roster.entity == conference
        assert roster.names() == {"ua1", "ua2", "ua3", "ua4"}
        assert roster.user("ua1").findtext("{*}display-text") == "Nataraju"
        assert text(roster.endpoint("ua2"), "joining-method") == "dialed-out"
        assert text(roster.endpoint("ua2"), "referred/by") == uri_of(f9["To"])
        assert not text(roster.endpoint("ua2"), "referred/when").startswith("1970")
        call.hang_up()
        for phone in (ua2, ua3, ua4):
            phone.reply(phone.expect("BYE"), 200)
            phone.is_up = False


def test_the_initiator_is_told_who_cannot_even_be_called():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1:
        call = Line(ua1)
        # An account that no phone has registered for, and what is no SIP URI.
        initiate(ua1, f"sip:ua9@{server.address}, <tel:+15550100>")
        call.pick_up(call.expect_call())
        roster = Roster(ua1.notified())
        until(ua1, roster, lambda r: r.user("ua9") is not None)
        endpoint = roster.endpoint("ua9")
        assert text(endpoint, "status") == "disconnected"
        assert text(endpoint, "disconnection-method") == "failed"
        assert "cause=480" in text(endpoint, "disconnection-info/reason")
        assert any(user.get("entity") == "tel:+15550100" for user in roster.users())
        until(ua1, roster, lambda r: r.status("ua1") == "connected")
        call.hang_up()


def test_the_initiator_is_told_who_does_not_come():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3:
        call = Line(ua1)
        initiate(ua1, [f"<{ua2.own_uri}>", f"<{ua3.own_uri}>"])
        refuse(ua2, ua2.expect_call(), 486)
        ua3.pick_up(ua3.expect_call())
        call.pick_up(call.expect_call())
        roster = Roster(ua1.notified())
        until(ua1, roster, lambda r: r.user("ua2") is not None)
        until(ua1, roster, lambda r: text(r.endpoint("ua2"), "disconnection-method") == "busy")
        until(ua1, roster, lambda r: r.status("ua3") == r.status("ua1") == "connected")
        call.hang_up()
        ua3.reply(ua3.expect("BYE"), 200)
        ua3.is_up = False


def test_an_initiator_who_does_not_answer_has_no_conference():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(server, "ua2") as ua2:
        call = Line(ua1)
        initiate(ua1, ua2.own_uri)
        ua2.pick_up(ua2.expect_call())
        refuse(call, call.expect_call(), 486)
        bye = ua2.expect("BYE")
        assert "has left" in bye["Reason"]
        ua2.reply(bye, 200)
        ua2.is_up = False
        roster = Roster(ua1.notified())
        while not roster.is_deleted:
            last = ua1.notified()
            roster.take(last)
        assert last["Subscription-State"] == "terminated;reason=noresource"


def test_an_initiator_who_lists_itself_is_called_once():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(server, "ua2") as ua2:
        call = Line(ua1)
        initiate(ua1, f"<{ua1.own_uri}>, <{ua2.own_uri}>")
        call.pick_up(call.expect_call())
        ua2.pick_up(ua2.expect_call())
        roster = Roster(ua1.notified())
        until(ua1, roster, lambda r: len(r.names()) == 2 and all(r.status(n) == "connected" for n in r.names()))
        call.expect_nothing()
        call.hang_up()  # and is the owner all the same
        ua2.reply(ua2.expect("BYE"), 200)
        ua2.is_up = False


def test_a_factory_makes_what_is_initiated():
    config = ACCOUNTS + "conferences = { new = { factory = 'redirect', title = 'Tea' } }\n"
    with Server(config) as server, Phone(server, "ua1") as ua1, Phone(server, "ua2") as ua2:
        call = Line(ua1)
        f2 = initiate(ua1, ua2.own_uri, f"sip:new@{server.address}")
        assert "sip:new@" not in f2["Contact"]
        ua2.pick_up(ua2.expect_call())
        call.pick_up(call.expect_call())
        assert Roster(ua1.notified()).text("conference-description/display-text") == "Tea"
        call.hang_up()
        ua2.reply(ua2.expect("BYE"), 200)
        ua2.is_up = False


# ---- 6: actions of the owner --------------------------------------------------------------------


def test_a_participant_leaves_as_in_6_5():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3:
        conference = Conference(server, ua1, ua2, ua3)
        ua3.hang_up()  # F41, F42
        conference.until(  # F43
            lambda r: text(r.endpoint("ua3"), "disconnection-method") == "departed"
        )
        ua2.expect_nothing()
        conference.end(ua2)


def test_the_initiator_ends_it_as_in_6_6():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3, Phone(server, "ua4") as ua4:
        conference = Conference(server, ua1, ua2, ua3, ua4)
        conference.call.bye()  # F45
        conference.call.expect(200, method="BYE")  # F52
        for phone in (ua2, ua3, ua4):
            bye = phone.expect("BYE")  # F46, F48, F50
            assert bye.tag("From") == phone.remote_tag
            phone.reply(bye, 200)
            phone.is_up = False
        while not conference.roster.is_deleted:
            last = ua1.notified()
            conference.roster.take(last)
        assert last["Subscription-State"] == "terminated;reason=noresource"
        with Phone(server, "ua5") as ua5:
            ua5.invite(conference.name)
            ua5.expect(410)
            ua5.ack()


def refer(phone, target, action, headers=None, code=202):
    """A REFER in the dialog of the call, as the draft has it: the action behind an addr-spec."""
    fields = {"Refer-To": f"{target};action={action}"} | (headers or {})
    phone.send(phone.request("REFER", headers=fields))
    return phone.expect(code, method="REFER")


def sipfrag(phone, code):
    """What the NOTIFYs of the REFER say, up to the last one."""
    while True:
        notify = phone.notified()
        assert notify["Event"].startswith("refer"), notify
        if notify["Subscription-State"].startswith("terminated"):
            assert notify.body.startswith(b"SIP/2.0 %d" % code), notify
            return


def test_a_user_is_added_as_in_6_1():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua4") as ua4:
        conference = Conference(server, ua1, ua2)
        refer(conference.call, ua4.own_uri, "add")  # F13, F14
        f15 = ua4.expect_call()
        assert uri_of(f15["Contact"]) == uri_of(conference.answer["Contact"])
        assert f15.sdp.audio.direction == "sendrecv"
        ua4.pick_up(f15)  # F16, F17
        conference.until(lambda r: r.status("ua4") == "connected")  # F18
        sipfrag(conference.call, 200)
        conference.end(ua2, ua4)


def test_a_user_is_removed_as_in_6_2():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3:
        conference = Conference(server, ua1, ua2, ua3)
        refer(conference.call, ua2.own_uri, "remove")  # F20, F21
        f22 = ua2.expect("BYE")
        ua2.reply(f22, 200)
        ua2.is_up = False
        conference.until(  # F24
            lambda r: text(r.endpoint("ua2"), "disconnection-method") == "booted"
        )
        sipfrag(conference.call, 200)
        conference.end(ua3)


def hold(phone, direction):
    """The re-INVITE that puts the phone on hold, or takes it back."""
    invite = phone.expect("INVITE")
    assert invite.tag("To") == phone.local_tag and invite.tag("From") == phone.remote_tag
    assert invite.sdp.audio.direction == direction
    answer = {"recvonly": "sendonly", "sendrecv": "sendrecv"}[direction]
    phone.pick_up(invite, direction=answer)


def test_a_participant_is_put_on_hold_and_resumed_as_in_6_3_and_6_4():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3:
        conference = Conference(server, ua1, ua2, ua3)
        refer(conference.call, ua3.own_uri, "hold")  # F26, F27
        hold(ua3, "recvonly")  # F28 to F31
        conference.until(lambda r: r.status("ua3") == "on-hold")  # F32
        sipfrag(conference.call, 200)
        refer(conference.call, ua3.own_uri, "resume")  # F34, F35
        hold(ua3, "sendrecv")  # F36 to F38
        conference.until(lambda r: r.status("ua3") == "connected")  # F39
        sipfrag(conference.call, 200)
        ua2.expect_nothing()
        conference.end(ua2, ua3)


def test_hold_and_resume_by_initiate():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3:
        conference = Conference(server, ua1, ua2)
        # One who is in, and one who comes in on hold.
        initiate_again(ua1, f"<{ua2.own_uri}>;action=hold, <{ua3.own_uri}>;action=hold")
        hold(ua2, "recvonly")
        invite = ua3.expect_call()
        assert invite.sdp.audio.direction == "recvonly"
        ua3.pick_up(invite, direction="sendonly")
        conference.until(lambda r: r.status("ua2") == r.status("ua3") == "on-hold")
        initiate_again(ua1, f"<{ua2.own_uri}>;action=resume, <{ua3.own_uri}>;action=resume")
        hold(ua2, "sendrecv")
        hold(ua3, "sendrecv")
        conference.until(lambda r: r.status("ua2") == r.status("ua3") == "connected")
        conference.end(ua2, ua3)


def test_refers_with_an_action_that_are_refused():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(server, "ua2") as ua2:
        conference = Conference(server, ua1, ua2)
        answer = refer(conference.call, ua2.own_uri, "juggle", code=400)
        assert answer.reason == "Unknown Action In Refer-To"
        refer(conference.call, "sip:nobody@192.0.2.1", "hold")
        sipfrag(conference.call, 404)
        # ua2 is in, and a stranger: it is asked who it is.
        for action in ("add", "remove", "hold", "resume"):
            refer(ua2, ua1.own_uri, action, code=401)
        conference.end(ua2)


def test_the_owner_adds_and_removes_by_one_more_initiate():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3:
        conference = Conference(server, ua1, ua2)
        # In the dialog of the first one, which is a refresh of its subscription, too.
        initiate_again(ua1, f"<{ua3.own_uri}>;action=add, <{ua2.own_uri}>;action=remove")
        bye = ua2.expect("BYE")
        assert bye.tag("From") == ua2.remote_tag
        ua2.reply(bye, 200)
        ua2.is_up = False
        ua3.pick_up(ua3.expect_call())
        conference.until(lambda r: r.status("ua3") == "connected")
        conference.until(lambda r: r.status("ua2") in (None, "disconnected"))
        conference.end(ua3)


def test_the_owner_adds_out_of_dialog_to_the_conference_uri():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3, Phone(server, "ua1", media=False) as desk:
        conference = Conference(server, ua1, ua2)
        f2 = initiate(desk, ua3.own_uri, f"sip:{conference.name}@{server.address}")
        assert uri_of(f2["Contact"]) == uri_of(conference.answer["Contact"])
        ua3.pick_up(ua3.expect_call())
        conference.until(lambda r: r.status("ua3") == "connected")
        conference.end(ua2, ua3)


def test_who_is_shown_without_a_name_is_not_named_by_whom_it_adds():
    policy = """local policy = parley.policy { name = "site" }
    function policy.join(request)
      if request.actor.user == "ua1" then return accept { anonymous = true } end
    end
    return policy"""
    with Server(ACCOUNTS, policy=policy) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "carol") as carol:
        carol.call()
        carol.resubscribe()
        carol.expect(200, method="SUBSCRIBE")
        roster = Roster(carol.notified())
        ua1.invite("demo")
        challenged = ua1.expect(401)
        ua1.ack()
        ua1.send_invite(True, authorize(ua1, challenged, ua1.invite_request))
        ua1.expect(200)
        ua1.ack()
        fields = {"Contact": ua1.contact, "Event": "conference", "Expires": "0"}
        ua1.send(ua1.request("INITIATE", headers=fields | {"Confer-To": ua2.own_uri}))
        ua1.expect(202)
        ua1.notified()
        ua2.pick_up(ua2.expect_call())
        until(carol, roster, lambda r: r.status("ua2") == "connected")
        assert text(roster.endpoint("ua2"), "referred/by") is None
        assert text(roster.endpoint("ua2"), "joining-info/by") is None


def test_nobody_else_may_change_what_is_not_theirs():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua9", media=False) as ua9, Phone(server, "ua8", media=False) as ua8:
        conference = Conference(server, ua1, ua2)
        uri = f"sip:{conference.name}@{server.address}"
        initiate(ua9, f"<{ua2.own_uri}>;action=remove", uri, code=403)
        initiate(ua9, ua8.own_uri, uri, code=403)
        initiate(ua9, "<sip:nobody@192.0.2.1>;action=remove", uri, code=403)
        initiate(ua8, f"<{ua2.own_uri}>;action=remove", uri, code=401)
        ua2.expect_nothing()
        conference.end(ua2)


def test_a_policy_may_let_others_change_it():
    policy = """local policy = parley.policy { name = "site" }
    function policy.remove(request)
      if request.actor.user == "ua9" then return accept() end
    end
    return policy"""
    with Server(ACCOUNTS, policy=policy) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua9", media=False) as ua9:
        conference = Conference(server, ua1, ua2)
        initiate(ua9, f"<{ua2.own_uri}>;action=remove", f"sip:{conference.name}@{server.address}")
        ua2.reply(ua2.expect("BYE"), 200)
        ua2.is_up = False
        ua9.notified()
        conference.end()


# ---- under moderation ---------------------------------------------------------------------------

MODERATED = """local policy = parley.policy { name = "site" }
function policy.invite(request)
  return pending { decided_by = "chair", expires = request.uri:find "%s" and "1s" or "1m" }
end
return policy
"""


def waiting(server):
    """{user part of who is to be called: the id of the request that waits}"""
    return {
        each["target"][4:].partition("@")[0]: each["id"]
        for conference in server.status()["conferences"]
        for each in conference["pending"]
    }


def moderated(hasty):
    """Somebody is to call all who are initiated with; about the hasty one nobody decides in time."""
    return Server(ACCOUNTS + "created = { patience = '1s' }\n", policy=MODERATED % hasty)


def test_whoever_is_initiated_with_is_called_once_that_is_approved():
    """202, and by the package what becomes of each: called, refused, nobody has decided."""
    with moderated("ua3") as server, Phone(server, "ua1") as ua1, Phone(server, "ua2") as ua2, Phone(
        server, "ua3"
    ) as ua3, Phone(server, "ua4") as ua4:
        call = Line(ua1)
        initiate(ua1, f"{ua2.own_uri}, {ua3.own_uri}, {ua4.own_uri}")
        first = ua1.notified()
        assert first["Subscription-State"].startswith("active;expires="), first
        roster = Roster(first)
        assert not roster.names(), "nobody has been called"
        assert set(waiting(server)) == {"ua1", "ua2", "ua3", "ua4"}
        until(ua1, roster, lambda r: r.status("ua3") == "disconnected")
        gone = roster.endpoint("ua3")
        assert text(gone, "disconnection-method") == "failed"
        assert "Nobody has decided in time" in text(gone, "disconnection-info/reason")
        # Its patience with who does not come is over by now; with who is still waited for it is not.
        decide(server, "approve", waiting(server)["ua2"])
        ua2.pick_up(ua2.expect_call())
        decide(server, "refuse", waiting(server)["ua4"])
        until(ua1, roster, lambda r: r.status("ua4") == "disconnected")
        assert "Declined" in text(roster.endpoint("ua4"), "disconnection-info/reason")
        call.expect_nothing()
        decide(server, "approve", waiting(server)["ua1"])
        call.pick_up(call.expect_call())
        until(ua1, roster, lambda r: r.status("ua1") == r.status("ua2") == "connected")
        ua3.expect_nothing(0)
        ua4.expect_nothing(0)
        call.hang_up()  # and is the owner
        ua2.reply(ua2.expect("BYE"), 200)
        ua2.is_up = False


def test_a_conference_whose_initiator_may_not_come_is_over():
    for hasty, why in (("nobody", "603 Declined"), ("ua1", "408 Nobody has decided in time")):
        with moderated(hasty) as server, Phone(server, "ua1") as ua1, Phone(server, "ua2") as ua2:
            initiate(ua1, ua2.own_uri)
            roster = Roster(ua1.notified())
            decide(server, "approve", waiting(server)["ua2"])
            ua2.pick_up(ua2.expect_call())
            if hasty != "ua1":
                decide(server, "refuse", waiting(server)["ua1"])
            server.expect_log(rf"invite by sip:ua1@\S+ \(\d+\) is not done: {why}")
            ua2.reply(ua2.expect("BYE"), 200)
            ua2.is_up = False
            while not roster.is_deleted:
                last = ua1.notified()
                roster.take(last)
            assert last["Subscription-State"] == "terminated;reason=noresource"


# ---- what is refused ----------------------------------------------------------------------------


def test_strangers_may_not_initiate_and_nobody_is_called():
    with Server(ACCOUNTS) as server, Phone(server, "ua8", media=False) as ua8, Phone(
        server, "ua2"
    ) as ua2:
        answer = initiate(ua8, ua2.own_uri, code=401)
        assert answer["WWW-Authenticate"]
        initiate(ua8, ua2.own_uri, f"sip:demo@{server.address}", code=401)
        ua2.expect_nothing()
        assert [c["name"] for c in server.status()["conferences"]] == ["demo"]


def test_initiates_that_are_none():
    with Server(ACCOUNTS) as server, Phone(server, "ua8", media=False) as ua8:
        bob = "<sip:bob@192.0.2.1>"
        for confer_to, reason in (
            (None, "Missing Confer-To Header"),
            ("", "Bad Confer-To Header"),
            ("<sip:bob@192.0.2.1", "Bad Confer-To Header"),
            (f"{bob};action=juggle", "Bad Confer-To Header"),
            ("*", "Bad Confer-To Header"),
        ):
            answer = initiate(ua8, confer_to, code=400)
            assert answer.reason == reason, (confer_to, answer)
            assert answer["Warning"]
        initiate(ua8, ", ".join(f"sip:u{n}@192.0.2.1" for n in range(51)), code=413)
        initiate(ua8, bob, headers={"Event": None}, code=489)
        initiate(ua8, bob, headers={"Event": "presence"}, code=489)
        initiate(ua8, bob, headers={"Event": "dialog", "Accept": None}, code=489)
        initiate(ua8, bob, headers={"Accept": "application/pidf+xml"}, code=406)
        initiate(ua8, bob, headers={"Contact": None}, code=400)
        initiate(ua8, bob, headers={"Require": "recipient-list-invite, juggling"}, code=420)
        initiate(ua8, bob, f"sip:nosuch@{server.address}", code=404)


def test_who_is_not_in_cannot_be_removed():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(server, "ua2") as ua2:
        conference = Conference(server, ua1, ua2)
        answer = initiate_again(ua1, "<sip:nobody@192.0.2.1>;action=remove", code=404)
        assert answer.reason == "Nobody of that URI is in"
        conference.end(ua2)


def test_a_policy_that_refuses_one_refuses_all():
    policy = """local policy = parley.policy { name = "site" }
    function policy.invite(request)
      if request.uri:find "ua3" then return reject(403, "Not him") end
    end
    return policy"""
    with Server(ACCOUNTS, policy=policy) as server, Phone(server, "ua1") as ua1, Phone(
        server, "ua2"
    ) as ua2, Phone(server, "ua3") as ua3:
        answer = initiate(ua1, f"{ua2.own_uri}, {ua3.own_uri}", code=403)
        assert answer.reason == "Not him"
        ua2.expect_nothing()
        assert [c["name"] for c in server.status()["conferences"]] == ["demo"]


def test_it_may_be_switched_off():
    for config in ("initiate = false\n", "outbound = { recipients = 0 }\n"):
        with Server(ACCOUNTS + config) as server, Phone(server, "ua8", media=False) as ua8:
            answer = initiate(ua8, "sip:bob@192.0.2.1", code=501)
            assert "INITIATE" not in answer.tokens("Allow")
    with Server(ACCOUNTS) as server, Phone(server, "ua8", media=False) as ua8:
        options(ua8)
        assert "INITIATE" in ua8.expect(200).tokens("Allow")


def test_an_initiate_that_comes_twice_is_one():
    with Server(ACCOUNTS) as server, Phone(server, "ua1") as ua1, Phone(server, "ua2") as ua2:
        call = Line(ua1)
        initiate(ua1, ua2.own_uri)
        ua2.pick_up(ua2.expect_call())
        call.pick_up(call.expect_call())
        ua1.notified()
        ua1.send(ua1.initiate)
        deadline = time.monotonic() + 3 * run.SLOW
        answer = ua1.read(deadline)
        while answer and answer.code != 202:  # a NOTIFY may come in between
            answer = ua1.read(deadline)
        assert answer and answer.raw in ua1.seen
        ua2.expect_nothing()
        call.hang_up()
        ua2.reply(ua2.expect("BYE"), 200)
        ua2.is_up = False


if __name__ == "__main__":
    run.main()
