#include "core/loop_private.h"

#include "core/clock.h"

#include <assert.h>
#include <errno.h>
#include <sofia-sip/su.h>
#include <stdlib.h>

enum {
    SU_STEPS = 4,     /* turns that sofia gets in one turn of ours before the others' events */
    SU_POLL_MS = 5,   /* without its epoll descriptor */
    SU_FOREVER = 3600 /* s; a delay beyond this is as good as none */
};

struct loop_watch {
    struct event event;
    void (*handler)(int fd, void *arg);
    void *arg;
};

static _Thread_local bool on_focus_thread;
/* While loop_create makes the su_root: -1 until its descriptor has come by; -2 at other times. */
static _Thread_local int adopted_fd = -2;

void loop_adopt_epoll_fd(int fd)
{
    if (adopted_fd == -1) {
        adopted_fd = fd;
    }
}

bool loop_is_focus_thread(void)
{
    return on_focus_thread;
}

bool loop_is_nested(const struct loop *loop)
{
    return loop->su_readable != NULL;
}

/* The work is done after each turn (loop_run), whatever woke us up. */
static void on_su_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static int create_su_root(struct loop *loop)
{
    adopted_fd = -1;
    loop->root = su_root_create(NULL);
    int fd = adopted_fd;
    adopted_fd = -2;
    if (!loop->root) {
        return ENOMEM;
    }
    su_root_threading(loop->root, 0);
    loop->su_timer = evtimer_new(loop->base, on_su_event, loop);
    if (!loop->su_timer) {
        return ENOMEM;
    }
    if (fd >= 0) {
        loop->su_readable = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_su_event, loop);
        if (!loop->su_readable || event_add(loop->su_readable, NULL)) {
            return ENOMEM;
        }
    }
    return 0;
}

static struct event_base *create_base(void)
{
    struct event_config *config = event_config_new();
    if (!config) {
        return NULL;
    }
    /* A timer must never fire before its time by loop_now: no coarse clock, no cached time. */
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

int loop_create(struct loop **loopp)
{
    if (!loopp) {
        return EINVAL;
    }
    if (su_init()) {
        return ENOMEM;
    }
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop) {
        su_deinit();
        return ENOMEM;
    }
    int error = ENOMEM;
    loop->thread = pthread_self();
    loop->base = create_base();
    if (!loop->base) {
        goto out;
    }
    error = create_su_root(loop);
out:
    if (error) {
        loop_destroy(loop);
        return error;
    }
    on_focus_thread = true;
    *loopp = loop;
    return 0;
}

