/* What waits for a decision: who may decide, how it ends, and what it does meanwhile. */
#include "tests/unit/focus/focus_world.h"

#include "focus/pending.h"

enum { PATIENCE = 20 }; /* ms */

static struct conference *demo;
static enum meanwhile meanwhile;
static bool is_open;                 /* who calls is let in, as a moderator */
static struct conference_event last; /* decided */
static unsigned decided_count, left_count, ended_count;

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (request->verb == VERB_DECIDE)
        return;
    if (is_open) {
        decision->verdict = DECISION_ACCEPT;
        (void)snprintf(decision->params.role, sizeof decision->params.role, "moderator");
        return;
    }
    decision->verdict = DECISION_PENDING;
    decision->waiting =
        (struct waiting){.expires = 60000, .decided_by = {"moderator"}, .meanwhile = meanwhile};
}

static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    if (event->kind == EVENT_DECIDED) {
        last = *event;
        decided_count++;
    }
    left_count += event->kind == EVENT_LEFT;
    ended_count += event->kind == EVENT_ENDED;
}

static int setup(void **state)
{
    static const struct policy policy = {.decide = policy_decide, .event = policy_event};
    const struct conference_life life = {.empty_timeout = 0};

    (void)state;
    decided_count = left_count = ended_count = 0;
    meanwhile = MEANWHILE_MUSIC;
    world_open(&policy);
    focus_set_life(focus, &life, PATIENCE, PATIENCE);
    assert_int_equal(
        focus_reserve(focus, &(struct conference_config){.name = "demo", .capacity = 2}), 0);
    demo = focus_conference_by_name(focus, "demo");
    return 0;
}

static struct call *come_in(const char *user)
{
    struct call *call;

    is_open = true;
    call = world_join(focus, user, "demo");
    is_open = false;
    return call;
}

static uint64_t first_pending(void)
{
    const struct pending *pending = conference_next_pending(demo, NULL);

    assert_non_null(pending);
    return pending_id(pending);
}

static int decide(const struct actor *actor, bool approved, struct decision *decision)
{
    const struct request wish = {.params = {.approved = approved}};

    return pending_submit(focus, actor, first_pending(), &wish, decision);
}

static int decide_as_operator(bool approved, struct decision *decision)
{
    struct actor actor;

    actor_of_server(&actor);
    return decide(&actor, approved, decision);
}

static int ask_to_mute(const struct call *target, struct decision *decision)
{
    struct request request = {
        .verb = VERB_MUTE,
        .conference = demo,
        .conference_name = "demo",
        .target = participant_id(target->user),
        .params = {.muted = true},
    };

    actor_of_server(&request.actor);
    return focus_submit(focus, &request, decision);
}

static void only_who_has_the_role_and_has_proven_it_decides(void **state)
{
    struct call *alice = come_in("alice"), *bob;
    struct decision decision;
    struct actor actor;

    (void)state;
    bob = world_dial(focus, "bob", "demo");
    actor_of_caller(&actor, &alice->info.caller);
    actor.participant = participant_id(alice->user);
    assert_int_equal(decide(&actor, true, &decision), EPERM);
    assert_int_equal(decision.code, 401);
    actor.authenticated = true;
    actor.participant = 0; /* from elsewhere */
    assert_int_equal(decide(&actor, true, &decision), EPERM);
    assert_int_equal(decision.code, 403);
    assert_int_equal(conference_participant_count(demo), 1);
    actor.participant = participant_id(alice->user);
    assert_int_equal(decide(&actor, true, &decision), 0);
    assert_int_equal(conference_participant_count(demo), 2);
    world_hang_up(focus, bob);
    world_hang_up(focus, alice);
}

