/* Conferences with names of their own (RFC 4579 §5.3, §5.4): the names, and whose they are. */
#include "tests/unit/focus/focus_world.h"

#include <unistd.h>

enum { MS = 1000 /* µs */, NAMES = 20 };

static char taken[NAMES][64]; /* names that were said to be somebody's */
static unsigned taken_count, taken_wanted;

static bool is_taken(void *arg, const char *name)
{
    assert_ptr_equal(arg, taken);
    if (taken_count >= taken_wanted)
        return false;
    (void)snprintf(taken[taken_count++], sizeof taken[0], "%s", name);
    return true;
}

static int setup(void **state)
{
    const struct focus_config config = {.domain = "", .is_taken = is_taken, .is_taken_arg = taken};
    const struct conference_life life = {.empty_timeout = 0};

    (void)state;
    taken_count = taken_wanted = 0;
    world_open_as(config, NULL);
    focus_set_life(focus, &life, 60 * 1000, 60 * 1000);
    return 0;
}

static int make(const char *creator, struct conference **conferencep)
{
    struct creation creation = {.creator = creator};
    struct decision decision;

    actor_of_server(&creation.actor);
    return focus_make_conference(focus, &creation, &decision, conferencep);
}

static uint64_t made_for(const char *creator, const char **namep)
{
    struct conference *conference;

    assert_int_equal(make(creator, &conference), 0);
    *namep = conference_name(conference);
    return conference_id(conference);
}

static void names_are_long_random_and_plain(void **state)
{
    char names[NAMES][64];
    const char *name;

    (void)state;
    for (unsigned i = 0; i < NAMES; i++) {
        (void)made_for("", &name);
        assert_true(strlen(name) * 4 >= 64); /* bits */
        assert_int_equal(strspn(name, "0123456789abcdef"), strlen(name));
        (void)snprintf(names[i], sizeof names[i], "%s", name);
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(strncmp(names[j], name, 8), 0);
    }
}

static void a_name_that_is_somebodys_is_not_taken(void **state)
{
    const char *name;

    (void)state;
    taken_wanted = 3;
    (void)made_for("", &name);
    assert_int_equal(taken_count, 3);
    for (unsigned i = 0; i < taken_count; i++) {
        assert_string_not_equal(name, taken[i]);
        assert_null(focus_conference_by_name(focus, taken[i]));
    }
}

static void it_goes_when_nobody_comes(void **state)
{
    const struct conference_life life = {.empty_timeout = 0};
    const char *name;
    uint64_t id;

    (void)state;
    focus_set_life(focus, &life, 10, 60 * 1000);
    id = made_for("", &name);
    for (unsigned i = 0; focus_conference(focus, id) && i < 5000; i++) {
        usleep(MS);
        world_turn(loop);
    }
    assert_null(focus_conference(focus, id));
}

/* Its clocks go with it: the change of media would come a turn after it has been freed. */
static void what_it_was_to_change_goes_with_it(void **state)
{
    struct conference *conference;
    struct request request = {.verb = VERB_MEDIA, .params.direction = STREAM_SENDONLY};
    struct decision decision;
    struct call *carol;

    (void)state;
    assert_int_equal(make("", &conference), 0);
    request.conference = conference;
    request.conference_name = conference_name(conference);
    actor_of_server(&request.actor);
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    request.verb = VERB_END;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    carol = world_call_from("carol", "elsewhere", "conf.example.com");
    focus_signalling_events()->on_incoming(carol, focus); /* what is queued is told, and it goes */
    world_turn(loop);
    world_hang_up(focus, carol);
}

static void who_comes_in_keeps_it_until_the_last_has_left(void **state)
{
    const struct conference_life life = {.empty_timeout = 0};
    const char *name;
    struct call *alice;
    uint64_t id;

    (void)state;
    focus_set_life(focus, &life, 10, 60 * 1000);
    id = made_for("", &name);
    alice = world_join(focus, "alice", name);
    usleep(30 * MS);
    world_turn(loop);
    assert_non_null(focus_conference(focus, id));
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_null(focus_conference(focus, id));
}

static void it_belongs_to_whom_a_script_says(void **state)
{
    const struct participant *creator;
    struct call *alice, *bob;
    const char *name;
    uint64_t id = made_for("sip:bob@example.com", &name);

    (void)state;
    alice = world_join(focus, "alice", name);
    assert_int_equal(conference_creator(focus_conference(focus, id)), 0);
    bob = world_join(focus, "bob", name);
    creator = focus_participant(focus, conference_creator(focus_conference(focus, id)));
    assert_non_null(creator);
    assert_string_equal(participant_call(creator)->caller.uri, "sip:bob@example.com");
    world_hang_up(focus, bob);
    world_hang_up(focus, alice);
}

static void strangers_and_factories(const char *peer, const char *call_id, bool is_creator)
{
    struct creation creation = {.factory = "new"};
    struct call_info from = {
        .id = "call0",
        .caller = {.uri = "sip:carol@example.com", .peer = peer},
        .dialog = {.call_id = call_id},
    };
    struct decision decision;
    struct conference *conference;
    struct call *carol;

    creation.from = &from;
    actor_of_server(&creation.actor);
    assert_int_equal(focus_make_conference(focus, &creation, &decision, &conference), 0);
    carol = world_join(focus, "carol", conference_name(conference));
    assert_int_equal(conference_creator(conference) != 0, is_creator);
    world_hang_up(focus, carol);
}

/* The fake phones call from 127.0.0.1:5060, the next one's Call-ID is call and its number. */
static void a_stranger_is_known_again_by_call_id_or_host(void **state)
{
    (void)state;
    strangers_and_factories("192.0.2.1:5060;udp", "call1", true);
    strangers_and_factories("127.0.0.1:7000;udp", "other", true);
    strangers_and_factories("192.0.2.1:5060;udp", "other", false);
    strangers_and_factories("127.0.0.11:5060;udp", "other", false);
}

static void nobody_makes_any_number_of_them(void **state)
{
    struct conference *conference;
    unsigned count = 0;
    int error;

    (void)state;
    do
        error = make("", &conference);
    while (!error && ++count < 100000);
    assert_int_equal(error, EAGAIN);
    assert_true(count >= 10000);
}

static void a_factory_joins_nobody_and_is_asked_for_nothing(void **state)
{
    const struct conference_config factory = {.name = "new", .factory = FACTORY_REDIRECTS};
    struct request request = {.verb = VERB_LOCK, .conference_name = "new"};
    struct decision decision;
    struct call *carol;

    (void)state;
    assert_int_equal(focus_reserve(focus, &factory), 0);
    carol = world_dial(focus, "carol", "new");
    assert_int_equal(carol->reject_code, 401); /* a stranger makes none by default */
    world_hang_up(focus, carol);
    request.conference = focus_conference_by_name(focus, "new");
    actor_of_server(&request.actor);
    assert_int_equal(focus_submit(focus, &request, &decision), ENOENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(names_are_long_random_and_plain),
        CASE(a_name_that_is_somebodys_is_not_taken),
        CASE(it_goes_when_nobody_comes),
        CASE(what_it_was_to_change_goes_with_it),
        CASE(who_comes_in_keeps_it_until_the_last_has_left),
        CASE(it_belongs_to_whom_a_script_says),
        CASE(a_stranger_is_known_again_by_call_id_or_host),
        CASE(nobody_makes_any_number_of_them),
        CASE(a_factory_joins_nobody_and_is_asked_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
