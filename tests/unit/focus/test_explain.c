/* Why somebody does or does not hear another: each situation and its reason. */
#include "focus/explain.h"
#include "tests/unit/focus/focus_world.h"

static struct conference *demo;
static struct call *alice, *bob;
static struct explanation found;
static struct request_params entry; /* what the policy gives who comes in, if it has a role */
static bool refuses;

/* As a script would: the second line of a file, in its third generation. */
static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    (void)snprintf(decision->by, sizeof decision->by, "policy/site.lua:2");
    decision->generation = 3;
    if (request->verb == VERB_JOIN && *entry.role)
        decision->params = entry;
    if (refuses) {
        decision->verdict = DECISION_REJECT;
        decision->code = 403;
        (void)snprintf(decision->reason, sizeof decision->reason, "Not you");
    }
}

static void ask(enum verb verb, const struct call *target, const struct request_params *params);

/* The one hook: who presses 5 is muted. */
static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    if (event->kind == EVENT_DIGIT && event->digit == '5')
        ask(VERB_MUTE, alice, &(struct request_params){.muted = true});
}

static const struct policy policy = {.decide = policy_decide, .event = policy_event};

/* What a script's line asks. */
static void ask(enum verb verb, const struct call *target, const struct request_params *params)
{
    struct request request = {
        .verb = verb,
        .actor = {.kind = ACTOR_SCRIPT, .uri = "policy/site.lua", .position = "policy/site.lua:9"},
        .conference = demo,
        .conference_name = "demo",
        .target = target ? participant_id(target->user) : 0,
        .params = *params,
    };
    struct decision decision;

    assert_int_equal(focus_submit(focus, &request, &decision), 0);
}

static int setup(void **state)
{
    (void)state;
    memset(&entry, 0, sizeof entry);
    refuses = false;
    world_open(&policy);
    demo = world_reserve_demo();
    return 0;
}

static struct call *join(const char *user)
{
    struct call *call = world_dial(focus, user, "demo");
    struct session session = {.direction = STREAM_SENDRECV, .format_count = 1};

    focus_signalling_events()->on_session(call, &session, focus);
    focus_signalling_events()->on_established(call, focus);
    return call;
}

static void two_join(void)
{
    alice = join("alice");
    bob = join("bob");
}

static void two_leave(void)
{
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
}

/* Asks why bob does not hear alice: the first reason. */
static const struct reason *silence(void)
{
    explain_pair(bob->user, alice->user, &found);
    assert_false(found.is_audible);
    assert_true(found.count > 0);
    return &found.reasons[0];
}

static void who_is_heard_is_said_to_be_with_gain_and_voice(void **state)
{
    char head[200];

    (void)state;
    two_join();
    ask(VERB_VOLUME, alice, &(struct request_params){.speaks = 3});
    ask(VERB_VOLUME, bob, &(struct request_params){.hears = -1});
    explain_pair(bob->user, alice->user, &found);
    explanation_head(bob->user, alice->user, &found, head, sizeof head);
    assert_string_equal(head, "bob hears alice at +2.0 dB");
    assert_int_equal(found.count, 3);
    assert_string_equal(found.reasons[0].text, "alice is heard at +3.0 dB");
    assert_string_equal(found.reasons[1].text, "bob hears all at -1.0 dB");
    assert_string_equal(found.reasons[2].text,
                        "alice does not speak at the moment: -127 dBov come in");
    assert_false(found.reasons[2].is_caused);
    focus_mixing_events()->on_speaking(alice->user, true, focus);
    explain_pair(bob->user, alice->user, &found);
    assert_string_equal(found.reasons[2].text, "alice speaks at the moment");
    two_leave();
}

static void who_was_muted_is_muted_by_the_line_that_asked_in_its_event(void **state)
{
    const struct reason *reason;
    char line[REASON_LINE];

    (void)state;
    two_join();
    focus_mixing_events()->on_digit(bob->user, '5', 100, focus);
    world_turn(loop);
    reason = silence();
    assert_string_equal(reason->text, "alice is muted");
    assert_string_equal(reason->cause.who, "policy/site.lua:9");
    assert_string_equal(reason->cause.by, "policy/site.lua:2");
    assert_int_equal(reason->cause.generation, 3);
    assert_int_equal(reason->cause.event, EVENT_DIGIT);
    reason_line(focus, reason, line, sizeof line);
    assert_non_null(strstr(line, "alice is muted: asked by policy/site.lua:9 when told digit 5 of "
                                 "bob, decided by policy/site.lua:2, generation 3, 20"));
    world_hang_up(focus, bob);
    world_turn(loop);
    explain_one(alice->user, &found);
    reason_line(focus, &found.reasons[1], line, sizeof line);
    assert_non_null(strstr(line, "digit 5 of somebody who has left"));
    world_hang_up(focus, alice);
}

