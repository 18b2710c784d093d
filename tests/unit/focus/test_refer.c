/* What is asked by REFER, with a world that only remembers and a policy that is told what to say.
 */
#include "tests/unit/focus/focus_world.h"

#include "ports/referring.h"

static struct decision verdict; /* by: "" for no opinion */
static struct {
    unsigned asked;
    enum verb verb;
    char actor[80], referred_by[80], replaces[80];
    bool authenticated, by_refer, inside;
} last;                /* that the policy was asked about */
static bool is_hidden; /* who joins */
static struct referral referral;
static struct reference reference;

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    const struct invitation *invitation = request->invitation;

    (void)ctx;
    if (request->verb == VERB_JOIN)
        decision->params.hidden = is_hidden;
    if (request->verb != VERB_INVITE && request->verb != VERB_REMOVE)
        return;
    last.asked++;
    last.verb = request->verb;
    last.authenticated = request->actor.authenticated;
    last.inside = request->actor.participant != 0;
    last.by_refer = invitation && invitation->by_refer;
    (void)snprintf(last.actor, sizeof last.actor, "%s", request->actor.uri);
    (void)snprintf(last.referred_by, sizeof last.referred_by, "%s", request->actor.referred_by);
    (void)snprintf(last.replaces, sizeof last.replaces, "%s",
                   invitation && invitation->replaces ? invitation->replaces : "");
    if (*verdict.by)
        *decision = verdict;
}

static const struct policy policy = {.decide = policy_decide};

static int setup(void **state)
{
    const struct focus_config config = {.domain = "conf.example.com", .answer_timeout = 5000};
    const struct conference_config demo = {.name = "demo", .title = "Demo", .capacity = 3};

    (void)state;
    memset(&verdict, 0, sizeof verdict);
    memset(&last, 0, sizeof last);
    memset(&referral, 0, sizeof referral);
    world_open_as(config, &policy);
    return focus_reserve(focus, &demo);
}

/* As Alice, who has proven who she is, would send it from her desk. */
static struct reference *refer_to(const char *uri)
{
    reference = (struct reference){
        .from = {.id = "refer1",
                 .requested_user = "demo",
                 .requested_host = "conf.example.com",
                 .caller = {.uri = "sip:alice@example.com",
                            .user = "alice",
                            .host = "example.com",
                            .display_name = "",
                            .user_agent = "",
                            .peer = "192.0.2.1:5060;udp",
                            .authenticated = true},
                 .contact = "",
                 .referred_by = ""},
        .uri = uri,
        .name = "",
        .referred_by = "",
        .replaces = "",
        .refer_to = "",
        .referral = &referral,
    };
    referral = (struct referral){.code = 100};
    return &reference;
}

static int submit(void)
{
    focus_signalling_events()->on_refer(&reference, focus);
    return reference.code;
}

