/* Calling somebody in, with a world that only remembers and a policy that has no opinion but one.
 */
#include "tests/unit/focus/focus_world.h"

static struct conference_event told[64];
static unsigned told_count;
static char told_status[64][24];
static char wished_question[32]; /* confirm */
static struct decision verdict;  /* by: "" for no opinion */

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (request->verb == VERB_INVITE) {
        assert_non_null(request->invitation);
        if (*verdict.by)
            *decision = verdict;
    }
}

static void policy_event(void *ctx, const struct conference_event *event)
{
    const struct participant *participant = focus_participant(focus, event->participant);

    (void)ctx;
    assert_true(told_count < 64);
    (void)snprintf(told_status[told_count], sizeof told_status[0], "%s",
                   participant ? participant_status(participant) : "");
    told[told_count++] = *event;
}

static const struct policy policy = {.decide = policy_decide, .event = policy_event};

static int setup(void **state)
{
    const struct focus_config config = {.domain = "conf.example.com", .answer_timeout = 50};
    const struct conference_config demo = {.name = "demo", .title = "Demo", .capacity = 3};

    (void)state;
    memset(&verdict, 0, sizeof verdict);
    told_count = 0;
    *wished_question = '\0';
    world_open_as(config, &policy);
    return focus_reserve(focus, &demo);
}

static struct decision decision;

static int submit(enum actor_kind kind, bool authenticated, const char *uri)
{
    const struct invitation invitation = {.uri = uri, .name = "Bob"};
    struct request request = {
        .verb = VERB_INVITE,
        .actor = {.kind = kind, .authenticated = authenticated},
        .conference = focus_conference_by_name(focus, "demo"),
        .conference_name = "demo",
        .invitation = &invitation,
        .params = {.role = "guest", .muted = true},
    };

    (void)snprintf(request.params.file, sizeof request.params.file, "%s", wished_question);
    return focus_submit(focus, &request, &decision);
}

static struct call *invite(const char *uri)
{
    assert_int_equal(submit(ACTOR_SERVER, true, uri), 0);
    return world.last_outgoing;
}

static void expect_event(unsigned index, enum conference_event_kind kind, const char *status)
{
    assert_true(index < told_count);
    assert_string_equal(event_name(told[index].kind), event_name(kind));
    assert_string_equal(told_status[index], status);
}

static void who_is_called_dials_rings_joins_and_leaves(void **state)
{
    struct call *call = invite("sip:bob@example.com");
    const struct participant *bob = call->user;
    const struct conference *demo = focus_conference_by_name(focus, "demo");

    (void)state;
    assert_true(call->invited && call->answer.is_focus);
    assert_string_equal(call->answer.contact_user, "demo");
    assert_string_equal(call->answer.subject, "Demo");
    assert_string_equal(call->name, "Bob");
    assert_int_equal(decision.participant, participant_id(bob));
    assert_string_equal(participant_role(bob), "guest");
    assert_true(participant_is_muted(bob));
    assert_int_equal(conference_participant_count(demo), 0);
    assert_ptr_equal(conference_next_participant(demo, NULL), bob);
    world_turn(loop);
    focus_signalling_events()->on_progress(call, 183, "Session Progress", focus);
    assert_string_equal(participant_status(bob), "dialing-out");
    focus_signalling_events()->on_progress(call, 180, "Ringing", focus);
    focus_signalling_events()->on_progress(call, 180, "Ringing", focus);
    world_turn(loop);
    world_session(focus, call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, focus);
    assert_int_equal(conference_participant_count(demo), 1);
    world_turn(loop);
    world_hang_up(focus, call);
    world_turn(loop);
    assert_int_equal(told_count, 6);
    expect_event(0, EVENT_CREATED, "");
    expect_event(1, EVENT_DIALING, "dialing-out");
    expect_event(2, EVENT_ALERTING, "alerting");
    expect_event(3, EVENT_JOINED, "muted-via-focus");
    expect_event(4, EVENT_LEFT, "disconnected");
    expect_event(5, EVENT_ENDED, "");
}

