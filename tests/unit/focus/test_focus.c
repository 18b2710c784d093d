/* The focus with a world that only remembers, and a policy that does as the test says. */
#include "tests/unit/focus/focus_world.h"

static struct conference_event told[64];
static unsigned told_count;
/* What the policy answers to each verb; a verb without an answer is left to the default. */
static struct decision answers[VERB_COUNT];
static bool has_answer[VERB_COUNT];
static uint64_t forgotten;

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (has_answer[request->verb])
        *decision = answers[request->verb];
}

static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    assert_true(told_count < 64);
    told[told_count++] = *event;
    if (event->kind == EVENT_LEFT) {
        struct participant *participant = focus_participant(focus, event->participant);
        struct leg_stats stats;

        assert_non_null(participant);
        assert_false(participant_has_joined(participant));
        participant_stats(participant, &stats);
        assert_int_equal(stats.received, 7);
    }
}

static void policy_forget(void *ctx, uint64_t conference)
{
    (void)ctx;
    forgotten = conference;
}

static const struct policy policy = {
    .decide = policy_decide, .event = policy_event, .forget = policy_forget};

static void answer_with(enum verb verb, enum verdict verdict, int code)
{
    has_answer[verb] = true;
    answers[verb].verdict = verdict;
    answers[verb].code = code;
}

static void make_focus(unsigned max_calls, const char *domain)
{
    const struct focus_config config = {
        .domain = domain, .max_calls = max_calls, .media_timeout = 1000};

    memset(has_answer, 0, sizeof has_answer);
    memset(answers, 0, sizeof answers);
    told_count = 0;
    forgotten = 0;
    world_open_as(config, &policy);
    (void)world_reserve_demo();
}

static int setup(void **state)
{
    (void)state;
    make_focus(0, "");
    return 0;
}

static struct participant *participant_of(const struct call *call)
{
    return call->user;
}

static const struct leg *leg_of_call(const struct call *call)
{
    const struct leg *leg = world_leg_of(call->user);

    assert_non_null(leg);
    return leg;
}

static void a_conference_that_does_not_exist_is_404(void **state)
{
    struct call *call = world_dial(focus, "alice", "nowhere");

    (void)state;
    assert_int_equal(call->reject_code, 404);
    assert_false(call->answered);
    world_hang_up(focus, call);
    assert_int_equal(focus_call_count(focus), 0);
}

static void a_caller_is_rung_answered_as_by_a_focus_and_told_of_once_joined(void **state)
{
    struct call *call = world_dial(focus, "alice", "demo");

    (void)state;
    assert_true(call->answered);
    assert_true(call->answer.rings);
    assert_true(call->answer.is_focus);
    assert_string_equal(call->answer.contact_user, "demo");
    world_session(focus, call, STREAM_SENDRECV, false);
    world_turn(loop);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].kind, EVENT_CREATED);
    focus_signalling_events()->on_established(call, focus);
    assert_int_equal(told_count, 1); /* never from within */
    world_turn(loop);
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].kind, EVENT_JOINED);
    assert_int_equal(told[1].participant, participant_id(participant_of(call)));
    world_hang_up(focus, call);
    world_turn(loop);
    assert_int_equal(told_count, 4);
    assert_int_equal(told[2].kind, EVENT_LEFT);
    assert_string_equal(told[2].reason, "hung up");
    assert_int_equal(told[3].kind, EVENT_ENDED);
    assert_null(focus_participant(focus, told[1].participant));
}

static void what_happened_before_a_call_is_told_before_it_is_decided(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo"), *bob;

    (void)state;
    assert_int_equal(told_count, 0);
    bob = world_dial(focus, "bob", "demo"); /* in the same turn of the loop */
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].kind, EVENT_JOINED);
    world_hang_up(focus, bob);
    world_hang_up(focus, alice);
}

