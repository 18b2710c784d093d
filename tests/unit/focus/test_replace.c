/* Calls that name another one: Join (RFC 3911), Replaces (RFC 3891); who may, and what is told. */
#include "tests/unit/focus/focus_world.h"

static bool is_allowed;     /* by the policy */
static struct request last; /* what it was asked */
static struct conference_event told[32];
static unsigned told_count;

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    last = *request;
    if (request->verb == VERB_REPLACE && is_allowed)
        decision->verdict = DECISION_ACCEPT;
}

static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    assert_true(told_count < 32);
    told[told_count++] = *event;
}

static int setup(void **state)
{
    static const struct policy policy = {.decide = policy_decide, .event = policy_event};

    (void)state;
    told_count = 0;
    is_allowed = true;
    world_open(&policy);
    (void)world_reserve_demo();
    return 0;
}

/* An INVITE to `called` that names a call. */
static struct call *dial_naming(const char *user, const char *called,
                                const struct named_dialog *names, bool is_proven)
{
    struct call *call = world_call_from(user, called, "127.0.0.1");

    call->info.caller.authenticated = is_proven;
    call->info.names = names;
    focus_signalling_events()->on_incoming(call, focus);
    call->info.names = NULL;
    return call;
}

static struct call *dial_replacing(const char *user, struct call *old, bool is_proven)
{
    return dial_naming(user, "demo", &(struct named_dialog){.is_replaced = true, .call = old},
                       is_proven);
}

static void confirm(struct call *call)
{
    assert_true(call->answered);
    world_session(focus, call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, focus);
}

/* Ends what was refused, which nobody will hang up. */
static void expect_refused(struct call *call, int code)
{
    assert_false(call->answered);
    assert_int_equal(call->reject_code, code);
    world_hang_up(focus, call);
}

static void the_old_call_goes_when_the_new_one_is_confirmed(void **state)
{
    struct call *old = world_join(focus, "alice", "demo");
    struct call *new = dial_replacing("alice", old, false);
    uint64_t old_id = participant_id(old->user), new_id;

    (void)state;
    assert_int_equal(new->progress, 0);
    assert_false(old->ended);
    confirm(new);
    new_id = participant_id(new->user);
    assert_true(old->ended);
    assert_int_equal(old->end_code, 200);
    world_turn(loop);
    assert_int_equal(told[told_count - 1].kind, EVENT_REPLACED);
    assert_int_equal(told[told_count - 1].participant, new_id);
    assert_int_equal(told[told_count - 1].other, old_id);
    assert_int_equal(told_count, 3); /* created, joined, and this */
    assert_int_equal(conference_participant_count(focus_conference_by_name(focus, "demo")), 1);
    world_hang_up(focus, old);
    world_hang_up(focus, new);
}

static void it_begins_as_the_old_one_is(void **state)
{
    struct call *old = world_join(focus, "alice", "demo"), *new;
    struct decision decision;
    struct request mute = {
        .verb = VERB_MUTE,
        .conference = focus_conference_by_name(focus, "demo"),
        .conference_name = "demo",
        .target = participant_id(old->user),
        .params.muted = true,
    };

    (void)state;
    actor_of_server(&mute.actor);
    assert_int_equal(focus_submit(focus, &mute, &decision), 0);
    new = dial_replacing("alice", old, false);
    assert_true(last.params.muted);
    assert_string_equal(last.params.role, "participant");
    confirm(new);
    assert_true(participant_is_muted(new->user));
    world_hang_up(focus, old);
    world_hang_up(focus, new);
}

static void only_one_call_at_a_time_may_replace_another(void **state)
{
    struct call *old = world_join(focus, "alice", "demo");
    struct call *new = dial_replacing("alice", old, false);

    (void)state;
    expect_refused(dial_replacing("alice", old, false), 491);
    expect_refused(dial_replacing("alice", new, false), 491);
    world_hang_up(focus, new); /* before its ACK */
    assert_false(old->ended);
    new = dial_replacing("alice", old, false);
    world_hang_up(focus, old); /* by itself */
    confirm(new);
    world_turn(loop);
    assert_int_equal(told[told_count - 1].kind, EVENT_JOINED);
    world_hang_up(focus, new);
}

static void by_default_it_must_be_the_same_who_has_proven_it(void **state)
{
    struct call *stranger = world_join(focus, "alice", "demo"), *known, *again;

    (void)state;
    is_allowed = false;
    expect_refused(dial_replacing("alice", stranger, true), 403);
    expect_refused(dial_replacing("alice", stranger, false), 403);
    world_hang_up(focus, stranger);
    known = world_call_from("alice", "demo", "127.0.0.1");
    known->info.caller.authenticated = true;
    focus_signalling_events()->on_incoming(known, focus);
    confirm(known);
    expect_refused(dial_replacing("alice", known, false), 401);
    expect_refused(dial_replacing("bob", known, true), 403);
    again = dial_replacing("alice", known, true);
    confirm(again);
    assert_true(known->ended);
    world_hang_up(focus, known);
    world_hang_up(focus, again);
}

static void whose_call_has_left_or_was_never_let_in(void **state)
{
    struct call *old = world_join(focus, "alice", "demo"), other = {.info.id = "other"};
    struct decision decision;
    struct request remove = {
        .verb = VERB_REMOVE,
        .conference = focus_conference_by_name(focus, "demo"),
        .conference_name = "demo",
        .target = participant_id(old->user),
    };

    (void)state;
    actor_of_server(&remove.actor);
    assert_int_equal(focus_submit(focus, &remove, &decision), 0);
    expect_refused(dial_replacing("alice", old, false), 603);
    expect_refused(dial_naming("bob", "demo", &(struct named_dialog){.call = old}, false), 603);
    expect_refused(dial_replacing("alice", &other, false), 481);
    world_hang_up(focus, old);
}

static void a_join_is_asked_about_with_whose_call_it_names(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    const struct named_dialog names = {.call = alice}, none = {.call = NULL};
    struct call *bob = dial_naming("bob", "demo", &names, false), *carol;

    (void)state;
    assert_true(bob->answered);
    assert_int_equal(last.target, participant_id(alice->user));
    assert_false(last.by_dialog);
    expect_refused(dial_naming("carol", "elsewhere", &names, false), 401);
    assert_true(last.by_dialog);
    carol = dial_naming("carol", "elsewhere", &names, true);
    assert_true(carol->answered);
    assert_string_equal(carol->answer.contact_user, "demo");
    expect_refused(dial_naming("dave", "elsewhere", &none, true), 481);
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
    world_hang_up(focus, carol);
}

static void a_conference_does_not_begin_for_a_join_that_fails(void **state)
{
    const struct named_dialog none = {.call = NULL};

    (void)state;
    world.leg_error = EADDRINUSE;
    expect_refused(dial_naming("bob", "demo", &none, false), 503);
    assert_int_equal(world.mixes, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_old_call_goes_when_the_new_one_is_confirmed),
        CASE(it_begins_as_the_old_one_is),
        CASE(only_one_call_at_a_time_may_replace_another),
        CASE(by_default_it_must_be_the_same_who_has_proven_it),
        CASE(whose_call_has_left_or_was_never_let_in),
        CASE(a_join_is_asked_about_with_whose_call_it_names),
        CASE(a_conference_does_not_begin_for_a_join_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
