#include "focus/conference.h"
#include "focus/events.h"
#include "focus/private.h"
#include "focus/sound.h"
#include "focus/take.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_TIMEOUT = 60 * 1000 }; /* ms */

const enum party focus_call_has_left = PARTY_LEFT;

int focus_create(const struct focus_config *config, struct focus **focusp)
{
    struct focus *focus;

    if (!config || !config->loop || !focusp)
        return EINVAL;
    focus = calloc(1, sizeof *focus);
    if (!focus)
        return ENOMEM;
    focus->domain = strdup(config->domain ? config->domain : "");
    if (!focus->domain) {
        free(focus);
        return ENOMEM;
    }
    focus->loop = config->loop;
    focus->max_calls = config->max_calls;
    focus->media_timeout = config->media_timeout;
    focus->answer_timeout = config->answer_timeout ? config->answer_timeout : ANSWER_TIMEOUT;
    focus->is_taken = config->is_taken;
    focus->is_taken_arg = config->is_taken_arg;
    focus->events_tail = &focus->events;
    *focusp = focus;
    return 0;
}

void focus_connect(struct focus *focus, const struct signalling *signalling,
                   const struct mixing *mixing, const struct policy *policy)
{
    focus->signalling = signalling;
    focus->mixing = mixing;
    focus->policy = policy;
}

void focus_connect_applications(struct focus *focus, const struct application *application)
{
    focus->application = application;
}

int focus_run_application(struct focus *focus, const char *name)
{
    const struct application *application = focus->application;

    return application ? application->run(application->ctx, name) : ENOENT;
}

void focus_connect_journal(struct focus *focus, const struct journalling *journalling)
{
    focus->journalling = journalling;
}

static void end_visitors(struct focus *focus)
{
    struct visitor *visitor, *next;

    HASH_ITER(hh, focus->visitors, visitor, next)
    {
        if (!visitor->participant)
            visitor_remove(visitor, 503, "Server is stopping");
    }
}

void focus_set_life(struct focus *focus, const struct conference_life *life, unsigned patience,
                    unsigned gone)
{
    focus->life = *life;
    focus->patience = patience;
    focus->gone_time = gone;
}

const struct conference_life *focus_life(const struct focus *focus)
{
    return &focus->life;
}

void focus_destroy(struct focus *focus)
{
    struct conference *conference, *next;

    if (!focus)
        return;
    focus->shutting_down = true;
    focus->policy = NULL;
    focus->application = NULL;
    focus->listener_count = 0;
    loop_timer_stop(&focus->shutdown_timer);
    end_visitors(focus);
    HASH_ITER(hh_name, focus->by_name, conference, next)
    {
        conference->reserved = false;
        conference_end(conference, 503, "Server is stopping");
    }
    events_flush(focus);
    recordings_forget(focus);
    gone_forget(focus);
    music_drop(&focus->sound.music);
    free(focus->domain);
    free(focus);
}

unsigned focus_call_count(const struct focus *focus)
{
    return focus->calls;
}

void focus_overload(const struct focus *focus, struct focus_overload *overload)
{
    overload->threads = focus->overload.threads;
    overload->since = focus->overload.since;
    overload->turned_away = focus->overload.turned_away;
}

/* The last call is gone and the last file whole, or the time is up: whichever is first tells, once.
 */
static void shutdown_finish(void *arg)
{
    struct focus *focus = arg;
    void (*done)(void *) = focus->shutdown_done;

    loop_timer_stop(&focus->shutdown_timer);
    focus->shutdown_done = NULL;
    if (focus->calls)
        log_warn("%u calls did not answer their BYE in time", focus->calls);
    if (done)
        done(focus->shutdown_arg);
}

static bool is_quiet(const struct focus *focus)
{
    return focus->calls == 0 && !focus->recordings;
}

void focus_call_gone(struct focus *focus)
{
    focus->calls--;
    focus_quiet_down(focus);
}

void focus_quiet_down(struct focus *focus)
{
    /* Not from here: whoever tells us of the call's end still has it in hand. */
    if (focus->shutdown_done && is_quiet(focus))
        (void)loop_timer_start(focus->loop, &focus->shutdown_timer, 0, shutdown_finish, focus);
}

void focus_shutdown(struct focus *focus, unsigned ms, void (*done)(void *arg), void *arg)
{
    struct conference *conference, *next;

    if (focus->shutting_down)
        return;
    focus->shutting_down = true;
    focus->shutdown_done = done;
    focus->shutdown_arg = arg;
    end_visitors(focus);
    HASH_ITER(hh_name, focus->by_name, conference, next)
    {
        if (conference->active)
            conference_end(conference, 503, "Server is stopping");
    }
    (void)loop_timer_start(focus->loop, &focus->shutdown_timer, is_quiet(focus) ? 0 : ms,
                           shutdown_finish, focus);
}