static void a_policy_can_make_a_conference_that_ends_with_its_last_participant(void **state)
{
    struct call *alice, *bob;
    uint64_t id;

    (void)state;
    answer_with(VERB_CREATE, DECISION_ACCEPT, 0);
    alice = world_join(focus, "alice", "anywhere");
    bob = world_join(focus, "bob", "anywhere");
    assert_non_null(focus_conference_by_name(focus, "anywhere"));
    id = conference_id(focus_conference_by_name(focus, "anywhere"));
    assert_int_equal(conference_participant_count(focus_conference(focus, id)), 2);
    world_hang_up(focus, alice);
    assert_non_null(focus_conference_by_name(focus, "anywhere"));
    world_hang_up(focus, bob);
    assert_null(focus_conference_by_name(focus, "anywhere"));
    assert_non_null(focus_conference(focus, id)); /* until its end has been told */
    world_turn(loop);
    assert_null(focus_conference(focus, id));
    assert_int_equal(forgotten, id);
}

static void a_conference_made_for_a_caller_who_is_refused_vanishes(void **state)
{
    struct call *call;

    (void)state;
    answer_with(VERB_CREATE, DECISION_ACCEPT, 0);
    answer_with(VERB_JOIN, DECISION_REJECT, 603);
    call = world_dial(focus, "mallory", "anywhere");
    assert_int_equal(call->reject_code, 603);
    assert_null(focus_conference_by_name(focus, "anywhere"));
    world_hang_up(focus, call);
}

static void a_full_conference_is_486(void **state)
{
    struct call *alice, *bob;

    (void)state;
    assert_int_equal(
        focus_reserve(focus, &(struct conference_config){.name = "small", .capacity = 1}), 0);
    alice = world_dial(focus, "alice", "small"); /* not even joined: on her way in */
    bob = world_dial(focus, "bob", "small");
    assert_true(alice->answered);
    assert_int_equal(bob->reject_code, 486);
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
}

static void a_full_server_is_503_with_retry_after(void **state)
{
    struct call *alice, *bob;

    (void)world_end(state);
    make_focus(1, "");
    alice = world_join(focus, "alice", "demo");
    bob = world_join(focus, "bob", "demo");
    assert_int_equal(bob->reject_code, 503);
    assert_true(bob->retry_after > 0);
    world_hang_up(focus, bob);
    world_hang_up(focus, alice);
    bob = world_join(focus, "bob", "demo");
    assert_true(bob->answered);
    world_hang_up(focus, bob);
}

static void an_overloaded_server_is_503_and_its_calls_go_on(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo"), *bob, *carol;
    struct query query = {.requested_user = "demo", .requested_host = "127.0.0.1"};
    struct focus_overload overload;

    (void)state;
    answer_with(VERB_CREATE, DECISION_ACCEPT, 0);
    world.overloaded = true; /* every thread but that of "demo" */
    focus_mixing_events()->on_overload(1, focus);
    bob = world_join(focus, "bob", "new");
    assert_int_equal(bob->reject_code, 503);
    assert_true(bob->retry_after > 0);
    assert_null(focus_conference_by_name(focus, "new"));
    carol = world_join(focus, "carol", "demo");
    assert_true(carol->answered);
    world.mix_overloaded = true;
    world_hang_up(focus, bob);
    bob = world_join(focus, "bob", "demo");
    assert_int_equal(bob->reject_code, 503);
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 503);
    assert_true(query.retry_after > 0);
    query = (struct query){.requested_user = "", .requested_host = "127.0.0.1"};
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 503); /* who asks whether to send calls here is told, too */
    focus_overload(focus, &overload);
    assert_int_equal(overload.threads, 1);
    assert_true(overload.since > 0);
    assert_int_equal(overload.turned_away, 2);
    world.overloaded = world.mix_overloaded = false;
    focus_mixing_events()->on_overload(0, focus);
    focus_overload(focus, &overload);
    assert_int_equal(overload.threads, 0);
    world_hang_up(focus, bob);
    bob = world_join(focus, "bob", "demo");
    assert_true(bob->answered);
    assert_false(alice->ended);
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
    world_hang_up(focus, carol);
}

static void a_foreign_domain_is_404_and_an_address_is_ours(void **state)
{
    struct call *call;

    (void)world_end(state);
    make_focus(0, "conf.example.com");
    call = world_dial_at(focus, "alice", "demo", "elsewhere.example.com");
    assert_int_equal(call->reject_code, 404);
    world_hang_up(focus, call);
    call = world_dial_at(focus, "alice", "demo", "CONF.example.com");
    assert_true(call->answered);
    world_hang_up(focus, call);
    call = world_dial_at(focus, "alice", "demo", "[::1]");
    assert_true(call->answered);
    world_hang_up(focus, call);
}

