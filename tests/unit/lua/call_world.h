/*
 * Calls to the application "9000" in the world of script_world.h.
 */
#ifndef UNIT_LUA_CALL_WORLD_H
#define UNIT_LUA_CALL_WORLD_H

#include "tests/unit/lua/script_world.h"

#include <event2/event.h>

/* The application "9000" is a policy file's neighbour, named by its path. */
__attribute__((unused)) static struct call *begin(const char *source)
{
    char path[128];

    script_write("own", source);
    script_path("own", path, sizeof path);
    if (!script.engine) {
        if (!script_exists("site"))
            script_write("site", "return parley.policy { name = 'site' }");
        script.applications = json_pack("{s:s}", "9000", path);
        if (script_start())
            fail_msg("%s", script.error);
    } else if (script_reload()) {
        fail_msg("%s", script.error);
    }
    return world_dial(script.focus, "alice", "9000");
}

/* The same with `body` as the function's. */
__attribute__((unused)) static struct call *talk(const char *body)
{
    char source[4000];

    (void)snprintf(source, sizeof source, "return function(call) call:answer() %s\nend", body);
    return begin(source);
}

/* The ACK is here. */
__attribute__((unused)) static void up(struct call *call)
{
    assert_true(call->answered);
    world_session(script.focus, call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, script.focus);
    script_turn();
}

__attribute__((unused)) static void press(struct call *call, const char *keys)
{
    for (; *keys; keys++)
        focus_mixing_events()->on_digit(call->user, *keys, 100, script.focus);
    script_turn();
}

/* Runs the loop until nothing but the call's end is left. */
__attribute__((unused)) static void wait_for_end(struct call *call)
{
    while (!call->ended && !call->reject_code)
        (void)event_base_loop(loop_base(script.loop), EVLOOP_ONCE);
}

/* What the application hung up with as the reason. */
__attribute__((unused)) static void assert_said(struct call *call, const char *reason)
{
    wait_for_end(call);
    assert_string_equal(call->reason, reason);
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(focus_call_count(script.focus), 0);
    assert_int_equal(world.legs, 0);
    assert_int_equal(world.mixes, 0);
}

#endif
