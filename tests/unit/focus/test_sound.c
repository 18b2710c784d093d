/* How the focus has conferences sound: music for who is alone, announcements, voices, gains. */
#include "tests/unit/focus/focus_world.h"

#include <errno.h>
#include <math.h>

static char last_reason[96], last_file[RECORD_FILE]; /* of the last played event */
static unsigned played;
static bool has_join_answer;
static struct request_params join_answer, join_asked;

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (request->verb == VERB_JOIN) {
        join_asked = request->params;
        if (has_join_answer)
            decision->params = join_answer;
    }
}

static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    if (event->kind == EVENT_PLAYED) {
        (void)snprintf(last_reason, sizeof last_reason, "%s", event->reason);
        (void)snprintf(last_file, sizeof last_file, "%s", event->file);
        played++;
    }
}

static const struct policy policy = {.decide = policy_decide, .event = policy_event};

static void reserve(const struct sound_config *sound)
{
    assert_int_equal(
        focus_reserve(focus, &(struct conference_config){.name = "demo", .sound = sound}), 0);
}

static int setup(void **state)
{
    (void)state;
    has_join_answer = false;
    played = 0;
    world_open(&policy);
    reserve(NULL);
    return focus_set_sound(focus, &(struct sound_config){.hold_music = "wait.wav"});
}

static bool hears_music(const struct call *call)
{
    return world_leg_of(call->user)->route.hears[MIX_MUSIC] > GAIN_OFF;
}

static struct request about(enum verb verb, const struct call *target)
{
    return (struct request){
        .verb = verb,
        .actor = {.kind = ACTOR_SCRIPT, .uri = "", .user = "", .host = ""},
        .conference = focus_conference_by_name(focus, "demo"),
        .conference_name = "demo",
        .target = target ? participant_id(target->user) : 0,
    };
}

/* To all, or to one. */
static int announce(const struct call *target, const struct request_params *params)
{
    struct request request = about(VERB_ANNOUNCE, target);
    struct decision decision;

    request.params = *params;
    return focus_submit(focus, &request, &decision);
}

/* ---- music ---- */

static void who_is_alone_hears_music_until_a_second_one_comes(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo"), *bob;

    (void)state;
    assert_non_null(world.first_player);
    assert_string_equal(world.first_player->file, "wait.wav");
    assert_int_equal(world.first_player->bus, MIX_MUSIC);
    assert_true(world.first_player->loop && !world.first_player->stopped);
    assert_true(hears_music(alice));
    bob = world_join(focus, "bob", "demo");
    assert_true(world.first_player->stopped);
    assert_true(hears_music(alice)); /* how it fades */
    assert_false(hears_music(bob));
    world_played(focus, world.first_player, NULL);
    assert_false(hears_music(alice));
    assert_null(world.first_player);
    world_hang_up(focus, alice);
    assert_true(hears_music(bob)); /* now he is alone */
    assert_non_null(world.first_player);
    world_hang_up(focus, bob);
    assert_null(world.first_player);
}

static void a_conferences_music_is_as_loud_and_in_the_order_that_is_wished(void **state)
{
    const struct sound_config own = {.hold_music = "music/", .shuffle = true, .music_gain = -6};
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    assert_true(world.first_player->gain == 0 && !world.first_player->shuffle);
    world_hang_up(focus, alice);
    reserve(&own);
    alice = world_join(focus, "alice", "demo");
    assert_string_equal(world.first_player->file, "music/");
    assert_true(world.first_player->gain == -6 && world.first_player->shuffle);
    world_hang_up(focus, alice);
}

static void whom_the_music_cannot_reach_gets_it_with_the_next_change(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo"), *bob;

    (void)state;
    bob = world_join(focus, "bob", "demo");
    world_played(focus, world.first_player, NULL);
    world.route_error = ENOMEM;
    world_hang_up(focus, bob);
    assert_null(world.first_player);
    assert_false(hears_music(alice));
    world.route_error = 0;
    assert_int_equal(focus_set_sound(focus, &(struct sound_config){.hold_music = "wait.wav"}), 0);
    assert_non_null(world.first_player);
    assert_true(hears_music(alice));
    world_hang_up(focus, alice);
}