static void without_ports_it_is_503_and_without_the_family_488(void **state)
{
    struct call *call;

    (void)state;
    world.leg_error = EADDRINUSE;
    call = world_dial(focus, "alice", "demo");
    assert_int_equal(call->reject_code, 503);
    assert_true(call->retry_after > 0);
    world_hang_up(focus, call);
    world.leg_error = EAFNOSUPPORT;
    call = world_dial(focus, "alice", "demo");
    assert_int_equal(call->reject_code, 488);
    world_hang_up(focus, call);
    world.leg_error = 0;
    world.mix_error = ENOMEM;
    call = world_dial(focus, "alice", "demo");
    assert_int_equal(call->reject_code, 503);
    world_hang_up(focus, call);
}

static struct request about(enum verb verb, struct call *call, const char *name)
{
    struct conference *conference = focus_conference_by_name(focus, name);

    return (struct request){
        .verb = verb,
        .actor = {.kind = ACTOR_SERVER},
        .conference = conference,
        .conference_name = name,
        .target = call ? participant_id(participant_of(call)) : 0,
    };
}

static void muting_takes_the_gain_away_and_is_told(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct request request = about(VERB_MUTE, alice, "demo");
    struct decision decision;

    (void)state;
    assert_true(leg_of_call(alice)->route.speaks[MIX_MAIN] == 0.0f);
    assert_true(leg_of_call(alice)->route.hears[MIX_MAIN] == 0.0f);
    request.params.muted = true;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(leg_of_call(alice)->route.speaks[MIX_MAIN] <= GAIN_OFF);
    assert_true(leg_of_call(alice)->route.hears[MIX_MAIN] == 0.0f);
    assert_true(participant_is_muted(participant_of(alice)));
    assert_int_equal(focus_submit(focus, &request, &decision), 0); /* again: nothing new */
    world_turn(loop);
    assert_int_equal(told_count, 3);
    assert_int_equal(told[2].kind, EVENT_MUTED);
    assert_true(told[2].on);
    answer_with(VERB_MUTE, DECISION_REJECT, 403);
    request.params.muted = false;
    assert_int_equal(focus_submit(focus, &request, &decision), EPERM);
    assert_int_equal(decision.code, 403);
    assert_true(participant_is_muted(participant_of(alice)));
    world_hang_up(focus, alice);
}

static void what_the_mixer_has_no_memory_for_is_not_said_to_be_done(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct request mute = about(VERB_MUTE, alice, "demo"),
                   louder = about(VERB_VOLUME, alice, "demo");
    struct decision decision;

    (void)state;
    world_turn(loop);
    told_count = 0;
    mute.params.muted = true;
    louder.params.speaks = 6;
    world.route_error = ENOMEM;
    assert_int_equal(focus_submit(focus, &mute, &decision), ECANCELED);
    assert_int_equal(decision.code, 500);
    assert_false(participant_is_muted(participant_of(alice)));
    assert_int_equal(focus_submit(focus, &louder, &decision), ECANCELED);
    assert_true(participant_speaks(participant_of(alice)) == 0);
    world_turn(loop);
    assert_int_equal(told_count, 0);
    world.route_error = 0;
    assert_int_equal(focus_submit(focus, &mute, &decision), 0);
    assert_true(participant_is_muted(participant_of(alice)));
    world_hang_up(focus, alice);
}

/* What its phone does cannot be refused: hold music of its own would be heard by all. */
static void who_cannot_be_held_for_want_of_memory_is_removed(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    world.route_error = ENOMEM;
    world_session(focus, alice, STREAM_RECVONLY, true);
    assert_true(alice->ended);
    world_turn(loop);
    assert_int_equal(told[told_count - 2].kind, EVENT_LEFT);
    assert_int_equal(told[told_count - 2].code, 500);
    world_hang_up(focus, alice);
}

