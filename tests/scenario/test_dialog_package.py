"""The dialog package (RFC 4235) for the calls of a conference: what Join and Replaces name
(RFC 4579 §5.8, §5.9), for those whom the policy shows it."""

import run
from parley import OPEN, Server
from roster import DIALOG, Dialogs
from sip import Phone

DIALOGS = """
local policy = parley.policy { name = "dialogs" }
function policy.subscribe(request)
  if request.package == "dialog" and request.actor.user == "watcher" then return accept() end
end
function policy.digit(_, _, participant) participant:remove "Enough" end
return policy
"""


def watch(watcher):
    watcher.subscribe(event="dialog")
    watcher.expect(200)
    return Dialogs(watcher.notified())


def take_until(watcher, dialogs, ready):
    while not ready():
        dialogs.take(watcher.notified())


def test_the_dialogs_of_a_conference_as_a_watcher_sees_them():
    with Server(policy=DIALOGS) as server, Phone(server) as alice, Phone(
        server, "watcher", media=False
    ) as watcher:
        dialogs = watch(watcher)
        assert not dialogs.table
        alice.call()
        take_until(watcher, dialogs, lambda: dialogs.table)
        (dialog,) = dialogs.table.values()
        assert dialog.get("call-id") == alice.call_id
        assert dialog.get("local-tag") == alice.remote_tag
        assert dialog.get("remote-tag") == alice.local_tag
        assert dialog.get("direction") == "recipient"
        assert dialog.findtext(f"{DIALOG}state") == "confirmed"
        me = f"sip:alice@{alice.address}:{alice.port}"
        assert dialogs.identities() == {me}
        assert dialog.find(f"{DIALOG}remote/{DIALOG}target").get("uri") == me
        alice.hang_up()
        take_until(watcher, dialogs, lambda: dialogs.ended)
        (dialog,) = dialogs.ended.values()
        assert dialog.find(f"{DIALOG}state").get("event") == "remote-bye"
        assert not dialogs.table


def test_who_is_hidden_has_no_dialog():
    policy = DIALOGS.replace(
        "function policy.digit",
        """function policy.join(request)
  if request.actor.user == "alice" then return accept { hidden = true } end
end
function policy.digit""",
    )
    with Server(policy=policy) as server, Phone(server) as alice, Phone(server, "bob") as bob, Phone(
        server, "watcher", media=False
    ) as watcher:
        dialogs = watch(watcher)
        alice.call()
        bob.call()
        take_until(watcher, dialogs, lambda: dialogs.table)
        alice.hang_up()
        bob.hang_up()
        take_until(watcher, dialogs, lambda: dialogs.ended)
        seen = {*dialogs.table, *dialogs.ended}
        assert len(seen) == 1 and dialogs.ended.popitem()[1].get("call-id") == bob.call_id


def test_who_is_put_out_has_a_local_bye():
    with Server(policy=DIALOGS) as server, Phone(server) as alice, Phone(
        server, "watcher", media=False
    ) as watcher:
        alice.call()
        dialogs = watch(watcher)
        assert len(dialogs.table) == 1
        alice.audio.press("1")
        alice.reply(alice.expect("BYE"), 200)
        take_until(watcher, dialogs, lambda: dialogs.ended)
        (dialog,) = dialogs.ended.values()
        assert dialog.find(f"{DIALOG}state").get("event") == "local-bye"


def one(dialogs):
    """State, event and direction of the only dialog; None when there is none, or several."""
    if len(dialogs.table) + len(dialogs.ended) != 1:
        return None
    (dialog,) = [*dialogs.table.values(), *dialogs.ended.values()]
    state = dialog.find(f"{DIALOG}state")
    return state.text, state.get("event"), dialog.get("direction")


def test_a_call_of_ours_is_trying_early_and_confirmed():
    with Server(policy=DIALOGS) as server, Phone(server, "carol") as carol, Phone(
        server, "watcher", media=False
    ) as watcher:
        dialogs = watch(watcher)
        assert server.command("invite", "demo", carol.own_uri).returncode == 0
        request = carol.expect_call()
        take_until(watcher, dialogs, lambda: one(dialogs) == ("trying", None, "initiator"))
        (dialog,) = dialogs.table.values()
        assert dialog.get("call-id") == request["Call-ID"]
        assert dialog.get("local-tag") == request.tag("From")
        assert dialog.get("remote-tag") is None
        carol.reply(request, 180)
        take_until(watcher, dialogs, lambda: one(dialogs) == ("early", None, "initiator"))
        (dialog,) = dialogs.table.values()
        assert dialog.get("remote-tag") == carol.local_tag
        carol.pick_up(request)
        take_until(watcher, dialogs, lambda: one(dialogs) == ("confirmed", None, "initiator"))
        (dialog,) = dialogs.table.values()
        assert dialog.get("remote-tag") == carol.local_tag
        assert dialog.find(f"{DIALOG}remote/{DIALOG}target").get("uri") == carol.own_uri
        carol.hang_up()
        take_until(
            watcher, dialogs, lambda: one(dialogs) == ("terminated", "remote-bye", "initiator")
        )


def test_a_call_of_ours_that_fails_says_how():
    for code, event in ((486, "rejected"), (None, "timeout")):
        with Server(config="outbound = { timeout = 1 }\n", policy=DIALOGS) as server, Phone(
            server, "carol"
        ) as carol, Phone(server, "watcher", media=False) as watcher:
            dialogs = watch(watcher)
            assert server.command("invite", "demo", carol.own_uri).returncode == 0
            request = carol.expect_call()
            carol.reply(request, 180)
            take_until(watcher, dialogs, lambda: one(dialogs) == ("early", None, "initiator"))
            if code is None:
                carol.reply(carol.expect("CANCEL"), 200)
            carol.reply(request, code or 487)
            carol.expect("ACK")
            take_until(
                watcher, dialogs, lambda: one(dialogs) == ("terminated", event, "initiator")
            )


def test_a_refresh_tells_all_dialogs_with_the_next_version():
    with Server(policy=DIALOGS) as server, Phone(server) as alice, Phone(
        server, "watcher", media=False
    ) as watcher:
        alice.call()
        dialogs = watch(watcher)
        watcher.resubscribe(event="dialog")
        watcher.expect(200)
        before = dict(dialogs.table)
        dialogs.take(watcher.notified())
        assert dialogs.version == 1 and dialogs.table.keys() == before.keys()


def test_nobody_sees_dialogs_without_the_policys_word():
    for policy in (None, OPEN, DIALOGS):
        with Server(policy=policy) as server, Phone(server) as alice:
            alice.call()
            alice.resubscribe(event="dialog")
            alice.expect(403, method="SUBSCRIBE")


def test_who_wants_no_name_has_none_here_either():
    with Server(policy=DIALOGS) as server, Phone(server) as alice, Phone(
        server, "watcher", media=False
    ) as watcher:
        alice.call(headers={"Privacy": "id"})
        dialogs = watch(watcher)
        (dialog,) = dialogs.table.values()
        assert dialog.find(f"{DIALOG}remote") is None


if __name__ == "__main__":
    run.main()
