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