static void strangers_change_nothing_and_are_asked_who_they_are(void **state)
{
    static const enum verb verbs[] = {VERB_MUTE, VERB_REMOVE, VERB_LOCK, VERB_END};
    struct call *alice = world_join(focus, "alice", "demo");
    struct decision decision;

    (void)state;
    for (unsigned i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        struct request request = about(verbs[i], alice, "demo");

        request.actor.kind = ACTOR_CALLER;
        assert_int_equal(focus_submit(focus, &request, &decision), EPERM);
        assert_int_equal(decision.code, 401);
        answer_with(verbs[i], DECISION_REJECT, 401);
        request.actor.authenticated = true;
        assert_int_equal(focus_submit(focus, &request, &decision), EPERM);
        assert_int_equal(decision.code, 403); /* not asked for ever */
        has_answer[verbs[i]] = false;
        assert_int_equal(focus_submit(focus, &request, &decision), 0);
        if (verbs[i] == VERB_REMOVE) {
            world_hang_up(focus, alice);
            alice = world_join(focus, "alice", "demo");
        }
    }
    world_hang_up(focus, alice);
}

static void a_caller_that_is_challenged_gets_401(void **state)
{
    struct call *alice;

    (void)state;
    answer_with(VERB_JOIN, DECISION_REJECT, 401);
    alice = world_join(focus, "alice", "demo");
    assert_int_equal(alice->reject_code, 401);
    world_hang_up(focus, alice);
}

static void a_policy_can_let_in_muted_and_with_a_role(void **state)
{
    struct call *alice;

    (void)state;
    answer_with(VERB_JOIN, DECISION_ACCEPT, 0);
    answers[VERB_JOIN].params.muted = true;
    (void)snprintf(answers[VERB_JOIN].params.role, sizeof answers[VERB_JOIN].params.role, "%s",
                   "listener");
    alice = world_join(focus, "alice", "demo");
    assert_string_equal(participant_role(participant_of(alice)), "listener");
    assert_true(leg_of_call(alice)->route.speaks[MIX_MAIN] <= GAIN_OFF);
    world_hang_up(focus, alice);
}

static void removing_ends_the_call_and_leaves_the_roster_at_once(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo");
    struct request request = about(VERB_REMOVE, bob, "demo");
    struct decision decision;

    (void)state;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(bob->ended);
    assert_int_equal(conference_participant_count(request.conference), 1);
    assert_int_equal(focus_call_count(focus), 2); /* the BYE still has to be answered */
    assert_int_equal(focus_submit(focus, &request, &decision), ENOENT);
    world_hang_up(focus, bob);
    assert_int_equal(focus_call_count(focus), 1);
    world_hang_up(focus, alice);
}

static void a_locked_conference_is_403_unless_the_policy_says_otherwise(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo"), *bob;
    struct request request = about(VERB_LOCK, NULL, "demo");
    struct decision decision;

    (void)state;
    request.params.locked = true;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    bob = world_join(focus, "bob", "demo");
    assert_int_equal(bob->reject_code, 403);
    world_hang_up(focus, bob);
    answer_with(VERB_JOIN, DECISION_ACCEPT, 0);
    bob = world_join(focus, "bob", "demo");
    assert_true(bob->answered);
    world_hang_up(focus, bob);
    world_hang_up(focus, alice);
}

static void ending_ends_all_calls_and_a_reserved_conference_can_be_called_again(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo");
    struct request request = about(VERB_END, NULL, "demo");
    struct decision decision;

    (void)state;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(alice->ended && bob->ended);
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
    alice = world_join(focus, "alice", "demo");
    assert_true(alice->answered);
    world_hang_up(focus, alice);
}

static void hold_silences_and_resume_brings_back(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    world_session(focus, alice, STREAM_RECVONLY, true);
    assert_true(participant_is_held(participant_of(alice)));
    assert_true(leg_of_call(alice)->route.speaks[MIX_MAIN] <= GAIN_OFF);
    world_session(focus, alice, STREAM_SENDRECV, false);
    assert_false(participant_is_held(participant_of(alice)));
    assert_true(leg_of_call(alice)->route.speaks[MIX_MAIN] == 0.0f);
    world_turn(loop);
    assert_int_equal(told[2].kind, EVENT_HELD);
    assert_true(told[2].on);
    assert_int_equal(told[3].kind, EVENT_HELD);
    assert_false(told[3].on);
    world_hang_up(focus, alice);
}