static void what_is_not_even_asked_has_a_decision_without_a_reason(void **state)
{
    struct request request = {.verb = VERB_JOIN, .conference_name = "demo"};

    (void)state;
    memset(&decision, 0xff, sizeof decision);
    assert_int_equal(focus_submit(focus, &request, &decision), EINVAL);
    assert_int_equal(decision.verdict, DECISION_REJECT);
    assert_int_equal(decision.code, 0);
    assert_string_equal(decision.reason, "");
}

static void a_refusal_is_told_with_its_code_and_ends_an_empty_conference(void **state)
{
    struct call *call = invite("sip:bob@example.com");

    (void)state;
    focus_signalling_events()->on_ended(call, 486, "Busy Here", focus);
    phone_free(call);
    world_turn(loop);
    expect_event(2, EVENT_FAILED, "disconnected");
    assert_int_equal(told[2].code, 486);
    assert_string_equal(told[2].reason, "Busy Here");
    expect_event(3, EVENT_ENDED, "");
    assert_int_equal(focus_call_count(focus), 0);
}

static void whoever_does_not_answer_in_time_is_given_up(void **state)
{
    struct call *call = invite("sip:bob@example.com");
    uint64_t deadline = loop_now(loop) + 5000;

    (void)state;
    while (!call->ended && loop_now(loop) < deadline)
        (void)event_base_loop(loop_base(loop), EVLOOP_ONCE);
    assert_true(call->ended);
    assert_int_equal(call->end_code, 408);
    assert_int_equal(focus_call_count(focus), 1); /* its CANCEL is not through yet */
    world_turn(loop);
    expect_event(2, EVENT_FAILED, "disconnected");
    assert_int_equal(told[2].code, 408);
    world_hang_up(focus, call);
    assert_int_equal(focus_call_count(focus), 0);
}

static void who_has_answered_is_not_given_up(void **state)
{
    struct call *call = invite("sip:bob@example.com");
    uint64_t later = loop_now(loop) + 120;

    (void)state;
    focus_signalling_events()->on_established(call, focus);
    while (loop_now(loop) < later)
        (void)event_base_loop(loop_base(loop), EVLOOP_ONCE | EVLOOP_NONBLOCK);
    assert_false(call->ended);
    world_hang_up(focus, call);
}

static void the_end_of_the_conference_is_the_end_of_the_ringing(void **state)
{
    struct call *call = invite("sip:bob@example.com");
    struct request end = {.verb = VERB_END,
                          .actor = {.kind = ACTOR_SERVER},
                          .conference = focus_conference_by_name(focus, "demo"),
                          .conference_name = "demo"};

    (void)state;
    assert_int_equal(focus_submit(focus, &end, &decision), 0);
    assert_true(call->ended);
    world_turn(loop);
    expect_event(2, EVENT_FAILED, "disconnected");
    assert_int_equal(told[2].code, 487);
    world_hang_up(focus, call);
}

/* ---- who is to confirm ---------------------------------------------------------------------- */

/* Bob has answered a call that is to be confirmed, while Alice is in. */
static struct call *answered(struct call **alicep)
{
    struct call *call;

    *alicep = world_join(focus, "alice", "demo");
    (void)snprintf(wished_question, sizeof wished_question, "prompts/a.wav");
    call = invite("sip:bob@example.com");
    assert_null(world.first_player);
    world_session(focus, call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, focus);
    world_turn(loop);
    return call;
}

