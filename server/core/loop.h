/*
 * The one loop of the focus thread: libevent is the master, sofia's su_root is nested in it.
 *
 * SIP, conferences, Lua, control and timers all run here, without locks. Nothing that runs here
 * may block. Other threads reach it by eventfds that it watches (loop_watch).
 */
#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#include <event2/event.h>
#include <sofia-sip/su_wait.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct loop;
struct loop_timer;
struct loop_watch;

/* Bound to the thread that calls it. ENOMEM, or the errno of the system call that failed. */
int loop_create(struct loop **loopp);
void loop_destroy(struct loop *loop);

/* A loop that nothing happens to but by loop_advance: its clock stands until then. It has timers
 * only, and may be there beside another one on the same thread. `when`: by the wall clock, in s
 * since 1970. ENOMEM. */
int loop_create_virtual(time_t when, struct loop **loopp);
bool loop_is_virtual(const struct loop *loop);
/* Of a virtual one: moves its clock on by that, and runs the timers that are due meanwhile, in
 * their order, also those that are started by that. */
void loop_advance(struct loop *loop, uint64_t ms);
/* Of a virtual one: the wall clock is set. */
void loop_set_time(struct loop *loop, time_t when);

struct event_base *loop_base(struct loop *loop);
su_root_t *loop_su_root(struct loop *loop);

/* Runs until loop_stop; returns the status given there. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int status);

/* Asserts (in debug builds) that the caller is on the loop's thread. */
void loop_assert_thread(const struct loop *loop);

/* Whether the caller is on a thread that has a loop: it must not block, not even for DNS. */
bool loop_is_focus_thread(void);

/*
 * sofia-sip hides the epoll descriptor of its su_root. Whoever can intercept epoll_create
 * (main/interpose.c) hands each new descriptor to this function; the one made within loop_create
 * is watched as an ordinary event, all others are ignored. Without it (unit tests) the su_root is
 * polled by a timer instead.
 */
void loop_adopt_epoll_fd(int fd);
/* Whether this loop sleeps until something happens, instead of polling. */
bool loop_is_nested(const struct loop *loop);

/* Milliseconds on the monotonic clock. */
uint64_t loop_now(const struct loop *loop);
/* The wall clock: s since 1970. */
time_t loop_time(const struct loop *loop);

/* Calls `handler` once, `ms` from now. *timerp must be NULL or a timer from here, which is then
 * restarted; it is set to NULL before the handler runs. ENOMEM: then no timer runs. */
int loop_timer_start(struct loop *loop, struct loop_timer **timerp, uint64_t ms,
                     void (*handler)(void *arg), void *arg);
/* Harmless when *timerp is NULL. */
void loop_timer_stop(struct loop_timer **timerp);

/* Calls `handler` whenever `fd` is readable, until loop_unwatch. The fd stays the caller's. */
int loop_watch(struct loop *loop, int fd, void (*handler)(int fd, void *arg), void *arg,
               struct loop_watch **watchp);
void loop_unwatch(struct loop_watch **watchp);

#endif
