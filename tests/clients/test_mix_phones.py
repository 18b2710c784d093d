"""Who hears whom by policy, in what real phones have recorded: a coach, a lecture."""

import audio
import digest
import run
import tone
from audio import RATE, whistle
from parley import ROOT, Server
from phones import Baresip, Linphone
from sip import Phone

SECONDS = 30  # of what the phones say; more than any call here lasts
COACHED = (ROOT / "README.md").read_text().split("```lua example=coached.lua\n")[1].split("```")[0]
HALL = f"""
accounts = {{ alice = {{ ha1 = "{digest.ha1("MD5", "alice", "parley", "wonder")}" }} }}
conferences = {{ hall = {{ policy = "lecture", options = {{ lecturers = {{ "alice" }}, murmur = -20 }} }} }}
"""


def last_seconds(phone, seconds=2):
    """What it heard at the end, but for the last moments, when others may be gone."""
    recording = phone.recording()
    return recording[-int((seconds + 0.5) * RATE) : -RATE // 2]


@run.real_time
@run.limit(60)
def test_a_coach_is_heard_by_the_agent_alone():
    with Server(policy=COACHED) as server, Linphone("agent", whistle(530, SECONDS)) as agent, Baresip(
        "customer", whistle(830, SECONDS)
    ) as customer, Phone(server, "coach") as coach:
        coach.say(tone.sine(1130)).call("desk")
        for phone in (customer, agent):
            phone.call(f"sip:desk@{server.address}")
        tone.assert_hears(coach.hear(3, settle=1), {530: -20, 830: -32}, tolerance=1)
        agent.hang_up()
        customer.hang_up()
        tone.assert_hears(last_seconds(agent), {1130: -23, 830: -32}, tolerance=1)
        tone.assert_hears(last_seconds(customer), {530: -20}, (1130,), tolerance=1)


@run.real_time
@run.limit(60)
def test_a_lecture_is_heard_by_the_hall_and_its_murmur_by_the_lecturer():
    with Server(HALL) as server, Baresip(
        "alice", whistle(530, SECONDS), server=server, password="wonder"
    ) as alice, Linphone("bob", whistle(830, SECONDS)) as bob, Phone(server, "carol") as carol:
        for phone in (alice, bob):
            phone.call(f"sip:hall@{server.address}")
        carol.say(tone.sine(1130)).call("hall")
        tone.assert_hears(carol.hear(3, settle=1), {530: -20}, (830,), tolerance=1)
        bob.hang_up()
        alice.hang_up()
        tone.assert_hears(last_seconds(alice), {830: -40, 1130: -40}, tolerance=1)
        tone.assert_hears(last_seconds(bob), {530: -20}, (1130,), tolerance=1)


if __name__ == "__main__":
    run.main()