static void who_is_to_confirm_hears_but_the_question_until_they_do(void **state)
{
    struct call *alice, *call = answered(&alice);
    const struct participant *bob = call->user;
    unsigned bus = world.first_player->bus, count = told_count;
    const struct conference *demo = focus_conference_by_name(focus, "demo");
    const struct leg_route *route = &world_leg_of(call->user)->route;

    (void)state;
    expect_event(count - 1, EVENT_ASKED, "pending"); /* RFC 4575 §5.7.3 */
    assert_int_equal(conference_participant_count(demo), 1);
    assert_string_equal(world.first_player->file, "prompts/a.wav");
    assert_true(route->hears[bus] == 0);
    assert_true(world_leg_of(alice->user)->route.hears[bus] <= GAIN_OFF);
    for (unsigned i = 0; i < MIX_BUSES; i++)
        assert_true(route->speaks[i] <= GAIN_OFF && (i == bus || route->hears[i] <= GAIN_OFF));
    focus_mixing_events()->on_digit(call->user, '5', 100, focus);
    focus_signalling_events()->on_established(call, focus);
    world_turn(loop);
    assert_int_equal(told_count, count);
    focus_mixing_events()->on_digit(call->user, '1', 100, focus);
    world_turn(loop);
    expect_event(count, EVENT_JOINED, "muted-via-focus");
    assert_int_equal(told_count, count + 1);
    assert_true(world.first_player->stopped);
    assert_true(route->hears[MIX_MAIN] == 0);
    assert_int_equal(participant_id(bob), told[count].participant);
    assert_int_equal(conference_participant_count(demo), 2);
    world_hang_up(focus, call);
    world_hang_up(focus, alice);
}

static void who_declines_or_hangs_up_when_asked_has_not_been_in(void **state)
{
    struct call *alice, *call = answered(&alice);

    (void)state;
    focus_mixing_events()->on_digit(call->user, '2', 100, focus);
    assert_true(call->ended);
    world_turn(loop);
    expect_event(told_count - 1, EVENT_FAILED, "disconnected");
    assert_int_equal(told[told_count - 1].code, 603);
    world_hang_up(focus, call);

    call = invite("sip:bob@example.com");
    focus_signalling_events()->on_established(call, focus);
    world_hang_up(focus, call);
    world_turn(loop);
    expect_event(told_count - 1, EVENT_FAILED, "disconnected");
    assert_int_equal(told[told_count - 1].code, 487);
    assert_string_equal(told[told_count - 1].reason, "hung up");
    world_hang_up(focus, alice);
}

static void strangers_have_nobody_called(void **state)
{
    (void)state;
    assert_int_equal(submit(ACTOR_CALLER, false, "sip:bob@example.com"), EPERM);
    assert_int_equal(decision.code, 401);
    assert_null(world.last_outgoing);
    assert_int_equal(submit(ACTOR_CALLER, true, "sip:bob@example.com"), 0);
    world_hang_up(focus, world.last_outgoing);
    assert_int_equal(submit(ACTOR_SCRIPT, true, "sip:bob@example.com"), 0);
    world_hang_up(focus, world.last_outgoing);
}

static void into_a_locked_conference_only_scripts_and_server_invite(void **state)
{
    struct request lock = {.verb = VERB_LOCK,
                           .actor = {.kind = ACTOR_SERVER},
                           .conference = focus_conference_by_name(focus, "demo"),
                           .conference_name = "demo",
                           .params = {.locked = true}};

    (void)state;
    assert_int_equal(focus_submit(focus, &lock, &decision), 0);
    assert_int_equal(submit(ACTOR_CALLER, true, "sip:bob@example.com"), EPERM);
    assert_int_equal(decision.code, 403);
    assert_int_equal(submit(ACTOR_SCRIPT, true, "sip:bob@example.com"), 0);
    world_hang_up(focus, world.last_outgoing);
}

static void the_policy_may_change_the_role_and_refuse(void **state)
{
    struct call *call;

    (void)state;
    verdict = (struct decision){.verdict = DECISION_ACCEPT, .by = "site", .params.role = "host"};
    call = invite("sip:bob@example.com");
    assert_string_equal(participant_role(call->user), "host");
    assert_false(participant_is_muted(call->user));
    world_hang_up(focus, call);
    verdict = (struct decision){.verdict = DECISION_REJECT, .by = "site", .code = 603};
    assert_int_equal(submit(ACTOR_SERVER, true, "sip:bob@example.com"), EPERM);
    assert_int_equal(decision.code, 603);
}