void loop_destroy(struct loop *loop)
{
    if (!loop) {
        return;
    }
    if (loop->is_virtual) {
        virtual_destroy(loop);
        return;
    }
    if (loop->su_readable) {
        event_free(loop->su_readable);
    }
    if (loop->su_timer) {
        event_free(loop->su_timer);
    }
    if (loop->root) {
        su_root_destroy(loop->root);
    }
    if (loop->base) {
        event_base_free(loop->base);
    }
    free(loop);
    su_deinit();
    on_focus_thread = false;
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

su_root_t *loop_su_root(struct loop *loop)
{
    return loop->root;
}

void loop_assert_thread(const struct loop *loop)
{
    assert(pthread_equal(loop->thread, pthread_self()));
    (void)loop;
}

uint64_t loop_now(const struct loop *loop)
{
    return loop->is_virtual ? loop->now : clock_ns() / 1000000;
}

time_t loop_time(const struct loop *loop)
{
    return loop->is_virtual ? virtual_time(loop) : time(NULL);
}

/* 0, or ENOMEM. */
static int timer_set(struct event *event, uint64_t ms)
{
    struct timeval delay = {.tv_sec = (time_t)(ms / 1000),
                            .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    return event_add(event, &delay) ? ENOMEM : 0;
}

/* Lets sofia work off what is ready, and arms the timer for its next own timer. */
static void step_su(struct loop *loop)
{
    su_duration_t delay = 0;
    for (int i = 0; i < SU_STEPS && delay == 0; i++) {
        delay = su_root_step(loop->root, 0);
    }
    if (!loop->su_readable) {
        (void)timer_set(loop->su_timer, delay >= 0 && delay < SU_POLL_MS ? 1 : SU_POLL_MS);
    } else if (delay < 0 || delay > SU_FOREVER * 1000L) {
        event_del(loop->su_timer);
    } else {
        /* 0 as well becomes 1 ms: sofia rounds down, and we would spin until its time has come. */
        (void)timer_set(loop->su_timer, delay > 0 ? (uint64_t)delay : 1);
    }
}

int loop_run(struct loop *loop)
{
    loop_assert_thread(loop);
    while (!loop->stopped) {
        step_su(loop);
        /* A handler of sofia's may have stopped us. */
        if (!loop->stopped) {
            event_base_loop(loop->base, EVLOOP_ONCE);
        }
    }
    loop->stopped = false;
    return loop->status;
}

void loop_stop(struct loop *loop, int status)
{
    loop_assert_thread(loop);
    loop->stopped = true;
    loop->status = status;
    event_base_loopbreak(loop->base);
}

/* ---- timers --------------------------------------------------------------------------------- */

void timer_fire(struct loop_timer *timer)
{
    void (*handler)(void *) = timer->handler;
    void *handler_arg = timer->arg;
    /* The handler may start a new timer in the same place, or free the owner. */
    *timer->owner = NULL;
    free(timer);
    handler(handler_arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    timer_fire(arg);
}

static struct loop_timer *timer_make(struct loop *loop)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (timer && !loop->is_virtual && evtimer_assign(&timer->event, loop->base, on_timer, timer)) {
        free(timer);
        return NULL;
    }
    if (timer) {
        timer->loop = loop;
    }
    return timer;
}

int loop_timer_start(struct loop *loop, struct loop_timer **timerp, uint64_t ms,
                     void (*handler)(void *arg), void *arg)
{
    if (!loop || !timerp || !handler) {
        return EINVAL;
    }
    loop_assert_thread(loop);
    struct loop_timer *timer = *timerp;
    if (!timer) {
        timer = timer_make(loop);
        if (!timer) {
            return ENOMEM;
        }
    }
    timer->owner = timerp;
    timer->handler = handler;
    timer->arg = arg;
    *timerp = timer;
    if (loop->is_virtual) {
        virtual_timer_set(timer, ms);
        return 0;
    }
    int error = timer_set(&timer->event, ms);
    if (error) {
        loop_timer_stop(timerp);
    }
    return error;
}

void loop_timer_stop(struct loop_timer **timerp)
{
    struct loop_timer *timer = *timerp;
    if (timer) {
        if (timer->loop->is_virtual) {
            virtual_timer_unset(timer);
        } else {
            event_del(&timer->event);
        }
        free(timer);
        *timerp = NULL;
    }
}

/* ---- watches -------------------------------------------------------------------------------- */

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct loop_watch *watch = arg;
    watch->handler(fd, watch->arg);
}

int loop_watch(struct loop *loop, int fd, void (*handler)(int fd, void *arg), void *arg,
               struct loop_watch **watchp)
{
    if (!loop || loop->is_virtual || fd < 0 || !handler || !watchp) {
        return EINVAL;
    }
    loop_assert_thread(loop);
    struct loop_watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        return ENOMEM;
    }
    watch->handler = handler;
    watch->arg = arg;
    if (event_assign(&watch->event, loop->base, fd, EV_READ | EV_PERSIST, on_readable, watch)) {
        free(watch);
        return ENOMEM;
    }
    if (event_add(&watch->event, NULL)) {
        int error = errno ? errno : EINVAL;
        free(watch);
        return error;
    }
    *watchp = watch;
    return 0;
}

void loop_unwatch(struct loop_watch **watchp)
{
    struct loop_watch *watch = *watchp;
    if (watch) {
        event_del(&watch->event);
        free(watch);
        *watchp = NULL;
    }
}