static void an_invitation_is_told_to_its_end(void **state)
{
    (void)state;
    refer_to("sip:bob@example.com")->referred_by = "<sip:boss@example.com>";
    reference.from.referred_by = "sip:boss@example.com";
    reference.replaces = "1@a;to-tag=2;from-tag=3";
    assert_int_equal(submit(), 202);
    assert_int_equal(reference.expires, 35);
    assert_int_equal(last.verb, VERB_INVITE);
    assert_string_equal(last.actor, "sip:alice@example.com");
    assert_string_equal(last.referred_by, "sip:boss@example.com");
    assert_string_equal(last.replaces, "1@a;to-tag=2;from-tag=3");
    assert_true(last.authenticated && !last.inside && !last.by_refer);
    assert_string_equal(world.last_outgoing->referred_by, "<sip:boss@example.com>");
    assert_string_equal(world.last_outgoing->replaces, "1@a;to-tag=2;from-tag=3");
    focus_signalling_events()->on_progress(world.last_outgoing, 183, "Session Progress", focus);
    assert_int_equal(referral.code, 183);
    focus_signalling_events()->on_progress(world.last_outgoing, 180, "Ringing", focus);
    focus_signalling_events()->on_progress(world.last_outgoing, 180, "Ringing", focus);
    assert_int_equal(referral.reports, 3);
    world_session(focus, world.last_outgoing, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(world.last_outgoing, focus);
    assert_int_equal(referral.code, 200);
    world_hang_up(focus, world.last_outgoing);
    assert_int_equal(referral.reports, 4);
}

static void what_becomes_of_it_otherwise_is_told_as_well(void **state)
{
    (void)state;
    (void)refer_to("sip:bob@example.com");
    assert_int_equal(submit(), 202);
    focus_signalling_events()->on_ended(world.last_outgoing, 486, "Busy Here", focus);
    phone_free(world.last_outgoing);
    assert_int_equal(referral.code, 486);
    assert_string_equal(referral.reason, "Busy Here");
    (void)refer_to("sip:bob@example.com");
    assert_int_equal(submit(), 202);
    focus_destroy(focus); /* in the middle of it */
    assert_int_equal(referral.code, 503);
    phone_free(world.last_outgoing);
    focus = NULL;
}

static void who_is_called_already_is_called_once(void **state)
{
    struct referral other = {.code = 100};

    (void)state;
    (void)refer_to("sip:bob@example.com");
    assert_int_equal(submit(), 202);
    struct call *call = world.last_outgoing;
    refer_to("sip:bob@example.com")->referral = &other;
    assert_int_equal(submit(), 202);
    focus_signalling_events()->on_progress(call, 180, "Ringing", focus);
    assert_true(other.code == 180 && referral.code == 180);
    focus_signalling_events()->on_established(call, focus);
    assert_true(other.code == 200 && referral.code == 200);
    if (world.last_outgoing != call)
        world_hang_up(focus, world.last_outgoing);
    (void)refer_to("sip:bob@example.com");
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 200);
    world_hang_up(focus, world.last_outgoing);
    world_hang_up(focus, call);
}

static void what_is_refused_is_told_to_nobody(void **state)
{
    (void)state;
    refer_to("sip:bob@example.com")->from.requested_user = "nowhere";
    assert_int_equal(submit(), 404);
    refer_to("sip:bob@example.com")->from.caller.authenticated = false;
    assert_int_equal(submit(), 401);
    verdict = (struct decision){.verdict = DECISION_REJECT, .code = 603, .by = "test"};
    (void)refer_to("sip:bob@example.com");
    assert_int_equal(submit(), 603);
    verdict.by[0] = '\0';
    world.call_error = EINVAL;
    (void)refer_to("sip:bob@example.com");
    assert_int_equal(submit(), 400);
    assert_int_equal(referral.reports, 0);
    world.call_error = ENOENT;
    (void)refer_to("sip:bob@example.com");
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 480);
    reference.referral = NULL; /* who wants to know nothing is told nothing */
    assert_int_equal(submit(), 202);
}

static void who_is_to_be_asked_is_asked_to_call_this_conference(void **state)
{
    (void)state;
    refer_to("sip:bob@example.com")->method = REFERENCE_REFER;
    reference.refer_to = "other";
    assert_int_equal(submit(), 400);
    assert_int_equal(last.asked, 0);
    reference.refer_to = "demo";
    reference.code = 0;
    assert_int_equal(submit(), 202);
    assert_true(last.by_refer);
    assert_int_equal(world.refers, 1);
    assert_string_equal(world.refer_target, "sip:bob@example.com");
    assert_ptr_equal(world.refer.referral, &referral);
    assert_int_equal(world.refer.timeout, 5000);
    assert_int_equal(world.calls, 0);
    world.call_error = EAGAIN;
    refer_to("sip:bob@example.com")->method = REFERENCE_REFER;
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 503);
}

