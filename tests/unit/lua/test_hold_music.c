/* The music that a policy gives to who comes in, who waits, or a conference. */
#include "tests/unit/lua/call_world.h"

static void server_plays(const char *file)
{
    assert_int_equal(focus_set_sound(script.focus, &(struct sound_config){.hold_music = file}), 0);
}

static void assert_plays(const char *file, float gain, bool shuffle)
{
    assert_non_null(world.first_player);
    assert_string_equal(world.first_player->file, file);
    assert_true(world.first_player->gain == gain && world.first_player->shuffle == shuffle);
    assert_true(world.first_player->loop);
}

static void fail_music(const char *problem)
{
    log_catch();
    world_played(script.focus, world.first_player, problem);
    script_turn();
}

static void gone(struct call *call)
{
    world_hang_up(script.focus, call);
    script_turn();
}

/* Alice is to hear what she was given, carol nothing, and all others what all hear. */
static void who_waits_alone_hears_the_music_that_the_policy_gave_them(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_policy("local given = { alice = { hold_music = 'own/', hold_music_softer = 6,\n"
                  "  hold_music_shuffle = true }, carol = { hold_music = 'none' },\n"
                  "  dave = { hold_music_softer = 3 } }\n"
                  "function policy.join(request) return accept(given[request.actor.user]) end\n");
    server_plays("wait.wav");
    alice = world_join(script.focus, "alice", "demo");
    assert_plays("own/", -6, true);
    assert_int_equal(world.first_player->bus, MIX_MUSIC);
    server_plays("other.wav");
    assert_false(world.first_player->stopped); /* hers it stays */
    bob = world_join(script.focus, "bob", "demo");
    assert_true(world.first_player->stopped);
    world_played(script.focus, world.first_player, NULL);
    gone(alice);
    assert_plays("other.wav", 0, false);
    gone(bob);
    bob = world_join(script.focus, "carol", "demo");
    assert_null(world.first_player);
    gone(bob);
    bob = world_join(script.focus, "dave", "demo");
    assert_plays("other.wav", -3, false);
    gone(bob);
}

static void a_conference_has_the_music_that_the_policy_made_it_with(void **state)
{
    struct call *call;

    (void)state;
    script_policy("function policy.create(request)\n"
                  "  parley.log.error('as', request.params.hold_music)\n"
                  "  return accept { hold_music = 'lobby/', hold_music_shuffle = true } end\n");
    server_plays("wait.wav");
    log_catch();
    call = world_join(script.focus, "alice", "anything");
    assert_contains(log_caught(), "as wait.wav");
    assert_plays("lobby/", 0, true);
    fail_music("lobby/: no file in it can be played");
    assert_contains(
        log_caught(),
        "[anything] policy/site.lua:4: hold_music: lobby/: no file in it can be played");
    assert_plays("wait.wav", 0, false);
    gone(call);
}

/* The line of the policy that named it is told, and they hear what all do. */
static void music_of_a_policy_that_cannot_be_played_gives_way_to_the_usual(void **state)
{
    struct call *call;

    (void)state;
    script_policy("function policy.join()\n"
                  "  return accept { hold_music = 'empty/' } end\n");
    server_plays("wait.wav");
    call = world_join(script.focus, "alice", "demo");
    assert_plays("empty/", 0, false);
    fail_music("empty/: there is no file in it");
    assert_contains(log_caught(), "policy/site.lua:3: hold_music: empty/: there is no file in it");
    assert_plays("wait.wav", 0, false);
    fail_music("wait.wav: no such file");
    assert_null(strstr(log_caught(), "site.lua"));
    assert_null(world.first_player);
    gone(call);
}

static void who_is_to_be_let_in_hears_it_meanwhile(void **state)
{
    struct call *call;

    (void)state;
    script_policy("function policy.join()\n"
                  "  return pending { hold_music = 'lounge/', hold_music_softer = 2 } end\n");
    server_plays("wait.wav");
    call = world_dial(script.focus, "alice", "demo");
    up(call);
    assert_plays("lounge/", -2, false);
    assert_int_equal(world.first_player->bus, MIX_MAIN);
    fail_music("lounge/: there is no file in it");
    assert_contains(log_caught(), "policy/site.lua:3: hold_music: lounge/: there is no file in it");
    assert_plays("wait.wav", 0, false);
    gone(call);
}

static void slips_are_told_with_their_line(void **state)
{
    static const char *const cases[][2] = {
        {"return accept { hold_music = '../music/' }",
         "policy/site.lua:2: accept: hold_music must lie in the config's directory or below it"},
        {"return accept { hold_music = 4 }", "accept: hold_music must be a text, not a number"},
        {"return accept { hold_music_softer = 61 }",
         "accept: hold_music_softer must be a number from 0 to 60 dB, not 61"},
        {"return accept { hold_music_shuffle = 1 }",
         "accept: hold_music_shuffle must be true or false, not a number"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_contains(script_failure(cases[i][0]), cases[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(who_waits_alone_hears_the_music_that_the_policy_gave_them),
        SCRIPT_TEST(a_conference_has_the_music_that_the_policy_made_it_with),
        SCRIPT_TEST(music_of_a_policy_that_cannot_be_played_gives_way_to_the_usual),
        SCRIPT_TEST(who_is_to_be_let_in_hears_it_meanwhile),
        SCRIPT_TEST(slips_are_told_with_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