static void who_is_muted_by_the_rule_of_entry_is_told_of_that_rule(void **state)
{
    (void)state;
    entry = (struct request_params){.role = "listener", .muted = true, .hidden = true};
    two_join();
    assert_string_equal(silence()->text, "alice is muted since coming in");
    assert_int_equal(silence()->cause.verb, VERB_JOIN);
    assert_string_equal(silence()->cause.who, ""); /* who is hidden */
    explain_one(alice->user, &found);
    assert_string_equal(found.reasons[0].text, "alice is in as listener");
    assert_string_equal(found.reasons[1].text,
                        "alice is hidden: only moderators are shown that they are in");
    assert_string_equal(found.reasons[2].text, "alice is muted since coming in");
    two_leave();
}

static void hold_by_us_has_a_cause_and_hold_by_the_phone_has_none(void **state)
{
    (void)state;
    two_join();
    ask(VERB_HOLD, alice, &(struct request_params){.held = true});
    assert_string_equal(silence()->text, "alice is on hold");
    assert_int_equal(silence()->cause.verb, VERB_HOLD);
    ask(VERB_HOLD, alice, &(struct request_params){.held = false});
    ask(VERB_HOLD, bob, &(struct request_params){.held = true});
    assert_string_equal(silence()->text, "bob is on hold");
    ask(VERB_HOLD, bob, &(struct request_params){.held = false});
    focus_signalling_events()->on_session(
        alice, &(struct session){.direction = STREAM_RECVONLY, .held = true, .format_count = 1},
        focus);
    assert_string_equal(silence()->text, "alice has put the conference on hold, by the phone");
    assert_false(silence()->is_caused);
    two_leave();
}

static void a_stream_that_does_not_flow_says_whose_doing_it_is(void **state)
{
    (void)state;
    two_join();
    focus_signalling_events()->on_session(
        alice, &(struct session){.direction = STREAM_SENDONLY, .format_count = 1}, focus);
    assert_string_equal(silence()->text,
                        "the phone of alice sends nothing (its stream is recvonly)");
    focus_signalling_events()->on_session(
        alice, &(struct session){.direction = STREAM_SENDRECV, .format_count = 1}, focus);
    ask(VERB_MEDIA, NULL, &(struct request_params){.direction = STREAM_SENDONLY});
    assert_string_equal(silence()->text, "the conference takes nobody's audio");
    assert_int_equal(silence()->cause.verb, VERB_MEDIA);
    focus_signalling_events()->on_session(alice, &(struct session){.format_count = 0}, focus);
    assert_string_equal(silence()->text, "alice has no audio stream");
    two_leave();
}

static void standing_is_told_with_what_changed_it(void **state)
{
    (void)state;
    two_join();
    ask(VERB_PERMIT, alice, &(struct request_params){.listen_only = true});
    assert_string_equal(silence()->text, "alice may only listen");
    assert_int_equal(silence()->cause.verb, VERB_PERMIT);
    ask(VERB_ROLE, alice, &(struct request_params){.role = "guest"});
    ask(VERB_RENAME, alice, &(struct request_params){.display_name = "Alice L."});
    ask(VERB_FLOOR, alice, &(struct request_params){.floor = true});
    explain_one(alice->user, &found);
    assert_string_equal(found.reasons[0].text, "alice is in");
    assert_int_equal(found.reasons[0].cause.verb, VERB_JOIN);
    assert_string_equal(found.reasons[1].text, "alice has the role guest");
    assert_int_equal(found.reasons[1].cause.verb, VERB_ROLE);
    assert_string_equal(found.reasons[2].text, "alice is shown as \"Alice L.\"");
    assert_string_equal(found.reasons[3].text, "alice has the floor");
    ask(VERB_PERMIT, alice, &(struct request_params){.listen_only = false});
    explain_pair(bob->user, alice->user, &found);
    assert_true(found.is_audible);
    two_leave();
}

