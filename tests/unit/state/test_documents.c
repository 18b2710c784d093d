/* The documents of a conference, with a focus whose calls only remember, and subscriptions that
 * only remember that there is something to tell. */
#include "tests/unit/fake_world.h"

#include "state/state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <libxml/xmlschemas.h>

enum { INTERVAL = 150 }; /* ms */

struct subscription {
    bool is_changed;
    const char *end;
    void *watcher;
    const struct package *package;
    struct body *body; /* the last one */
};

static struct loop *loop;
static struct focus *focus;
static struct state *state;
static enum view view;
static bool is_allowed;
static size_t limit; /* bytes that a body may have */

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (request->verb == VERB_SUBSCRIBE && is_allowed) {
        decision->verdict = DECISION_ACCEPT;
        decision->params.view = view;
    }
    if (request->verb == VERB_JOIN && strcmp(request->actor.user, "spy") == 0)
        decision->params.hidden = true;
    if (request->verb == VERB_CREATE)
        decision->verdict = DECISION_ACCEPT;
}

static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    (void)event;
}

static void policy_forget(void *ctx, uint64_t conference)
{
    (void)ctx;
    (void)conference;
}

static const struct policy policy = {
    .decide = policy_decide, .event = policy_event, .forget = policy_forget};

static void changed(struct subscription *subscription)
{
    subscription->is_changed = true;
}

static void end(struct subscription *subscription, const char *reason, unsigned retry_after)
{
    (void)retry_after;
    subscription->end = reason;
}

static const struct notifying notifying = {.changed = changed, .accepted = changed, .end = end};

static int setup(void **unused)
{
    (void)unused;
    memset(&world, 0, sizeof world);
    view = VIEW_PLAIN;
    is_allowed = true;
    limit = 0;
    assert_int_equal(loop_create(&loop), 0);
    assert_int_equal(focus_create(&(struct focus_config){.loop = loop, .domain = ""}, &focus), 0);
    focus_connect(focus, &world_signalling, &world_mixing, &policy);
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = "demo"}), 0);
    assert_int_equal(state_create(&(struct state_config){.loop = loop,
                                                         .focus = focus,
                                                         .notifying = &notifying,
                                                         .interval = INTERVAL},
                                  &state),
                     0);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    focus_destroy(focus);
    state_destroy(state);
    loop_destroy(loop);
    return 0;
}

/* ---- a subscriber --------------------------------------------------------------------------- */

static struct subscriber ask_for(const char *conference, const char *uri)
{
    return (struct subscriber){
        .from = {.id = "sub",
                 .requested_user = conference,
                 .requested_host = "127.0.0.1",
                 .caller = {.uri = "sip:watcher@example.com",
                            .user = "watcher",
                            .host = "example.com",
                            .display_name = "",
                            .user_agent = "",
                            .peer = "127.0.0.2:5060;udp"}},
        .uri = uri,
        .limit = limit,
        .code = 403,
    };
}

static int subscribe(struct subscription *subscription, unsigned package, const char *conference,
                     const char *uri)
{
    struct subscriber subscriber = ask_for(conference, uri);
    unsigned count;

    memset(subscription, 0, sizeof *subscription);
    subscription->package = &state_packages(state, &count)[package];
    assert_int_equal(count, 3);
    subscription->package->open(subscription->package->ctx, &subscriber, subscription,
                                &subscription->watcher);
    assert_true((subscriber.code == 200) == (subscription->watcher != NULL));
    return subscriber.code;
}

static void check_schema(const struct body *body, const char *path)
{
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(path);
    xmlSchemaPtr schema = xmlSchemaParse(parser);
    xmlSchemaValidCtxtPtr valid = xmlSchemaNewValidCtxt(schema);
    xmlDocPtr document = xmlReadMemory(body->data, (int)body->size, "body", NULL, XML_PARSE_NONET);

    assert_non_null(schema);
    assert_non_null(document);
    if (xmlSchemaValidateDoc(valid, document) != 0)
        fail_msg("not valid:\n%s", body->data);
    xmlFreeDoc(document);
    xmlSchemaFreeValidCtxt(valid);
    xmlSchemaFree(schema);
    xmlSchemaFreeParserCtxt(parser);
}