static void who_only_sends_from_the_start_is_a_source_not_on_hold(void **state)
{
    struct call *radio = world_dial(focus, "radio", "demo");

    (void)state;
    world_session(focus, radio, STREAM_RECVONLY, true);
    focus_signalling_events()->on_established(radio, focus);
    assert_false(participant_is_held(participant_of(radio)));
    assert_true(leg_of_call(radio)->route.speaks[MIX_MAIN] == 0.0f);
    world_session(focus, radio, STREAM_RECVONLY, true); /* a refresh changes nothing */
    assert_false(participant_is_held(participant_of(radio)));
    world_hang_up(focus, radio);
}

static void a_change_of_quality_is_told_of_those_who_have_joined(void **state)
{
    struct call *alice = world_dial(focus, "alice", "demo");
    struct leg_quality quality = {.grade = "poor", .before = "good", .mos = 2.9f};

    (void)state;
    focus_mixing_events()->on_quality(participant_of(alice), &quality, focus);
    world_session(focus, alice, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(alice, focus);
    world_turn(loop);
    told_count = 0;
    focus_mixing_events()->on_quality(participant_of(alice), &quality, focus);
    world_turn(loop);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].kind, EVENT_QUALITY);
    assert_int_equal(told[0].participant, participant_id(participant_of(alice)));
    assert_string_equal(told[0].quality.grade, "poor");
    world_hang_up(focus, alice);
}

static void a_dead_line_is_removed_unless_the_policy_keeps_it(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    answer_with(VERB_TIMEOUT, DECISION_REJECT, 403);
    focus_mixing_events()->on_timeout(participant_of(alice), 1000, focus);
    assert_false(alice->ended);
    has_answer[VERB_TIMEOUT] = false;
    focus_mixing_events()->on_timeout(participant_of(alice), 1000, focus);
    assert_true(alice->ended);
    assert_int_equal(alice->end_code, 408);
    world_hang_up(focus, alice);
}

static void flickering_speech_is_told_only_when_it_changed(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct participant *participant = participant_of(alice);

    (void)state;
    world_turn(loop);
    told_count = 0;
    focus_mixing_events()->on_speaking(participant, true, focus);
    focus_mixing_events()->on_speaking(participant, false, focus);
    world_turn(loop);
    assert_int_equal(told_count, 0);
    focus_mixing_events()->on_speaking(participant, true, focus);
    focus_mixing_events()->on_speaking(participant, false, focus);
    focus_mixing_events()->on_speaking(participant, true, focus);
    world_turn(loop);
    assert_int_equal(told_count, 1);
    assert_true(told[0].on);
    world_hang_up(focus, alice);
}

static unsigned done_count;

static void done(void *arg)
{
    (void)arg;
    done_count++;
}

static void shutdown_ends_all_refuses_new_calls_and_waits_for_the_answers(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo"), *bob;

    (void)state;
    done_count = 0;
    focus_shutdown(focus, 60000, done, NULL);
    assert_true(alice->ended);
    bob = world_dial(focus, "bob", "demo");
    assert_int_equal(bob->reject_code, 503);
    world_hang_up(focus, bob);
    world_turn(loop);
    assert_int_equal(done_count, 0);
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_int_equal(done_count, 1);
}

static void a_caller_who_gives_up_before_the_ack_leaves_nothing(void **state)
{
    struct call *alice = world_dial(focus, "alice", "demo");

    (void)state;
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_int_equal(told_count, 2); /* created, ended; nobody joined or left */
    assert_int_equal(told[1].kind, EVENT_ENDED);
}

static void options_say_what_an_invite_would_meet(void **state)
{
    struct caller caller = {.uri = "sip:alice@example.com", .user = "alice"};
    struct query query = {
        .requested_user = "demo", .requested_host = "127.0.0.1", .caller = &caller};

    (void)state;
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 200);
    assert_true(query.is_focus);
    query.requested_user = "nowhere";
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 404);
    assert_false(query.is_focus);
    answer_with(VERB_CREATE, DECISION_REJECT, 401);
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 401);
    query.requested_user = "";
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 200);
    assert_false(query.is_focus);
}