static void who_is_approved_while_it_is_full_goes_on_waiting(void **state)
{
    struct call *alice = come_in("alice"), *bob = come_in("bob"), *carol;
    struct decision decision;

    (void)state;
    carol = world_dial(focus, "carol", "demo");
    assert_int_equal(decide_as_operator(true, &decision), ECANCELED);
    assert_int_equal(decision.code, 486);
    assert_false(carol->ended);
    world_hang_up(focus, bob);
    assert_int_equal(decide_as_operator(true, &decision), 0);
    assert_int_equal(conference_participant_count(demo), 2);
    world_hang_up(focus, carol);
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_int_equal(decided_count, 1);
    assert_true(last.on);
}

static void a_conference_does_not_end_while_somebody_waits(void **state)
{
    struct call *alice = come_in("alice"), *bob = world_dial(focus, "bob", "demo");
    struct decision decision;

    (void)state;
    world_hang_up(focus, alice);
    assert_int_equal(world.mixes, 2); /* his, and that of the conference */
    assert_int_equal(decide_as_operator(true, &decision), 0);
    assert_int_equal(world.mixes, 1);
    world_hang_up(focus, bob);
    assert_int_equal(world.mixes, 0);
}

static int ask(struct conference *conference, enum verb verb, uint64_t target)
{
    struct request request = {
        .verb = verb,
        .conference = conference,
        .conference_name = conference_name(conference),
        .target = target,
    };
    struct decision decision;

    actor_of_server(&request.actor);
    return focus_submit(focus, &request, &decision);
}

static void who_is_to_be_removed_is_once_that_is_approved(void **state)
{
    struct call *alice = come_in("alice");
    struct decision decision;

    (void)state;
    assert_int_equal(ask(demo, VERB_REMOVE, participant_id(alice->user)), EINPROGRESS);
    assert_int_equal(decide_as_operator(true, &decision), 0);
    assert_null(conference_next_pending(demo, NULL));
    assert_true(alice->ended);
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_int_equal(decided_count, 1);
    assert_true(last.on);
    assert_int_equal(left_count, 1);
}

static void a_conference_ends_once_that_is_approved(void **state)
{
    struct call *alice = come_in("alice"), *bob = world_dial(focus, "bob", "demo");
    struct decision decision;

    (void)state;
    assert_int_equal(ask(demo, VERB_END, 0), EINPROGRESS);
    assert_int_equal(decide_as_operator(false, &decision), 0); /* bob */
    assert_int_equal(decide_as_operator(true, &decision), 0);
    assert_null(conference_next_pending(demo, NULL));
    assert_true(alice->ended);
    assert_true(bob->ended);
    world_hang_up(focus, bob);
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_int_equal(decided_count, 2);
    assert_true(last.on);
    assert_int_equal(left_count, 1);
    assert_int_equal(ended_count, 1);
}

static void the_last_one_who_is_removed_takes_the_conference_along(void **state)
{
    struct call *alice = come_in("alice");
    struct decision decision;

    (void)state;
    assert_int_equal(ask(demo, VERB_REMOVE, participant_id(alice->user)), EINPROGRESS);
    focus_unreserve(focus, "demo");
    assert_int_equal(decide_as_operator(true, &decision), 0);
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_null(focus_conference_by_name(focus, "demo"));
    assert_int_equal(decided_count, 1);
    assert_true(last.on);
    assert_int_equal(left_count, 1);
}

static void there_is_no_audio_before_the_answer_without_an_offer(void **state)
{
    struct call *call = world_call_from("alice", "demo", "127.0.0.1");

    (void)state;
    meanwhile = MEANWHILE_EARLY;
    call->info.has_offer = false;
    focus_signalling_events()->on_incoming(call, focus);
    assert_int_equal(call->progress, 180);
    assert_false(call->answered);
    world_hang_up(focus, call);
    world_turn(loop);
    assert_int_equal(last.code, 487);
}

static void a_call_that_cannot_be_answered_does_not_wait(void **state)
{
    struct call *call;

    (void)state;
    world.leg_error = EADDRINUSE;
    call = world_dial(focus, "alice", "demo");
    assert_int_equal(call->reject_code, 503);
    assert_null(conference_next_pending(demo, NULL));
    world_hang_up(focus, call);
}