static void no_music_begins_while_all_are_sent_away(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo");
    struct request request = {
        .verb = VERB_END,
        .conference = focus_conference_by_name(focus, "demo"),
        .conference_name = "demo",
    };
    struct decision decision;

    (void)state;
    world_played(focus, world.first_player, NULL);
    world.plays = 0;
    actor_of_server(&request.actor);
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_int_equal(world.plays, 0);
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
}

static void who_comes_and_goes_while_the_music_fades_leaves_one_music(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo");

    (void)state;
    world_hang_up(focus, bob);
    assert_null(world.first_player->next); /* not a second one beside what fades */
    assert_true(world.first_player->stopped);
    world_played(focus, world.first_player, NULL);
    assert_false(world.first_player->stopped);
    assert_true(hears_music(alice));
    world_hang_up(focus, alice);
}

static void the_newcomer_who_stays_behind_hears_what_begins_anew(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo");

    (void)state;
    world_hang_up(focus, alice);
    assert_false(hears_music(bob)); /* what fades out is not his */
    world_played(focus, world.first_player, NULL);
    assert_true(hears_music(bob));
    world_hang_up(focus, bob);
}

static void music_that_cannot_be_played_is_tried_once_until_a_reload(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo"), *bob;

    (void)state;
    world_played(focus, world.first_player, "wait.wav: No such file");
    assert_null(world.first_player);
    bob = world_join(focus, "bob", "demo");
    world_hang_up(focus, bob);
    assert_null(world.first_player);
    assert_int_equal(played, 0);
    reserve(&(struct sound_config){.hold_music = "other.wav"});
    assert_string_equal(world.first_player->file, "other.wav");
    world_hang_up(focus, alice);
}

static void a_folder_that_was_empty_is_tried_again_for_who_waits_next(void **state)
{
    struct call *alice, *bob;

    (void)state;
    reserve(&(struct sound_config){.hold_music = "music/"});
    alice = world_join(focus, "alice", "demo");
    world_played(focus, world.first_player, "music/: no file in it can be played");
    assert_null(world.first_player);
    bob = world_join(focus, "bob", "demo");
    world_hang_up(focus, alice);
    assert_string_equal(world.first_player->file, "music/");
    world_hang_up(focus, bob);
}

static void serve(const char *hold_music)
{
    assert_int_equal(focus_set_sound(focus, &(struct sound_config){.hold_music = hold_music}), 0);
}

static void a_reload_changes_the_music_of_who_waits(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    serve("wait.wav");
    assert_false(world.first_player->stopped); /* it is the same */
    serve("other.wav");
    assert_true(world.first_player->stopped);
    assert_true(hears_music(alice)); /* how it fades */
    world_played(focus, world.first_player, "wait.wav: No such file");
    assert_string_equal(world.first_player->file, "other.wav"); /* that was about the old one */
    assert_true(hears_music(alice));
    reserve(&(struct sound_config){.hold_music = "own.wav"});
    assert_true(world.first_player->stopped);
    world_played(focus, world.first_player, NULL);
    assert_string_equal(world.first_player->file, "own.wav");
    serve("wait.wav");
    assert_false(world.first_player->stopped); /* it has its own */
    world_hang_up(focus, alice);
}

static void a_reload_tries_the_servers_music_again(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    world_played(focus, world.first_player, "wait.wav: No such file");
    assert_null(world.first_player);
    serve("wait.wav"); /* somebody has put it there */
    assert_string_equal(world.first_player->file, "wait.wav");
    serve("");
    assert_true(world.first_player->stopped);
    world_hang_up(focus, alice);
}

static void a_conference_may_want_silence(void **state)
{
    struct call *alice;

    (void)state;
    reserve(&(struct sound_config){.hold_music = ""});
    alice = world_join(focus, "alice", "demo");
    assert_null(world.first_player);
    world_hang_up(focus, alice);
}

/* ---- announcements ---- */