/* The next body; "" when there is nothing new. */
static const char *next(struct subscription *subscription, bool is_full)
{
    body_unref(subscription->body);
    subscription->is_changed = false;
    subscription->body = subscription->package->body(subscription->watcher, is_full);
    if (!subscription->body)
        return "";
    check_schema(subscription->body, strcmp(subscription->package->event, "dialog") == 0
                                         ? "tests/schema/dialog-info.xsd"
                                     : strcmp(subscription->package->event, "conference") == 0
                                         ? "tests/schema/conference-info.xsd"
                                         : "tests/schema/conference-policy.xsd");
    return subscription->body->data;
}

static void leave(struct subscription *subscription)
{
    body_unref(subscription->body);
    subscription->package->close(subscription->watcher);
}

static void wait_for(uint64_t ms)
{
    uint64_t until = loop_now(loop) + ms;

    do
        world_turn(loop);
    while (loop_now(loop) <= until);
}

static void assert_has(const char *body, const char *text)
{
    if (!body || !strstr(body, text))
        fail_msg("no %s in:\n%s", text, body);
}

static void assert_has_not(const char *body, const char *text)
{
    if (!body || strstr(body, text))
        fail_msg("%s is in:\n%s", text, body);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void full_first_then_partial_then_nothing(void **unused)
{
    struct subscription one;
    struct call *alice = world_join(focus, "alice", "demo");

    (void)unused;
    assert_int_equal(subscribe(&one, 0, "demo", "sip:demo@here"), 200);
    assert_has(next(&one, true), "state=\"full\" version=\"1\"");
    assert_has(one.body->data, "entity=\"sip:demo@here\"");
    assert_has(one.body->data, "<user entity=\"sip:alice@example.com\" state=\"full\">");
    assert_has(one.body->data, "<user-count>1</user-count>");
    assert_string_equal(next(&one, false), "");
    struct call *bob = world_join(focus, "bob", "demo");
    wait_for(INTERVAL);
    assert_true(one.is_changed);
    assert_has(next(&one, false), "state=\"partial\" version=\"2\"");
    assert_has(one.body->data, "<users state=\"partial\"><user entity=\"sip:bob@example.com\"");
    assert_has_not(one.body->data, "alice");
    assert_string_equal(next(&one, false), "");
    assert_has(next(&one, true), "state=\"full\" version=\"2\"");
    world_hang_up(focus, bob);
    wait_for(INTERVAL);
    assert_has(next(&one, false), "<status>disconnected</status>");
    assert_has(one.body->data, "<disconnection-method>departed</disconnection-method>");
    wait_for(1000 + INTERVAL);
    assert_has(next(&one, false), "<user entity=\"sip:bob@example.com\" state=\"deleted\"/>");
    assert_has_not(next(&one, true), "bob");
    leave(&one);
    world_hang_up(focus, alice);
}

static void a_body_is_made_once_for_all(void **unused)
{
    struct subscription one, two, other;

    (void)unused;
    subscribe(&one, 0, "demo", "sip:demo@here");
    subscribe(&two, 0, "demo", "sip:demo@here");
    subscribe(&other, 0, "demo", "sip:demo@there");
    next(&one, true);
    next(&two, true);
    next(&other, true);
    assert_ptr_equal(one.body, two.body);
    assert_ptr_not_equal(one.body, other.body);
    struct call *alice = world_join(focus, "alice", "demo");
    wait_for(INTERVAL);
    next(&one, false);
    next(&two, false);
    assert_has(next(&other, false), "entity=\"sip:demo@there\" state=\"partial\" version=\"2\"");
    assert_ptr_equal(one.body, two.body);
    leave(&one);
    leave(&two);
    leave(&other);
    world_hang_up(focus, alice);
}

static void spellings_beyond_the_eighth_share_documents(void **unused)
{
    struct subscription subscriptions[12];
    char uri[12][32];
    unsigned own = 0;

    (void)unused;
    for (unsigned i = 0; i < 12; i++) {
        (void)snprintf(uri[i], sizeof uri[i], "sip:demo@host%u", i);
        assert_int_equal(subscribe(&subscriptions[i], 0, "demo", uri[i]), 200);
        own += strstr(next(&subscriptions[i], true), uri[i]) != NULL;
    }
    assert_int_equal(own, 8);
    for (unsigned i = 0; i < 12; i++)
        leave(&subscriptions[i]);
}

static void what_happens_within_the_interval_is_told_together(void **unused)
{
    struct subscription one;
    struct call *calls[20];
    char name[16];

    (void)unused;
    subscribe(&one, 0, "demo", "sip:demo@here");
    next(&one, true);
    calls[0] = world_join(focus, "caller0", "demo");
    world_turn(loop);
    assert_has(next(&one, false), "version=\"2\""); /* at once, after a quiet time */
    for (unsigned i = 1; i < 20; i++) {
        (void)snprintf(name, sizeof name, "caller%u", i);
        calls[i] = world_join(focus, name, "demo");
        world_turn(loop);
    }
    wait_for(2 * INTERVAL);
    assert_has(next(&one, false), "version=\"3\"");
    assert_has(one.body->data, "caller1@");
    assert_has(one.body->data, "caller19@");
    assert_has(one.body->data, "<user-count>20</user-count>");
    assert_string_equal(next(&one, false), "");
    leave(&one);
    for (unsigned i = 0; i < 20; i++)
        world_hang_up(focus, calls[i]);
}

static void submit_mute(struct participant *participant, bool muted)
{
    struct request request = {.verb = VERB_MUTE,
                              .actor = {.kind = ACTOR_SERVER},
                              .conference = participant_conference(participant),
                              .conference_name = "demo",
                              .target = participant_id(participant),
                              .params = {.muted = muted}};
    struct decision decision;

    assert_int_equal(focus_submit(focus, &request, &decision), 0);
}

static void who_is_slow_gets_each_change_or_all(void **unused)
{
    struct subscription slow;
    struct call *alice = world_join(focus, "alice", "demo");

    (void)unused;
    subscribe(&slow, 0, "demo", "sip:demo@here");
    next(&slow, true);
    for (unsigned i = 0; i < 3; i++) {
        submit_mute(alice->user, i % 2 == 0);
        wait_for(INTERVAL + 10);
    }
    assert_has(next(&slow, false), "state=\"partial\" version=\"2\"");
    assert_true(slow.is_changed); /* it is to be asked again */
    assert_has(next(&slow, false), "state=\"partial\" version=\"3\"");
    assert_has(next(&slow, false), "state=\"partial\" version=\"4\"");
    assert_has(slow.body->data, "<status>muted-via-focus</status>");
    assert_false(slow.is_changed);
    for (unsigned i = 0; i < 9; i++) {
        submit_mute(alice->user, i % 2 != 0);
        wait_for(INTERVAL + 10);
    }
    assert_has(next(&slow, false), "state=\"full\" version=\"13\"");
    assert_string_equal(next(&slow, false), "");
    leave(&slow);
    world_hang_up(focus, alice);
}

/* Counts users of a name in the body. */
static unsigned count(const char *body, const char *what)
{
    unsigned n = 0;

    for (; body && (body = strstr(body, what)); body++)
        n++;
    return n;
}

/* Takes documents until there is nothing new; each has the next version. Returns the users told. */
static unsigned take_parts(struct subscription *subscription, bool is_full, unsigned *versionp)
{
    const char *body = next(subscription, is_full);
    unsigned users = 0;
    char expected[64];

    for (unsigned part = 0; *body; body = next(subscription, false), part++) {
        (void)snprintf(expected, sizeof expected, "state=\"%s\" version=\"%u\"",
                       is_full && part == 0 ? "full" : "partial", (*versionp)++);
        assert_has(body, expected);
        assert_true(subscription->body->size < limit + 600);
        users += count(body, "<user entity=");
    }
    return users;
}

static void what_is_too_long_for_one_datagram_goes_as_several(void **unused)
{
    struct subscription small, large;
    struct call *calls[20];
    unsigned version = 1;
    char name[16];

    (void)unused;
    subscribe(&large, 0, "demo", "sip:demo@here");
    limit = 3000;
    subscribe(&small, 0, "demo", "sip:demo@here");
    next(&large, true);
    assert_int_equal(take_parts(&small, true, &version), 0);
    assert_ptr_equal(small.body, NULL);
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, "caller%u", i);
        calls[i] = world_join(focus, name, "demo");
    }
    wait_for(2 * INTERVAL);
    assert_int_equal(take_parts(&small, false, &version), 20);
    assert_true(version > 4);
    assert_has(next(&large, false), "version=\"2\"");
    assert_int_equal(count(large.body->data, "<user entity="), 20);
    version--; /* nothing has happened: the first part has the present version */
    assert_int_equal(take_parts(&small, true, &version), 20);
    submit_mute(calls[0]->user, true);
    wait_for(INTERVAL);
    assert_int_equal(take_parts(&small, false, &version), 1);
    leave(&small);
    leave(&large);
    for (unsigned i = 0; i < 20; i++)
        world_hang_up(focus, calls[i]);
}