static void who_asks_for_privacy_has_it_whoever_decides(void **state)
{
    struct call *call = world_call_from("alice", "demo", "127.0.0.1");
    const struct request_params instead = {.role = "guest"};
    const struct request wish = {.instead = &instead, .params = {.approved = true}};
    struct decision decision;
    struct actor actor;

    (void)state;
    call->info.caller.anonymous = true;
    focus_signalling_events()->on_incoming(call, focus);
    actor_of_server(&actor);
    assert_int_equal(pending_submit(focus, &actor, first_pending(), &wish, &decision), 0);
    assert_int_equal(participant_anonymous(focus_participant(focus, decision.participant)), 1);
    world_hang_up(focus, call);
}

static void what_is_wished_about_somebody_goes_with_them(void **state)
{
    struct call *alice = come_in("alice");
    struct decision decision;

    (void)state;
    assert_int_equal(ask_to_mute(alice, &decision), EINPROGRESS);
    assert_int_equal(decision.pending, first_pending());
    world_hang_up(focus, alice);
    assert_null(conference_next_pending(demo, NULL));
    world_turn(loop);
    assert_int_equal(last.code, 480);
}

static unsigned heard_count;

/* Who hears what has become of their wish wants none of what waits any more. */
static void want_it_over(void *arg, const struct decision *result)
{
    const struct pending *pending = NULL;

    (void)result;
    heard_count++;
    pending_cancel(focus, *(uint64_t *)arg);
    while ((pending = conference_next_pending(demo, NULL)))
        pending_cancel(focus, pending_id(pending));
}

static void wish_and_watch(uint64_t target, uint64_t *id)
{
    assert_int_equal(ask(demo, VERB_ANNOUNCE, target), EINPROGRESS);
    *id = first_pending();
    assert_int_equal(ask(demo, VERB_ANNOUNCE, target), EINPROGRESS);
    pending_watch(focus_pending(focus, *id), want_it_over, id);
    heard_count = 0;
}

static void who_hears_of_a_refusal_may_withdraw_the_rest(void **state)
{
    struct call *alice = come_in("alice");
    uint64_t id;

    (void)state;
    wish_and_watch(participant_id(alice->user), &id);
    focus_unreserve(focus, "demo"); /* which goes with her */
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_int_equal(heard_count, 1);
    assert_int_equal(decided_count, 2);
    assert_int_equal(left_count, 1);
    assert_int_equal(ended_count, 1);
    assert_null(focus_conference_by_name(focus, "demo"));
    assert_null(focus_pending(focus, id));
}

static void who_hears_of_an_approval_may_withdraw_the_rest(void **state)
{
    struct call *alice = come_in("alice");
    struct decision decision;
    uint64_t id;

    (void)state;
    wish_and_watch(0, &id);
    assert_int_equal(decide_as_operator(true, &decision), 0);
    world_turn(loop);
    assert_int_equal(heard_count, 1);
    assert_int_equal(decided_count, 2);
    assert_null(focus_pending(focus, id));
    world_hang_up(focus, alice);
}

static struct conference *make_sidebar(void)
{
    static const struct sidebar_wish wish = {.asks = false};
    struct request request = {
        .verb = VERB_SIDEBAR, .conference = demo, .conference_name = "demo", .sidebar = &wish};
    struct decision decision;

    actor_of_server(&request.actor);
    is_open = true;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    is_open = false;
    return focus_conference(focus, decision.sidebar);
}