static void an_announcement_goes_to_all_and_may_take_the_place_of_the_one_before(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo");
    struct request_params params = {.file = "a.wav", .gain = -6};
    struct player *first;

    (void)state;
    world_played(focus, world.first_player, NULL); /* the music */
    assert_int_equal(announce(NULL, &params), 0);
    first = world.first_player;
    assert_int_equal(first->bus, MIX_ANNOUNCE);
    assert_true(world_leg_of(alice->user)->route.hears[MIX_ANNOUNCE] == 0);
    assert_true(world_leg_of(bob->user)->route.hears[MIX_ANNOUNCE] == 0);
    assert_true(first->gain == -6 && !first->loop);
    params = (struct request_params){.file = "b.wav", .interrupt = true};
    assert_int_equal(announce(NULL, &params), 0);
    assert_true(first->stopped);
    assert_string_equal(world.first_player->file, "b.wav");
    world_played(focus, first, NULL);
    world_turn(loop);
    assert_string_equal(last_reason, "interrupted");
    assert_string_equal(last_file, "a.wav");
    world_played(focus, world.first_player, NULL);
    world_turn(loop);
    assert_string_equal(last_reason, "");
    assert_int_equal(played, 2);
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
}

/* "now playing" or ""; and that one is over. */
static const char *play_on(void)
{
    static char file[32];

    *file = '\0';
    if (world.first_player) {
        (void)snprintf(file, sizeof file, "%s", world.first_player->file);
        world_played(focus, world.first_player, NULL);
        world_turn(loop);
    }
    return file;
}

static void announcements_to_the_same_follow_each_other(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    (void)focus_set_sound(focus, &(struct sound_config){.hold_music = ""});
    world_played(focus, world.first_player, NULL);
    assert_int_equal(announce(NULL, &(struct request_params){.file = "a"}), 0);
    assert_int_equal(announce(NULL, &(struct request_params){.file = "b"}), 0);
    assert_int_equal(announce(NULL, &(struct request_params){.file = "c\nd"}), 0);
    assert_null(world.first_player->next); /* the others wait */
    assert_string_equal(play_on(), "a");
    assert_string_equal(last_file, "a");
    assert_int_equal(announce(alice, &(struct request_params){.file = "for alice"}), 0);
    assert_string_equal(play_on(), "for alice"); /* who is another audience */
    assert_string_equal(play_on(), "b");
    assert_string_equal(play_on(), "c\nd");
    assert_string_equal(last_file, "c");
    assert_string_equal(play_on(), "");
    assert_int_equal(played, 4);
    world_hang_up(focus, alice);
}

static void stopping_ends_what_waits_as_well(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    (void)focus_set_sound(focus, &(struct sound_config){.hold_music = ""});
    world_played(focus, world.first_player, NULL);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(announce(NULL, &(struct request_params){.file = "a"}), 0);
    assert_int_equal(announce(NULL, &(struct request_params){.file = ""}), 0);
    world_turn(loop);
    assert_int_equal(played, 2);
    assert_true(world.first_player->stopped);
    assert_string_equal(play_on(), "a");
    assert_string_equal(last_reason, "stopped");
    assert_null(world.first_player);
    world_hang_up(focus, alice);
}

static void what_plays_without_an_end_makes_room(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct player *first;

    (void)state;
    (void)focus_set_sound(focus, &(struct sound_config){.hold_music = ""});
    world_played(focus, world.first_player, NULL);
    assert_int_equal(announce(NULL, &(struct request_params){.file = "a", .loop = true}), 0);
    first = world.first_player;
    assert_int_equal(announce(NULL, &(struct request_params){.file = "b"}), 0);
    assert_true(first->stopped);
    assert_string_equal(world.first_player->file, "b");
    world_hang_up(focus, alice);
}

static void so_many_wait_and_no_more(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    for (unsigned i = 0; i < 1 + 16; i++)
        assert_int_equal(announce(alice, &(struct request_params){.file = "a"}), 0);
    assert_int_equal(announce(alice, &(struct request_params){.file = "b"}), ECANCELED);
    assert_int_equal(announce(NULL, &(struct request_params){.file = "for all"}), 0);
    assert_string_equal(world.first_player->file, "for all");
    world_hang_up(focus, alice); /* nothing is told of what she did not hear */
    world_turn(loop);
    assert_int_equal(played, 0);
}