static void a_bye_removes_all_of_a_user_or_one_endpoint(void **state)
{
    struct call *one = world_join(focus, "bob", "demo"), *two = world_join(focus, "bob", "demo");
    char entity[80];

    (void)state;
    (void)snprintf(entity, sizeof entity, "%s;leg=%s", one->info.caller.uri, one->info.id);
    refer_to(entity)->method = REFERENCE_BYE;
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 200);
    assert_int_equal(last.verb, VERB_REMOVE);
    assert_true(one->ended && !two->ended);
    refer_to("sip:nobody@example.com")->method = REFERENCE_BYE;
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 404);
    refer_to("sip:nobody@example.com")->method = REFERENCE_BYE;
    reference.from.caller.authenticated = false;
    assert_int_equal(submit(), 401);
    verdict = (struct decision){.verdict = DECISION_REJECT, .code = 403, .by = "test"};
    refer_to(two->info.caller.uri)->method = REFERENCE_BYE;
    assert_int_equal(submit(), 403);
    assert_false(two->ended);
    verdict.by[0] = '\0';
    assert_int_equal(submit(), 202);
    assert_true(two->ended);
    world_hang_up(focus, one);
    world_hang_up(focus, two);
}

static void a_hold_that_cannot_be_done_is_told(void **state)
{
    struct call *bob = world_join(focus, "bob", "demo");

    (void)state;
    refer_to(bob->info.caller.uri)->method = REFERENCE_HOLD;
    world.update_error = EINVAL;
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 480);
    world.update_error = 0;
    refer_to(bob->info.caller.uri)->method = REFERENCE_HOLD;
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 200);
    world_hang_up(focus, bob);
}

static void a_device_may_have_a_name_of_its_own(void **state)
{
    static const char mobile[] = "sip:bob@example.com;gr=urn:uuid:1";
    struct call *one = world_dial(focus, "bob", "demo"), *two;

    (void)state;
    one->info.contact = mobile;
    world_session(focus, one, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(one, focus);
    two = world_join(focus, "bob", "demo");
    refer_to("sip:Bob@example.com")->method = REFERENCE_BYE;
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 404);
    refer_to("sip:bob@example.com;gr=urn:uuid:11")->method = REFERENCE_BYE;
    assert_int_equal(submit(), 202);
    assert_int_equal(referral.code, 404);
    refer_to(mobile)->method = REFERENCE_BYE;
    assert_int_equal(submit(), 202);
    assert_true(one->ended && !two->ended);
    refer_to("sip:bob@Example.com")->method = REFERENCE_BYE;
    assert_int_equal(submit(), 202);
    assert_true(two->ended);
    world_hang_up(focus, one);
    world_hang_up(focus, two);
}

/* The roster says who has referred somebody, but for those whom it does not show. */
static void who_is_hidden_stays_so(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        is_hidden = i == 1;
        struct call *alice = world_join(focus, "alice", "demo");
        refer_to("sip:bob@example.com")->call = alice;
        assert_int_equal(submit(), 202);
        assert_string_equal(world.last_outgoing->info.referred_by,
                            is_hidden ? "" : "sip:alice@example.com");
        world_hang_up(focus, world.last_outgoing);
        world_hang_up(focus, alice);
    }
    is_hidden = false;
}

static void whoever_is_in_asks_as_a_participant(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    refer_to("sip:bob@example.com")->call = alice;
    assert_int_equal(submit(), 202);
    assert_true(last.inside);
    world_hang_up(focus, world.last_outgoing);
    world_hang_up(focus, alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_invitation_is_told_to_its_end, setup, world_end),
        cmocka_unit_test_setup_teardown(what_becomes_of_it_otherwise_is_told_as_well, setup,
                                        world_end),
        cmocka_unit_test_setup_teardown(who_is_called_already_is_called_once, setup, world_end),
        cmocka_unit_test_setup_teardown(what_is_refused_is_told_to_nobody, setup, world_end),
        cmocka_unit_test_setup_teardown(who_is_to_be_asked_is_asked_to_call_this_conference, setup,
                                        world_end),
        cmocka_unit_test_setup_teardown(a_bye_removes_all_of_a_user_or_one_endpoint, setup,
                                        world_end),
        cmocka_unit_test_setup_teardown(a_hold_that_cannot_be_done_is_told, setup, world_end),
        cmocka_unit_test_setup_teardown(a_device_may_have_a_name_of_its_own, setup, world_end),
        cmocka_unit_test_setup_teardown(who_is_hidden_stays_so, setup, world_end),
        cmocka_unit_test_setup_teardown(whoever_is_in_asks_as_a_participant, setup, world_end),
    };

    return cmocka_run_group_tests_name("refer", tests, NULL, NULL);
}