static void nobody_waits_to_play_to_who_has_left_or_to_take_them_aside(void **state)
{
    struct call *alice = come_in("alice"), *bob = come_in("bob");
    struct conference *sidebar = make_sidebar();

    (void)state;
    assert_int_equal(ask(demo, VERB_ANNOUNCE, participant_id(bob->user)), EINPROGRESS);
    assert_int_equal(ask(sidebar, VERB_SIDEBAR, participant_id(bob->user)), EINPROGRESS);
    assert_int_equal(ask(demo, VERB_ANNOUNCE, 0), EINPROGRESS);
    assert_int_equal(ask(sidebar, VERB_SIDEBAR, participant_id(alice->user)), EINPROGRESS);
    world_hang_up(focus, bob);
    world_turn(loop);
    assert_int_equal(decided_count, 2);
    assert_int_equal(last.code, 480);
    assert_string_equal(last.reason, "Who it is about has left");
    /* What is about all, or about somebody else, goes on. */
    assert_int_equal(pending_request(focus_pending(focus, first_pending()))->target, 0);
    assert_non_null(conference_next_pending(sidebar, NULL));
    world_hang_up(focus, alice);
}

static void there_is_an_end_to_what_may_wait(void **state)
{
    struct call *alice = come_in("alice"), *bob;
    struct decision decision;
    unsigned count = 0;

    (void)state;
    while (ask_to_mute(alice, &decision) == EINPROGRESS)
        count++;
    assert_int_equal(count, 200);
    assert_int_equal(decision.code, 503);
    bob = world_dial(focus, "bob", "demo");
    assert_int_equal(bob->reject_code, 503);
    assert_true(bob->retry_after > 0);
    world_hang_up(focus, bob);
    world_hang_up(focus, alice);
    for (unsigned i = 0; i < 8; i++)
        world_turn(loop);
    assert_int_equal(decided_count, count);
}

static void whoever_refers_is_told_what_has_become_of_it(void **state)
{
    struct call *alice = come_in("alice");
    struct referral referral = {0};
    const struct invitation invitation = {
        .uri = "sip:carol@192.0.2.7", .name = "", .referral = &referral};
    struct request request = {
        .verb = VERB_INVITE,
        .conference = demo,
        .conference_name = "demo",
        .invitation = &invitation,
    };
    struct decision decision;

    (void)state;
    actor_of_server(&request.actor);
    assert_int_equal(focus_submit(focus, &request, &decision), EINPROGRESS);
    world.call_error = ENOENT;
    assert_int_equal(decide_as_operator(true, &decision), ECANCELED);
    assert_int_equal(referral.code, 480);
    world.call_error = 0;
    referral = (struct referral){0};
    assert_int_equal(focus_submit(focus, &request, &decision), EINPROGRESS);
    assert_int_equal(decide_as_operator(true, &decision), 0);
    assert_int_equal(referral.reports, 0); /* the phone rings */
    focus_signalling_events()->on_ended(world.last_outgoing, 486, "Busy Here", focus);
    assert_int_equal(referral.code, 486);
    phone_free(world.last_outgoing);
    world_hang_up(focus, alice);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_who_has_the_role_and_has_proven_it_decides),
        TEST(who_is_approved_while_it_is_full_goes_on_waiting),
        TEST(a_conference_does_not_end_while_somebody_waits),
        TEST(who_is_to_be_removed_is_once_that_is_approved),
        TEST(a_conference_ends_once_that_is_approved),
        TEST(the_last_one_who_is_removed_takes_the_conference_along),
        TEST(there_is_no_audio_before_the_answer_without_an_offer),
        TEST(a_call_that_cannot_be_answered_does_not_wait),
        TEST(who_asks_for_privacy_has_it_whoever_decides),
        TEST(what_is_wished_about_somebody_goes_with_them),
        TEST(who_hears_of_a_refusal_may_withdraw_the_rest),
        TEST(who_hears_of_an_approval_may_withdraw_the_rest),
        TEST(nobody_waits_to_play_to_who_has_left_or_to_take_them_aside),
        TEST(there_is_an_end_to_what_may_wait),
        TEST(whoever_refers_is_told_what_has_become_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