static void moderators_see_the_hidden_and_the_dialogs(void **unused)
{
    struct subscription plain, moderator;
    struct call *spy = world_join(focus, "spy", "demo");

    (void)unused;
    subscribe(&plain, 0, "demo", "sip:demo@here");
    view = VIEW_MODERATOR;
    subscribe(&moderator, 0, "demo", "sip:demo@here");
    assert_has_not(next(&plain, true), "spy");
    assert_has(plain.body->data, "<user-count>0</user-count>");
    assert_has(next(&moderator, true), "sip:spy@example.com");
    assert_has(moderator.body->data, "<from-tag>theirs</from-tag><to-tag>ours</to-tag>");
    submit_mute(spy->user, true);
    wait_for(INTERVAL);
    assert_string_equal(next(&plain, false), "");
    assert_has(next(&moderator, false), "<status>recvonly</status>");
    leave(&plain);
    leave(&moderator);
    world_hang_up(focus, spy);
}

static void dialogs_are_counted_by_subscription(void **unused)
{
    struct subscription one, two;
    struct call *alice = world_join(focus, "alice", "demo");

    (void)unused;
    assert_int_equal(subscribe(&one, 1, "demo", "sip:demo@here"), 200);
    assert_has(next(&one, true), "version=\"0\" state=\"full\"");
    assert_has(one.body->data, "local-tag=\"ours\" remote-tag=\"theirs\"");
    assert_has(next(&one, true), "version=\"1\" state=\"full\"");
    subscribe(&two, 1, "demo", "sip:demo@here");
    assert_has(next(&two, true), "version=\"0\"");
    world_hang_up(focus, alice);
    wait_for(INTERVAL);
    assert_has(next(&one, false), "version=\"2\" state=\"partial\"");
    assert_has(one.body->data, "<state event=\"remote-bye\">terminated</state>");
    assert_has(next(&two, false), "version=\"1\" state=\"partial\"");
    assert_has_not(next(&two, true), "<dialog ");
    leave(&one);
    leave(&two);
}

