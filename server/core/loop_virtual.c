/* A loop whose clock is moved by hand. */
#include "core/loop_private.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* ms: a machine that has been up for a day. */
enum { VIRTUAL_BEGIN = 24 * 3600 * 1000 };

int loop_create_virtual(time_t when, struct loop **loopp)
{
    if (!loopp) {
        return EINVAL;
    }
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop) {
        return ENOMEM;
    }
    loop->is_virtual = true;
    loop->thread = pthread_self();
    loop->now = VIRTUAL_BEGIN;
    loop_set_time(loop, when);
    *loopp = loop;
    return 0;
}

bool loop_is_virtual(const struct loop *loop)
{
    return loop->is_virtual;
}

void virtual_destroy(struct loop *loop)
{
    free(loop);
}

time_t virtual_time(const struct loop *loop)
{
    return loop->wall + (time_t)((loop->now - loop->wall_set) / 1000);
}

void loop_set_time(struct loop *loop, time_t when)
{
    loop->wall = when;
    loop->wall_set = loop->now;
}

void virtual_timer_unset(struct loop_timer *timer)
{
    if (timer->is_set) {
        DL_DELETE(timer->loop->timers, timer);
    }
    timer->is_set = false;
}

/* The latest is at the end, and new ones are mostly that: they are put in from there. */
void virtual_timer_set(struct loop_timer *timer, uint64_t ms)
{
    struct loop *loop = timer->loop;
    virtual_timer_unset(timer);
    timer->is_set = true;
    timer->due = loop->now + ms;
    struct loop_timer *last = loop->timers ? loop->timers->prev : NULL;
    while (last && last->due > timer->due) {
        last = last == loop->timers ? NULL : last->prev;
    }
    if (last) {
        DL_APPEND_ELEM(loop->timers, last, timer);
    } else {
        DL_PREPEND(loop->timers, timer);
    }
}

void loop_advance(struct loop *loop, uint64_t ms)
{
    loop_assert_thread(loop);
    uint64_t until = loop->now + ms;
    while (loop->timers && loop->timers->due <= until) {
        struct loop_timer *timer = loop->timers;
        loop->now = timer->due;
        virtual_timer_unset(timer);
        timer_fire(timer);
    }
    loop->now = until;
}