static void announcements_are_softer_while_somebody_speaks(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo");
    struct request mute = about(VERB_MUTE, alice);
    struct decision decision;

    (void)state;
    world_played(focus, world.first_player, NULL); /* the music */
    assert_int_equal(announce(NULL, &(struct request_params){.file = "a", .duck = -10}), 0);
    assert_true(world.first_player->gain == 0);
    focus_mixing_events()->on_speaking(alice->user, true, focus);
    world_turn(loop);
    assert_true(world.first_player->gain == -10);
    mute.params.muted = true;
    assert_int_equal(focus_submit(focus, &mute, &decision), 0);
    world_turn(loop);
    assert_true(world.first_player->gain == 0); /* who is muted is not drowned */
    focus_mixing_events()->on_speaking(bob->user, true, focus);
    world_turn(loop);
    assert_int_equal(announce(alice, &(struct request_params){.file = "b", .gain = 3}), 0);
    assert_true(world.first_player->gain == 3); /* what wants no ducking gets none */
    world_played(focus, world.first_player, NULL);
    assert_true(world.first_player->gain == -10);
    assert_int_equal(announce(NULL, &(struct request_params){.file = "c", .duck = -20}), 0);
    world_played(focus, world.first_player, NULL);
    assert_true(world.first_player->gain == -20); /* from its beginning on */
    world_hang_up(focus, bob);
    world_turn(loop);
    assert_true(world.first_player->gain == 0);
    world_hang_up(focus, alice);
}

static void what_cannot_be_played_says_why(void **state)
{
    static const int errors[] = {EINVAL, EAGAIN, ENOMEM};
    static const char *const reasons[] = {"it holds nothing at the rate of the conference",
                                          "the server is too busy; try again", "out of memory"};
    struct call *alice = world_join(focus, "alice", "demo");
    struct request request = about(VERB_ANNOUNCE, NULL);
    struct decision decision;

    (void)state;
    (void)snprintf(request.params.file, sizeof request.params.file, "a.wav");
    for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++) {
        world.play_error = errors[i];
        assert_int_equal(focus_submit(focus, &request, &decision), 0);
        world_turn(loop);
        assert_string_equal(last_reason, reasons[i]);
    }
    assert_int_equal(played, 3);
    world_hang_up(focus, alice);
}

static int end_after(const char *file)
{
    struct request request = about(VERB_END, NULL);
    struct decision decision;

    (void)snprintf(request.params.file, sizeof request.params.file, "%s", file);
    return focus_submit(focus, &request, &decision);
}

static void all_hear_the_farewell_before_it_ends(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *bob = world_join(focus, "bob", "demo"), *carol;

    (void)state;
    assert_int_equal(announce(NULL, &(struct request_params){.file = "a"}), 0);
    assert_int_equal(end_after("bye"), 0);
    assert_string_equal(world.first_player->file, "bye"); /* at once, beside what fades */
    carol = world_join(focus, "carol", "demo");
    assert_int_equal(carol->reject_code, 480);
    world_played(focus, world.first_player->next, NULL);
    world_hang_up(focus, alice);
    world_played(focus, world.first_player, NULL);
    assert_false(bob->ended); /* some of it is on its way still */
    for (unsigned i = 0; !bob->ended && i < 5000; i++) {
        usleep(1000);
        world_turn(loop);
    }
    assert_true(bob->ended);
    world_hang_up(focus, bob);
    world_hang_up(focus, carol);
}

static void who_is_asked_again_to_end_it_does_so_at_once(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    assert_int_equal(end_after("bye"), 0);
    assert_false(alice->ended);
    assert_int_equal(end_after("bye"), 0);
    assert_true(alice->ended);
    world_hang_up(focus, alice);
}