static void the_policy_is_told_anew_when_it_changes(void **unused)
{
    struct subscription plain, moderator;
    struct conference_config config = {.name = "demo", .title = "One", .capacity = 9};
    struct call *alice;

    (void)unused;
    assert_int_equal(focus_reserve(focus, &config), 0);
    assert_int_equal(subscribe(&plain, 2, "demo", "sip:demo@here"), 200);
    view = VIEW_MODERATOR;
    assert_int_equal(subscribe(&moderator, 2, "demo", "sip:demo@here"), 200);
    assert_has(next(&plain, true), "state=\"full\"");
    assert_has(plain.body->data, "<maximum-user-count>9</maximum-user-count><policies/>");
    assert_has(next(&moderator, true), "<pending-count>0</pending-count>");
    alice = world_join(focus, "alice", "demo");
    wait_for(INTERVAL);
    assert_string_equal(next(&plain, false), ""); /* who is in is another package's */
    config.title = "Two";
    assert_int_equal(focus_reserve(focus, &config), 0);
    state_touch(state);
    wait_for(INTERVAL);
    assert_has(next(&plain, false), "<title>Two</title>");
    assert_has(plain.body->data, "state=\"full\"");
    leave(&plain);
    leave(&moderator);
    world_hang_up(focus, alice);
}