static void options_to_a_foreign_domain_are_404_and_to_a_full_server_503(void **state)
{
    struct caller caller = {.uri = "sip:alice@example.com", .user = "alice"};
    struct query query = {
        .requested_user = "demo", .requested_host = "elsewhere.example.com", .caller = &caller};
    struct call *call;

    (void)world_end(state);
    make_focus(1, "conf.example.com");
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 404);
    assert_false(query.is_focus);
    query.requested_host = "conf.example.com";
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 200);
    call = world_dial_at(focus, "alice", "demo", "conf.example.com");
    focus_signalling_events()->on_query(&query, focus);
    assert_int_equal(query.code, 503);
    world_hang_up(focus, call);
}

static void a_request_about_somebody_in_another_conference_is_refused(void **state)
{
    struct call *alice, *bob;
    struct request request;
    struct decision decision;

    (void)state;
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = "board"}), 0);
    alice = world_join(focus, "alice", "demo");
    bob = world_join(focus, "bob", "board");
    request = about(VERB_REMOVE, bob, "demo");
    assert_int_equal(focus_submit(focus, &request, &decision), ENOENT);
    assert_false(bob->ended);
    request = about(VERB_REMOVE, bob, "board");
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(bob->ended);
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
}

static void a_name_that_nobody_could_call_is_not_reserved(void **state)
{
    char name[200];

    (void)state;
    memset(name, 'x', sizeof name);
    name[129] = '\0';
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = name}), EINVAL);
    name[128] = '\0';
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = name}), 0);
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = ""}), EINVAL);
}

static void when_the_time_for_the_answers_is_up_the_focus_goes_without_them(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    done_count = 0;
    focus_shutdown(focus, 0, done, NULL);
    assert_true(alice->ended);
    while (done_count == 0)
        (void)event_base_loop(loop_base(loop), EVLOOP_ONCE);
    assert_int_equal(done_count, 1);
    assert_int_equal(focus_call_count(focus), 1);
    phone_free(alice); /* as signalling does without a word; teardown destroys the focus */
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, world_end)
    const struct CMUnitTest tests[] = {
        CASE(a_conference_that_does_not_exist_is_404),
        CASE(a_caller_is_rung_answered_as_by_a_focus_and_told_of_once_joined),
        CASE(what_happened_before_a_call_is_told_before_it_is_decided),
        CASE(a_policy_can_make_a_conference_that_ends_with_its_last_participant),
        CASE(a_conference_made_for_a_caller_who_is_refused_vanishes),
        CASE(a_full_conference_is_486),
        CASE(a_full_server_is_503_with_retry_after),
        CASE(an_overloaded_server_is_503_and_its_calls_go_on),
        CASE(a_foreign_domain_is_404_and_an_address_is_ours),
        CASE(without_ports_it_is_503_and_without_the_family_488),
        CASE(muting_takes_the_gain_away_and_is_told),
        CASE(what_the_mixer_has_no_memory_for_is_not_said_to_be_done),
        CASE(who_cannot_be_held_for_want_of_memory_is_removed),
        CASE(strangers_change_nothing_and_are_asked_who_they_are),
        CASE(a_caller_that_is_challenged_gets_401),
        CASE(a_policy_can_let_in_muted_and_with_a_role),
        CASE(removing_ends_the_call_and_leaves_the_roster_at_once),
        CASE(a_locked_conference_is_403_unless_the_policy_says_otherwise),
        CASE(ending_ends_all_calls_and_a_reserved_conference_can_be_called_again),
        CASE(hold_silences_and_resume_brings_back),
        CASE(who_only_sends_from_the_start_is_a_source_not_on_hold),
        CASE(a_change_of_quality_is_told_of_those_who_have_joined),
        CASE(a_dead_line_is_removed_unless_the_policy_keeps_it),
        CASE(flickering_speech_is_told_only_when_it_changed),
        CASE(shutdown_ends_all_refuses_new_calls_and_waits_for_the_answers),
        CASE(a_caller_who_gives_up_before_the_ack_leaves_nothing),
        CASE(options_say_what_an_invite_would_meet),
        CASE(options_to_a_foreign_domain_are_404_and_to_a_full_server_503),
        CASE(a_request_about_somebody_in_another_conference_is_refused),
        CASE(a_name_that_nobody_could_call_is_not_reserved),
        CASE(when_the_time_for_the_answers_is_up_the_focus_goes_without_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