static void who_is_in_or_on_the_way_is_not_called_again(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = invite("sip:bob@example.com"), *again;

    (void)state;
    assert_int_equal(submit(ACTOR_SERVER, true, "sip:bob@EXAMPLE.com"), EALREADY);
    assert_int_equal(decision.participant, participant_id(bob->user));
    assert_string_equal(decision.reason, "already in");
    again = world.last_outgoing;
    assert_true(again->ended && !again->invited);
    world_hang_up(focus, again);
    assert_int_equal(submit(ACTOR_SERVER, true, "sip:alice@example.com"), EALREADY);
    assert_int_equal(decision.participant, participant_id(alice->user));
    world_hang_up(focus, world.last_outgoing);
    world_hang_up(focus, bob);
    world_hang_up(focus, alice);
}

static void what_cannot_be_called_says_why(void **state)
{
    static const struct {
        int error, code;
    } cases[] = {{EINVAL, 400}, {ELOOP, 482}, {EAFNOSUPPORT, 503}, {ENOMEM, 503}};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        world.call_error = cases[i].error;
        assert_int_equal(submit(ACTOR_SERVER, true, "sip:bob@example.com"), ECANCELED);
        assert_int_equal(decision.code, cases[i].code);
    }
    world.call_error = 0;
    assert_int_equal(submit(ACTOR_SERVER, true, "sip:demo@conf.example.com"), ECANCELED);
    assert_int_equal(decision.code, 482);
    world_hang_up(focus, world.last_outgoing);
    world.leg_error = EADDRINUSE;
    assert_int_equal(submit(ACTOR_SERVER, true, "sip:bob@example.com"), ECANCELED);
    assert_int_equal(decision.code, 503);
    world_hang_up(focus, world.last_outgoing);
    assert_int_equal(focus_call_count(focus), 0);
    world_turn(loop);
    assert_int_equal(told[told_count - 1].kind, EVENT_ENDED);
}

static void who_is_being_called_takes_a_seat(void **state)
{
    struct call *calls[3] = {invite("sip:a@example.com"), invite("sip:b@example.com"),
                             invite("sip:c@example.com")};
    struct call *dave;

    (void)state;
    assert_int_equal(submit(ACTOR_SERVER, true, "sip:d@example.com"), ECANCELED);
    assert_int_equal(decision.code, 486);
    world_hang_up(focus, world.last_outgoing);
    dave = world_dial(focus, "dave", "demo");
    assert_int_equal(dave->reject_code, 486);
    world_hang_up(focus, dave);
    for (unsigned i = 0; i < 3; i++)
        world_hang_up(focus, calls[i]);
}

static void stopped(void *arg)
{
    *(bool *)arg = true;
}

static void a_stopping_server_stops_the_ringing_and_calls_nobody(void **state)
{
    struct call *call = invite("sip:bob@example.com");
    bool is_done = false;

    (void)state;
    focus_shutdown(focus, 10000, stopped, &is_done);
    assert_true(call->ended);
    assert_int_equal(submit(ACTOR_SERVER, true, "sip:c@example.com"), ECANCELED);
    assert_int_equal(decision.code, 503);
    world_hang_up(focus, call);
    world_turn(loop);
    assert_true(is_done);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, world_end)
    const struct CMUnitTest tests[] = {
        CASE(who_is_called_dials_rings_joins_and_leaves),
        CASE(what_is_not_even_asked_has_a_decision_without_a_reason),
        CASE(a_refusal_is_told_with_its_code_and_ends_an_empty_conference),
        CASE(whoever_does_not_answer_in_time_is_given_up),
        CASE(who_has_answered_is_not_given_up),
        CASE(the_end_of_the_conference_is_the_end_of_the_ringing),
        CASE(who_is_to_confirm_hears_but_the_question_until_they_do),
        CASE(who_declines_or_hangs_up_when_asked_has_not_been_in),
        CASE(strangers_have_nobody_called),
        CASE(into_a_locked_conference_only_scripts_and_server_invite),
        CASE(the_policy_may_change_the_role_and_refuse),
        CASE(who_is_in_or_on_the_way_is_not_called_again),
        CASE(what_cannot_be_called_says_why),
        CASE(who_is_being_called_takes_a_seat),
        CASE(a_stopping_server_stops_the_ringing_and_calls_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