static struct call *call_out(const char *uri)
{
    const struct invitation invitation = {.uri = uri, .name = ""};
    struct request request = {
        .verb = VERB_INVITE,
        .actor = {.kind = ACTOR_SERVER},
        .conference = focus_conference_by_name(focus, "demo"),
        .conference_name = "demo",
        .invitation = &invitation,
    };
    struct decision decision;

    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    return world.last_outgoing;
}

static void who_is_called_is_shown_before_the_answer(void **unused)
{
    const struct signalling_events *events = focus_signalling_events();
    struct subscription one, dialogs;
    struct call *carol;

    (void)unused;
    subscribe(&one, 0, "demo", "sip:demo@here");
    subscribe(&dialogs, 1, "demo", "sip:demo@here");
    next(&one, true);
    next(&dialogs, true);
    carol = call_out("sip:carol@example.com");
    wait_for(INTERVAL);
    assert_has(next(&one, false), "<status>dialing-out</status>");
    assert_has(one.body->data, "<joining-method>dialed-out</joining-method></endpoint>");
    assert_has(next(&one, true), "<user-count>0</user-count>");
    assert_has(next(&dialogs, false), "direction=\"initiator\"><state>trying</state>");
    assert_has_not(dialogs.body->data, "remote-tag");
    events->on_progress(carol, 180, "Ringing", focus);
    wait_for(INTERVAL);
    assert_has(next(&one, false), "<status>alerting</status>");
    assert_has(next(&dialogs, false), "<state>proceeding</state>");
    carol->info.dialog.remote_tag = "theirs";
    events->on_established(carol, focus);
    wait_for(INTERVAL);
    assert_has(next(&one, false), "<status>connected</status>");
    assert_has(one.body->data, "<user-count>1</user-count>");
    assert_has(next(&dialogs, false), "remote-tag=\"theirs\" direction=\"initiator\"");
    leave(&one);
    leave(&dialogs);
    world_hang_up(focus, carol);
}

static void why_somebody_does_not_come_is_told(void **unused)
{
    static const struct {
        int code;
        const char *method, *event;
    } ends[] = {{486, "busy", "rejected"}, {404, "failed", "rejected"}, {408, "failed", "timeout"}};
    struct subscription one, dialogs;
    char expected[64];

    (void)unused;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        subscribe(&one, 0, "demo", "sip:demo@here");
        subscribe(&dialogs, 1, "demo", "sip:demo@here");
        struct call *carol = call_out("sip:carol@example.com");
        wait_for(INTERVAL);
        assert_has(next(&one, true), "dialing-out");
        next(&dialogs, true);
        focus_signalling_events()->on_ended(carol, ends[i].code, "So It Is", focus);
        phone_free(carol);
        wait_for(INTERVAL);
        (void)snprintf(expected, sizeof expected, "<disconnection-method>%s</disconnection-method>",
                       ends[i].method);
        assert_has(next(&one, false), expected);
        (void)snprintf(expected, sizeof expected, "<state event=\"%s\">", ends[i].event);
        assert_has(next(&dialogs, false), expected);
        leave(&one);
        leave(&dialogs);
    }
}