static void who_is_not_in_yet_is_said_to_be_on_the_way(void **state)
{
    (void)state;
    bob = join("bob");
    alice = world_dial(focus, "alice", "demo");
    assert_string_equal(silence()->text,
                        "alice is not in yet: the phone has not confirmed the call");
    two_leave();
}

static void who_takes_the_place_of_another_has_its_causes(void **state)
{
    struct decision decision = {.by = "policy/old.lua:1", .cause = {.at = 1}};
    struct cause kept = {.at = 0};

    (void)state;
    two_join();
    assert_string_equal(participant_cause(alice->user, CAUSE_MUTE)->by, "policy/site.lua:2");
    cause_note(&kept, &decision);
    assert_string_equal(kept.by, "policy/old.lua:1");
    ask(VERB_MUTE, alice, &(struct request_params){.muted = true});
    causes_inherit(bob->user, alice->user);
    assert_int_equal(participant_cause(bob->user, CAUSE_MUTE)->verb, VERB_JOIN);
    ask(VERB_MUTE, bob, &(struct request_params){.muted = true});
    causes_inherit(bob->user, alice->user);
    assert_int_equal(participant_cause(bob->user, CAUSE_MUTE)->verb, VERB_MUTE);
    two_leave();
}

static void refusals_are_remembered_newest_first_and_the_same_ones_once(void **state)
{
    const struct incident *incident;
    unsigned count = 0;
    struct call *call;
    char user[16];

    (void)state;
    alice = join("alice");
    assert_null(conference_next_incident(demo, NULL));
    ask(VERB_REMOVE, alice, &(struct request_params){.reason = "Too loud"});
    world_hang_up(focus, alice);
    refuses = true;
    for (unsigned i = 0; i < 2 * INCIDENTS_KEPT; i++) {
        (void)snprintf(user, sizeof user, "user%u", i / 2);
        call = world_dial(focus, user, "demo");
        world_hang_up(focus, call);
    }
    incident = conference_next_incident(demo, NULL);
    assert_string_equal(incident->cause.who, "sip:user63@example.com");
    assert_string_equal(incident->cause.by, "policy/site.lua:2");
    assert_int_equal(incident->code, 403);
    assert_int_equal(incident->count, 2);
    for (; incident; incident = conference_next_incident(demo, incident)) {
        assert_string_not_equal(incident->whom, "sip:alice@example.com"); /* the oldest has gone */
        count++;
    }
    assert_int_equal(count, INCIDENTS_KEPT);
}

static void who_was_put_out_is_remembered_with_the_reason(void **state)
{
    const struct incident *incident;

    (void)state;
    alice = join("alice");
    ask(VERB_REMOVE, alice, &(struct request_params){.reason = "Too loud"});
    incident = conference_next_incident(demo, NULL);
    assert_string_equal(incident->whom, "sip:alice@example.com");
    assert_string_equal(incident->reason, "Too loud");
    assert_string_equal(incident->cause.who, "policy/site.lua:9");
    world_hang_up(focus, alice);
}

static void who_is_turned_away_for_want_of_room_is_remembered(void **state)
{
    const struct incident *incident;
    struct call *call;

    (void)state;
    two_join();
    world.mix_overloaded = true;
    call = world_dial(focus, "carol", "demo");
    assert_int_equal(call->reject_code, 503);
    incident = conference_next_incident(demo, NULL);
    assert_non_null(incident);
    assert_int_equal(incident->code, 503);
    assert_string_equal(incident->reason, "Server is overloaded");
    assert_string_equal(incident->cause.who, "sip:carol@example.com");
    assert_string_equal(incident->cause.by, "default");
    assert_null(conference_next_incident(demo, incident));
    world_hang_up(focus, call);
    two_leave();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_end)
        TEST(who_is_heard_is_said_to_be_with_gain_and_voice),
        TEST(who_was_muted_is_muted_by_the_line_that_asked_in_its_event),
        TEST(who_is_muted_by_the_rule_of_entry_is_told_of_that_rule),
        TEST(hold_by_us_has_a_cause_and_hold_by_the_phone_has_none),
        TEST(a_stream_that_does_not_flow_says_whose_doing_it_is),
        TEST(standing_is_told_with_what_changed_it),
        TEST(who_is_not_in_yet_is_said_to_be_on_the_way),
        TEST(who_takes_the_place_of_another_has_its_causes),
        TEST(refusals_are_remembered_newest_first_and_the_same_ones_once),
        TEST(who_was_put_out_is_remembered_with_the_reason),
        TEST(who_is_turned_away_for_want_of_room_is_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
