/*
 * A world without network for tests of the focus and of what sits on it: simulate/world.h without
 * a loop, so that calls and legs only remember what they were told, and the test says what happens
 * next. One world a test program, on one thread.
 */
#ifndef UNIT_FAKE_WORLD_H
#define UNIT_FAKE_WORLD_H

#include "simulate/world.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct world world;

#define world_signalling (*world_signals(&world))
#define world_mixing (*world_mixer(&world))

/* The leg whose events go to `user`; NULL: none. */
__attribute__((unused)) static const struct leg *world_leg_of(const void *user)
{
    return leg_of(&world, user);
}

/* The player is over. */
__attribute__((unused)) static void world_played(struct focus *focus, struct player *player,
                                                 const char *problem)
{
    world.focus = focus;
    player_over(player, problem);
}

/* The newest is over. */
__attribute__((unused)) static void world_recorded(struct focus *focus, unsigned duration,
                                                   const char *problem)
{
    world.focus = focus;
    recorder_over(world.first_recorder,
                  &(struct recorded){.duration = duration, .problem = problem});
}

/* An INVITE from sip:USER@example.com to sip:CONFERENCE@HOST, not told yet. Freed by world_hang_up.
 */
__attribute__((unused)) static struct call *
world_call_from(const char *user, const char *conference, const char *host)
{
    struct call *call = phone_make(
        &world, &(struct simulated_caller){
                    .user = user, .to = conference, .to_host = host, .user_agent = "fake"});

    if (!call)
        abort();
    return call;
}

__attribute__((unused)) static struct call *world_dial_at(struct focus *focus, const char *user,
                                                          const char *conference, const char *host)
{
    struct call *call = world_call_from(user, conference, host);

    focus_signalling_events()->on_incoming(call, focus);
    return call;
}

__attribute__((unused)) static struct call *world_dial(struct focus *focus, const char *user,
                                                       const char *conference)
{
    return world_dial_at(focus, user, conference, "127.0.0.1");
}

/* Offer/answer with this direction as seen from Parley. */
__attribute__((unused)) static void world_session(struct focus *focus, struct call *call,
                                                  enum stream_direction direction, bool held)
{
    world.focus = focus;
    phone_session(call, direction, held);
}

/* Dial, offer/answer, ACK. */
__attribute__((unused)) static struct call *world_join(struct focus *focus, const char *user,
                                                       const char *conference)
{
    struct call *call = world_dial(focus, user, conference);

    if (!call->answered)
        return call;
    world_session(focus, call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, focus);
    return call;
}

/* The call's dialog is over: a BYE from the phone (code 0), or what the focus asked for. */
__attribute__((unused)) static void world_hang_up(struct focus *focus, struct call *call)
{
    world.focus = focus;
    phone_ended(call, call->ended ? call->end_code : call->reject_code, "");
    phone_free(call);
}

/* Lets the loop work off what is due now. */
__attribute__((unused)) static void world_turn(struct loop *loop)
{
    (void)event_base_loop(loop_base(loop), EVLOOP_NONBLOCK);
    (void)event_base_loop(loop_base(loop), EVLOOP_NONBLOCK);
}

#endif
