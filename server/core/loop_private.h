/* Between loop.c, which runs on the system's clock, and loop_virtual.c, which is moved by hand. */
#ifndef CORE_LOOP_PRIVATE_H
#define CORE_LOOP_PRIVATE_H

#include "core/loop.h"

#include <event2/event_struct.h>
#include <pthread.h>

struct loop {
    struct event_base *base;
    su_root_t *root;
    struct event *su_readable; /* NULL: sofia's epoll descriptor was not caught */
    struct event *su_timer;
    pthread_t thread;
    bool stopped;
    int status;
    bool is_virtual;           /* of all the above it has the thread alone, but it has: */
    uint64_t now;              /* ms */
    time_t wall;               /* what the wall clock was … */
    uint64_t wall_set;         /* … when it was set, at this `now` */
    struct loop_timer *timers; /* list, in the order in which they are due */
};

struct loop_timer {
    struct loop *loop;
    struct loop_timer **owner; /* set to NULL when the timer is gone */
    void (*handler)(void *arg);
    void *arg;
    union {
        struct event event;
        struct {
            bool is_set;
            uint64_t due;                   /* by loop_now */
            struct loop_timer *prev, *next; /* in loop.timers */
        };
    };
};

/* Frees the timer, and calls its handler. */
void timer_fire(struct loop_timer *timer);

void virtual_destroy(struct loop *loop);
time_t virtual_time(const struct loop *loop);
void virtual_timer_set(struct loop_timer *timer, uint64_t ms);
void virtual_timer_unset(struct loop_timer *timer);

#endif
