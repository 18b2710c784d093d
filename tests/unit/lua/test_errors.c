/* What fails while it is done: each method says so in plain words, with the SIP status. */
#include "tests/unit/lua/call_world.h"

#include <errno.h>

static const char policy[] =
    "local policy = parley.policy { name = 'site' }\n"
    "function policy.played(event) print('conference:play', event.reason, 0) end\n"
    "return policy\n";

static const char application[] =
    "print('call:play', call:play 'a.wav')\n"
    "print('call:record', call:record { file = 'a.wav', beep = false })\n"
    "print('call:transfer', call:transfer 'sip:bob@192.0.2.1')\n"
    "local room = parley.create {}\n"
    "print('to nobody', room:play 'a.wav')\n"
    "print('nothing', room:stop())\n"
    "call:join(room)\n"
    "print('conference:record', room:record { file = 'b.wav' })\n"
    "print('participant:play', call.participant:play 'a.wav')\n"
    "room:play 'a.wav'\n"
    "call:wait_for 'digit' call:hangup 'bye'";

/* What is printed of all that, when all of it fails so. */
static const char *fail_by(int error)
{
    struct call *call = talk(application);
    const char *log;

    world.play_error = world.record_error = world.transfer_error = error;
    log_catch();
    log_set_level(LOG_LEVEL_INFO);
    up(call);
    script_turn();
    world.play_error = world.record_error = world.transfer_error = 0;
    press(call, "1");
    script_turn();
    log = log_caught();
    log_set_level(LOG_LEVEL_ERROR);
    world_hang_up(script.focus, call);
    script_turn();
    return log;
}

static void every_failure_is_told_in_plain_words(void **state)
{
    static const char *const methods[] = {"call:play", "call:record", "call:transfer",
                                          "conference:record"};
    static const struct {
        int error, code;
        const char *text;
    } cases[] = {
        {ENOMEM, 500, "out of memory"},
        {EAGAIN, 503, "the server is too busy; try again"},
        {ENOSPC, 500, "the disk is full"},
        {EMFILE, 500, "the server has too many files and calls open (ulimit -n)"},
        {EBUSY, 491, "the call is being changed already"},
        {EHOSTUNREACH, 500, "nothing can be sent there"},
    };
    char line[160];

    (void)state;
    script_write("site", policy);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *log = fail_by(cases[i].error);

        for (unsigned method = 0; method < sizeof methods / sizeof *methods; method++) {
            (void)snprintf(line, sizeof line, "%s nil %s %d", methods[method], cases[i].text,
                           cases[i].code);
            assert_contains(log, line);
        }
        (void)snprintf(line, sizeof line, "conference:play %s 0", cases[i].text);
        assert_contains(log, line);
        assert_contains(log, "participant:play true");
    }
}

static void what_nobody_is_in_to_hear_is_not_played(void **state)
{
    const char *log;

    (void)state;
    script_write("site", policy);
    log = fail_by(ENOMEM);
    assert_contains(log, "to nobody nil nobody is in the conference 480");
    assert_contains(log, "nothing true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(every_failure_is_told_in_plain_words),
        SCRIPT_TEST(what_nobody_is_in_to_hear_is_not_played),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
