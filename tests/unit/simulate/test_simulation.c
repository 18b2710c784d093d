/* A server that is simulated: real focus, scripts and documents, on a clock that the test moves. */
#include "core/log.h"
#include "focus/focus.h"
#include "lua/lua_engine.h"
#include "simulate/simulate.h"
#include "tests/unit/shipped.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOON = 1767614400 }; /* 2026-01-05 12:00 UTC */

static struct {
    const struct simulating *port;
    struct simulation *simulation;
    char directory[64], config_file[96];
    json_t *applications;
    char asked[128]; /* of the web */
} world;

/* Returns its path, which is the next call's. */
static const char *write_script(const char *name, const char *source)
{
    static char path[160];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s.lua", world.directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(source, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void start(void)
{
    struct simulation_config config = {
        .site_policy = "standard",
        .config_file = world.config_file,
        .applications = world.applications,
        .when = NOON,
    };
    char error[512];

    if (world.port->create(world.port->ctx, &config, &world.simulation, error, sizeof error))
        fail_msg("%s", error);
}

static struct focus *focus(void)
{
    return world.port->focus(world.simulation);
}

static void reserve(const char *name, const char *policy, json_t *options)
{
    struct conference_config config = {.name = name, .policy = policy, .options = options};

    assert_int_equal(focus_reserve(focus(), &config), 0);
    json_decref(options);
}

static void advance(uint64_t ms)
{
    loop_advance(world.port->loop(world.simulation), ms);
}

static struct call *dial_as(const char *user, const char *to, enum proof proof)
{
    struct simulated_caller caller = {.user = user, .to = to, .proof = proof};
    struct call *call;

    assert_int_equal(world.port->dial(world.simulation, &caller, &call), 0);
    advance(10);
    return call;
}

static struct call *dial(const char *user, const char *to)
{
    return dial_as(user, to, PROOF_NONE);
}

static struct simulated_call look(const struct call *call)
{
    struct simulated_call view;

    world.port->look(call, &view);
    return view;
}

static void assert_hears(const struct call *listener, const struct call *talker, float gain)
{
    float hears = world.port->hears(listener, talker);

    if (fabsf(hears - gain) > 0.05f)
        fail_msg("hears at %.2f dB, not at %.2f", (double)hears, (double)gain);
}

/* ---- the life of a call --------------------------------------------------------------------- */

static void who_calls_in_is_answered_heard_and_hangs_up(void **state)
{
    struct call *alice, *bob;

    (void)state;
    start();
    reserve("demo", "", NULL);
    alice = dial("alice", "demo");
    bob = dial("bob", "demo");
    assert_int_equal(look(alice).state, SIMULATED_UP);
    assert_true(look(alice).is_focus);
    assert_string_equal(look(alice).contact, "demo");
    assert_hears(alice, bob, 0);
    assert_hears(bob, alice, 0);
    assert_hears(bob, bob, GAIN_OFF);
    assert_true(world.port->hold(bob, true));
    assert_hears(bob, alice, GAIN_OFF);
    assert_hears(alice, bob, GAIN_OFF);
    assert_true(world.port->hang_up(bob));
    advance(10);
    assert_int_equal(look(bob).state, SIMULATED_ENDED);
    assert_int_equal(focus_call_count(focus()), 1);
    assert_int_equal(world.port->participant(bob), 0);
    assert_int_not_equal(world.port->participant(alice), 0);
}

static void who_is_refused_is_told_why(void **state)
{
    const char *never;
    char by[200];

    (void)state;
    never = write_script("never", "local policy = parley.policy { name = 'never' }\n"
                                  "function policy.join() return reject(403, 'Never') end\n"
                                  "return policy\n");
    start();
    reserve("demo", never, NULL);
    struct simulated_call view = look(dial("alice", "demo"));
    const struct simulated_decision *decision = world.port->decision(world.simulation, 0);

    assert_int_equal(view.state, SIMULATED_REJECTED);
    assert_int_equal(view.code, 403);
    assert_string_equal(view.reason, "Never");
    assert_string_equal(decision->verb, "join");
    assert_string_equal(decision->verdict, "reject");
    assert_string_equal(decision->actor, "sip:alice@example.com");
    (void)snprintf(by, sizeof by, "%s:2", never);
    assert_string_equal(decision->by, by);
    assert_null(world.port->decision(world.simulation, 1));
}

/* The shipped policy, by keys: a caller waits, hears music and nobody, and is let in. */
static void a_moderator_lets_in_by_a_key_who_waits(void **state)
{
    struct call *alice, *bob, *carol;

    (void)state;
    start();
    focus_set_sound(focus(), &(struct sound_config){.hold_music = "wait.flac"});
    reserve("board", "moderated", json_pack("{s:[s]}", "moderators", "alice"));
    alice = dial_as("alice", "board", PROOF_PASSWORD);
    bob = dial("bob", "board");
    assert_int_equal(look(bob).state, SIMULATED_UP);
    assert_false(look(bob).is_focus);
    assert_string_equal(world.port->heard(bob, 0), "wait.flac");
    assert_string_equal(world.port->plays(bob, 0), "wait.flac");
    assert_hears(alice, bob, GAIN_OFF);
    assert_hears(bob, alice, GAIN_OFF);
    assert_true(world.port->press(alice, '1'));
    advance(10);
    assert_hears(alice, bob, 0);
    assert_true(look(bob).is_focus);
    carol = dial("carol", "board");
    advance(5 * 60 * 1000 - 100);
    assert_int_equal(look(carol).state, SIMULATED_UP);
    advance(200);
    assert_int_equal(look(carol).state, SIMULATED_ENDED);
}

static void who_is_called_rings_and_answers(void **state)
{
    struct request request = {.verb = VERB_INVITE, .conference_name = "demo"};
    struct invitation invitation = {.uri = "sip:carol@192.0.2.7", .name = ""};
    struct call *carol;
    struct decision decision;

    (void)state;
    start();
    reserve("demo", "", NULL);
    actor_of_server(&request.actor);
    request.conference = focus_conference_by_name(focus(), "demo");
    request.invitation = &invitation;
    assert_int_equal(focus_submit(focus(), &request, &decision), 0);
    advance(10);
    carol = world.port->next(world.simulation, NULL);
    assert_non_null(carol);
    assert_string_equal(world.port->info(carol)->caller.user, "carol");
    assert_int_equal(look(carol).state, SIMULATED_RINGS);
    assert_true(world.port->answer(carol));
    advance(10);
    assert_int_equal(look(carol).state, SIMULATED_UP);
    assert_int_equal(conference_participant_count(request.conference), 1);
    /* The next one is not there, and is given up after a minute. */
    invitation.uri = "sip:dave@192.0.2.7";
    assert_int_equal(focus_submit(focus(), &request, &decision), 0);
    advance(61 * 1000);
    assert_int_equal(look(world.port->next(world.simulation, carol)).state, SIMULATED_REJECTED);
}

/* ---- applications --------------------------------------------------------------------------- */

static void the_web_answers(const struct fetch_request *request, struct fetch_answer *answer,
                            void *arg)
{
    (void)arg;
    (void)snprintf(world.asked, sizeof world.asked, "%s %s", request->method, request->url);
    answer->status = 200;
    answer->body = "4711";
    answer->body_size = 4;
}

static void an_application_plays_asks_keeps_and_fetches(void **state)
{
    struct call *alice;
    const char *path = write_script(
        "desk", "return function(call)\n"
                "  call:answer()\n"
                "  call:play 'welcome.wav'\n"
                "  local keys = call:ask { prompt = 'number.wav', max = 4 }\n"
                "  parley.store('desk'):set('last', keys, { ttl = '1m' })\n"
                "  local pin = http.get('http://pins.example.com/' .. keys).body\n"
                "  call:sleep '59s'\n"
                "  local kept = parley.store('desk'):get 'last'\n"
                "  call:sleep '2s'\n"
                "  call:hangup(kept .. ' ' .. pin .. ' ' ..\n"
                "    tostring(parley.store('desk'):get 'last') .. ' ' .. os.date('!%H:%M'))\n"
                "end\n");

    (void)state;
    world.applications = json_pack("{s:s}", "9000", path);
    start();
    world.port->answer_web(world.simulation, the_web_answers, NULL);
    alice = dial("alice", "9000");
    assert_int_not_equal(world.port->visitor(alice), 0);
    advance(1000);
    for (const char *key = "1234"; *key; key++)
        assert_true(world.port->press(alice, *key));
    advance(55 * 1000);
    assert_int_equal(look(alice).state, SIMULATED_UP);
    advance(10 * 1000);
    assert_string_equal(look(alice).reason, "1234 4711 nil 12:01");
    assert_string_equal(world.asked, "GET http://pins.example.com/1234");
    assert_string_equal(world.port->heard(alice, 0), "welcome.wav");
    assert_string_equal(world.port->heard(alice, 1), "number.wav");
    assert_null(world.port->heard(alice, 2));
}

/* ---- documents ------------------------------------------------------------------------------ */

static void a_participant_sees_the_conference_as_its_document(void **state)
{
    struct subscriber subscriber;
    struct call *alice, *eve;
    struct body *body;

    (void)state;
    start();
    reserve("demo", "", NULL);
    alice = dial("alice", "demo");
    dial("bob", "demo");
    body = world.port->document(alice, "conference", &subscriber);
    assert_non_null(body);
    assert_non_null(strstr(body->data, "sip:bob@example.com"));
    assert_non_null(strstr(body->data, "<user-count>2</user-count>"));
    body_unref(body);
    eve = dial("eve", "nowhere");
    assert_null(world.port->document(eve, "conference", &subscriber));
    assert_int_equal(subscriber.code, 404);
    assert_null(world.port->document(alice, "presence", &subscriber));
    assert_int_equal(subscriber.code, 489);
}

/* ---- running it ----------------------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    log_set_level(LOG_LEVEL_ERROR);
    world.port = simulate_simulating();
    (void)snprintf(world.directory, sizeof world.directory, "/tmp/parley-simulate-XXXXXX");
    assert_non_null(mkdtemp(world.directory));
    (void)snprintf(world.config_file, sizeof world.config_file, "%s/parley.lua", world.directory);
    shipped_link(world.directory, "policy");
    shipped_link(world.directory, "scripts");
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"never.lua", "desk.lua", "policy", "scripts", ""};
    char path[128];

    (void)state;
    world.port->destroy(world.simulation);
    json_decref(world.applications);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", world.directory, names[i]);
        (void)remove(path);
    }
    return 0;
}

#define simulation_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        simulation_test(who_calls_in_is_answered_heard_and_hangs_up),
        simulation_test(who_is_refused_is_told_why),
        simulation_test(a_moderator_lets_in_by_a_key_who_waits),
        simulation_test(who_is_called_rings_and_answers),
        simulation_test(an_application_plays_asks_keeps_and_fetches),
        simulation_test(a_participant_sees_the_conference_as_its_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