static void a_conference_that_ends_forgets_what_plays(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct request request = about(VERB_ANNOUNCE, NULL);
    struct decision decision;

    (void)state;
    (void)snprintf(request.params.file, sizeof request.params.file, "a.wav");
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    world_hang_up(focus, alice);
    world_turn(loop);
    assert_int_equal(played, 0);
    request = about(VERB_ANNOUNCE, NULL);
    (void)snprintf(request.params.file, sizeof request.params.file, "a.wav");
    assert_int_equal(focus_submit(focus, &request, &decision), ECANCELED);
    assert_string_equal(decision.reason, "nobody is in the conference");
    assert_int_equal(decision.code, 480);
    assert_null(world.first_player);
}

/* ---- voices ---- */

static void a_voice_is_as_the_conference_has_it_unless_the_policy_says_otherwise(void **state)
{
    struct sound_config sound = {.voice = {.agc = true, .keys = KEYS_BOTH}, .hold_music = ""};
    const struct leg *leg;
    struct call *alice, *bob;

    (void)state;
    reserve(&sound);
    alice = world_join(focus, "alice", "demo");
    leg = world_leg_of(alice->user);
    assert_true(join_asked.agc && !join_asked.denoise);
    assert_true(leg->voice.agc && !leg->voice.denoise);
    assert_int_equal(leg->voice.keys, KEYS_BOTH);
    has_join_answer = true;
    join_answer = (struct request_params){.role = "guest", .denoise = true, .speaks = -6};
    bob = world_join(focus, "bob", "demo");
    leg = world_leg_of(bob->user);
    assert_true(!leg->voice.agc && leg->voice.denoise);
    assert_true(leg->route.speaks[MIX_MAIN] == -6 && leg->route.hears[MIX_MAIN] == 0);
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
}

static void enhancement_and_volume_change_in_the_middle_of_a_call(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct request request = about(VERB_ENHANCE, alice);
    const struct leg *leg = world_leg_of(alice->user);
    struct decision decision;

    (void)state;
    request.params.vad = true;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(leg->voice.vad && participant_voice(alice->user)->vad);
    request = about(VERB_VOLUME, alice);
    request.params.speaks = -3;
    request.params.hears = 4;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(leg->route.speaks[MIX_MAIN] == -3 && leg->route.hears[MIX_MAIN] == 4);
    assert_true(leg->route.hears[MIX_MUSIC] == 4); /* the music of who waits as well */
    request = about(VERB_MUTE, alice);
    request.params.muted = true;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(leg->route.speaks[MIX_MAIN] == GAIN_OFF);
    request.params.muted = false;
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(leg->route.speaks[MIX_MAIN] == -3); /* what it was */
    world_hang_up(focus, alice);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_alone_hears_music_until_a_second_one_comes),
        TEST(a_conferences_music_is_as_loud_and_in_the_order_that_is_wished),
        TEST(whom_the_music_cannot_reach_gets_it_with_the_next_change),
        TEST(no_music_begins_while_all_are_sent_away),
        TEST(who_comes_and_goes_while_the_music_fades_leaves_one_music),
        TEST(the_newcomer_who_stays_behind_hears_what_begins_anew),
        TEST(a_folder_that_was_empty_is_tried_again_for_who_waits_next),
        TEST(music_that_cannot_be_played_is_tried_once_until_a_reload),
        TEST(a_reload_changes_the_music_of_who_waits),
        TEST(a_reload_tries_the_servers_music_again),
        TEST(a_conference_may_want_silence),
        TEST(an_announcement_goes_to_all_and_may_take_the_place_of_the_one_before),
        TEST(announcements_to_the_same_follow_each_other),
        TEST(stopping_ends_what_waits_as_well),
        TEST(what_plays_without_an_end_makes_room),
        TEST(so_many_wait_and_no_more),
        TEST(announcements_are_softer_while_somebody_speaks),
        TEST(what_cannot_be_played_says_why),
        TEST(all_hear_the_farewell_before_it_ends),
        TEST(who_is_asked_again_to_end_it_does_so_at_once),
        TEST(a_conference_that_ends_forgets_what_plays),
        TEST(a_voice_is_as_the_conference_has_it_unless_the_policy_says_otherwise),
        TEST(enhancement_and_volume_change_in_the_middle_of_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