static void the_end_of_a_conference_is_the_end_of_its_subscriptions(void **unused)
{
    struct subscription one;
    struct call *alice = world_join(focus, "alice", "tea");

    (void)unused;
    assert_int_equal(subscribe(&one, 0, "tea", "sip:tea@here"), 200);
    next(&one, true);
    world_hang_up(focus, alice);
    wait_for(0);
    assert_string_equal(one.end, "noresource");
    assert_has(next(&one, false), "state=\"deleted\" version=\"2\"");
    leave(&one);
    assert_int_equal(subscribe(&one, 0, "tea", "sip:tea@here"), 404);
}

static void a_reserved_conference_that_is_taken_away_ends_them_too(void **unused)
{
    struct subscription one;

    (void)unused;
    subscribe(&one, 0, "demo", "sip:demo@here");
    next(&one, true);
    focus_unreserve(focus, "demo");
    state_touch(state);
    wait_for(INTERVAL);
    assert_string_equal(one.end, "noresource");
    leave(&one);
}

static void a_title_that_changes_comes_with_all(void **unused)
{
    struct subscription one;

    (void)unused;
    subscribe(&one, 0, "demo", "sip:demo@here");
    assert_has(next(&one, true), "<display-text>demo</display-text>");
    assert_int_equal(
        focus_reserve(focus, &(struct conference_config){.name = "demo", .title = "Tea & Cake"}),
        0);
    state_touch(state);
    wait_for(INTERVAL);
    assert_has(next(&one, false), "state=\"full\" version=\"2\"");
    assert_has(one.body->data, "<subject>Tea &amp; Cake</subject>");
    leave(&one);
}

static void nobody_is_let_in_by_default(void **unused)
{
    struct subscription one;

    (void)unused;
    is_allowed = false;
    assert_int_equal(subscribe(&one, 0, "demo", "sip:demo@here"), 401);
    assert_int_equal(subscribe(&one, 1, "demo", "sip:demo@here"), 403);
    assert_int_equal(subscribe(&one, 0, "nowhere", "sip:nowhere@here"), 404);
}

static void another_view_is_another_subscription(void **unused)
{
    struct subscription one;
    struct subscriber subscriber = ask_for("demo", "sip:demo@here");

    (void)unused;
    subscribe(&one, 0, "demo", "sip:demo@here");
    one.package->refresh(one.watcher, &subscriber);
    assert_int_equal(subscriber.code, 200);
    assert_null(one.end);
    view = VIEW_MODERATOR;
    one.package->refresh(one.watcher, &subscriber);
    assert_int_equal(subscriber.code, 200);
    assert_string_equal(one.end, "deactivated");
    leave(&one);
}

#define document_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static struct conference *make_sidebar(const char *title, enum sidebar_shown shown)
{
    const struct sidebar_wish wish = {.asks = false};
    struct request request = {.verb = VERB_SIDEBAR,
                              .actor = {.kind = ACTOR_SERVER, .uri = "", .user = ""},
                              .conference = focus_conference_by_name(focus, "demo"),
                              .conference_name = "demo",
                              .sidebar = &wish,
                              .params = {.background = -18, .shown = shown}};
    struct decision decision;

    (void)snprintf(request.params.title, sizeof request.params.title, "%s", title);
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    return focus_conference(focus, decision.sidebar);
}

static void bring(struct conference *sidebar, struct call *call)
{
    const struct sidebar_wish wish = {.asks = false};
    struct request request = {.verb = VERB_SIDEBAR,
                              .actor = {.kind = ACTOR_SERVER, .uri = "", .user = ""},
                              .conference = sidebar,
                              .conference_name = conference_name(sidebar),
                              .sidebar = &wish,
                              .target = participant_id(call->user)};
    struct decision decision;

    sidebar_wish_entry(sidebar, call->user, &request.params);
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
}

/* RFC 4575 §5.9; each subscriber reads the URIs as it has called the conference. */
static void sidebars_are_told_by_reference_or_by_value(void **unused)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo");
    struct subscription here, there;
    struct conference *one, *two;
    char uri[80];

    (void)unused;
    focus_set_life(focus, focus_life(focus), 60000, 0);
    subscribe(&here, 0, "demo", "sip:demo@here");
    subscribe(&there, 0, "demo", "sip:demo@there.example;transport=tcp");
    next(&here, true);
    next(&there, true);
    one = make_sidebar("One", SIDEBAR_BY_VAL);
    two = make_sidebar("Two & more", SIDEBAR_BY_VAL);
    (void)make_sidebar("Three", SIDEBAR_BY_REF);
    (void)make_sidebar("None", SIDEBAR_HIDDEN);
    bring(one, alice);
    bring(two, bob);
    wait_for(INTERVAL + 10);
    assert_has(next(&here, false), "<sidebars-by-val state=\"partial\">");
    fprintf(stderr, "BODY %s\n", here.body->data);
    assert_int_equal(count(here.body->data, "<sidebars-by-ref><entry>"), 1);
    assert_has(here.body->data, "<display-text>Three</display-text>");
    assert_has_not(here.body->data, "None");
    assert_has(here.body->data, "<display-text>Two &amp; more</display-text>");
    (void)snprintf(uri, sizeof uri, "<entry entity=\"sip:%s@here\" state=\"full\">",
                   conference_name(one));
    assert_has(here.body->data, uri);
    (void)snprintf(uri, sizeof uri, "sip:%s@there.example;transport=tcp", conference_name(two));
    assert_has(next(&there, false), uri);
    assert_has(next(&there, true), uri);
    (void)snprintf(uri, sizeof uri, "sip:%s@here\" state=\"deleted\"/>", conference_name(one));
    world_hang_up(focus, alice); /* the last one of it, which ends it */
    wait_for(INTERVAL + 10);
    assert_has(next(&here, false), uri);
    assert_has_not(next(&here, true), "<display-text>One");
    assert_has(here.body->data, "<display-text>Two &amp; more</display-text>");
    leave(&here);
    leave(&there);
    world_hang_up(focus, bob);
}

/* Who is in a sidebar has no part of its own: they go with the last user. */
static void a_document_is_not_cut_within_a_sidebar(void **unused)
{
    struct call *calls[12];
    struct subscription one;
    struct conference *sidebar;
    const char *body;
    char name[16];

    (void)unused;
    for (unsigned i = 0; i < 12; i++) {
        (void)snprintf(name, sizeof name, "caller%u", i);
        calls[i] = world_join(focus, name, "demo");
    }
    sidebar = make_sidebar("Aside", SIDEBAR_BY_VAL);
    for (unsigned i = 0; i < 12; i++)
        bring(sidebar, calls[i]);
    world_turn(loop);
    limit = 2000;
    subscribe(&one, 0, "demo", "sip:demo@here");
    body = next(&one, true);
    while (one.is_changed)
        body = next(&one, false); /* valid, each of them */
    assert_int_equal(count(body, "<sidebars-by-val>"), 1);
    assert_int_equal(count(body, "<user entity="), 13);
    leave(&one);
    for (unsigned i = 0; i < 12; i++)
        world_hang_up(focus, calls[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        document_test(full_first_then_partial_then_nothing),
        document_test(a_body_is_made_once_for_all),
        document_test(spellings_beyond_the_eighth_share_documents),
        document_test(what_happens_within_the_interval_is_told_together),
        document_test(who_is_slow_gets_each_change_or_all),
        document_test(what_is_too_long_for_one_datagram_goes_as_several),
        document_test(moderators_see_the_hidden_and_the_dialogs),
        document_test(dialogs_are_counted_by_subscription),
        document_test(the_policy_is_told_anew_when_it_changes),
        document_test(who_is_called_is_shown_before_the_answer),
        document_test(why_somebody_does_not_come_is_told),
        document_test(the_end_of_a_conference_is_the_end_of_its_subscriptions),
        document_test(a_reserved_conference_that_is_taken_away_ends_them_too),
        document_test(a_title_that_changes_comes_with_all),
        document_test(nobody_is_let_in_by_default),
        document_test(another_view_is_another_subscription),
        document_test(sidebars_are_told_by_reference_or_by_value),
        document_test(a_document_is_not_cut_within_a_sidebar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
