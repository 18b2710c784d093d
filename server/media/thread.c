/* A media thread's life: sleep until the next slot that has sections, work it, account for it. */
#include "media/thread.h"
#include "media/engine.h"
#include "media/leg.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    PERIOD_US = FRAME_MS * 1000,
    WAIT_STEP_US = 250, /* how often sections that wait for others are looked at */
    LOAD_WINDOW_US = 1000 * 1000,
    NICENESS = -11, /* before all that is not real time: being late is heard */
};

static uint64_t read_clock_us(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void tell_overload(struct media_thread *thread)
{
    atomic_store_explicit(&thread->overloaded, thread->overload.is_overloaded,
                          memory_order_relaxed);
    thread->signal = true;
}

/* ---- sleeping ---- */

static void sleep_until(uint64_t us)
{
    struct timespec at = {
        .tv_sec = (time_t)(us / 1000000),
        .tv_nsec = (long)(us % 1000000) * 1000,
    };

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

/* Without sections the thread has no wake-ups. Saying that it sleeps before it looks once more
 * makes sure that a message posted meanwhile is either seen here or wakes it. */
static void sleep_idle(struct media_thread *thread)
{
    uint64_t count;

    atomic_store_explicit(&thread->load, 0, memory_order_relaxed);
    if (overload_rest(&thread->overload)) {
        tell_overload(thread);
        thread_wake_focus(thread);
    }
    atomic_store(&thread->idle, true);
    if (mailbox_empty(&thread->inbox)) {
        while (read(thread->wake_fd, &count, sizeof count) < 0 && errno == EINTR) {
        }
    }
    atomic_store(&thread->idle, false);
    thread->load_since = clock_us();
    thread->busy = 0;
}

void thread_wake(struct media_thread *thread)
{
    if (atomic_load(&thread->idle)) {
        uint64_t one = 1;

        while (write(thread->wake_fd, &one, sizeof one) < 0 && errno == EINTR) {
        }
    }
}

/* ---- working ---- */

static void watch_overload(struct media_thread *thread, uint64_t due, uint64_t late, uint64_t busy)
{
    const struct media *media = thread->media;
    struct overload_limits limits = {
        .late = atomic_load_explicit(&media->overload_late, memory_order_relaxed),
        .load = atomic_load_explicit(&media->overload_load, memory_order_relaxed),
    };

    if (overload_slot(&thread->overload, &limits, due, late, busy)) {
        tell_overload(thread);
    }
}

static void account(struct media_thread *thread, uint64_t due, uint64_t late)
{
    uint64_t end = clock_us();
    uint64_t window = end - thread->load_since;

    counter_add(&thread->ticks, 1);
    if (late > OVERLOAD_LATE_US) {
        counter_add(&thread->late_ticks, 1);
    }
    histogram_add(&thread->lateness, late);
    thread->busy += end - thread->now;
    watch_overload(thread, due, late, end - thread->now);
    if (window >= LOAD_WINDOW_US) {
        atomic_store_explicit(&thread->load, (float)thread->busy / (float)window,
                              memory_order_relaxed);
        thread->load_since = end;
        thread->busy = 0;
    }
}

/* A section that waits for those of other threads speaks soon after they are done: each slot that
 * it waited for would be delay for all its legs. */
static void sleep_until_slot(struct media_thread *thread, uint64_t slot)
{
    uint64_t due = slot * SLOT_US, now = clock_us();

    while (!TAILQ_EMPTY(&thread->waiting) && now + WAIT_STEP_US < due) {
        uint64_t end;

        sleep_until(now + WAIT_STEP_US);
        now = clock_us();
        thread_finish_waiting(thread, slot - 1);
        end = clock_us();
        thread->busy += end - now;
        now = end;
    }
    sleep_until(due);
}

static void run_slot(struct media_thread *thread, uint64_t slot)
{
    uint64_t due = slot * SLOT_US, late;

    sleep_until_slot(thread, slot);
    thread->now = clock_us();
    late = thread->now > due ? thread->now - due : 0;
    if (late >= PERIOD_US) {
        /* Its sections are due again already: what is dropped here never becomes delay. */
        counter_add(&thread->skipped_ticks, 1);
        watch_overload(thread, due, late, 0);
        return;
    }
    thread->wall_offset = (int64_t)read_clock_us(CLOCK_REALTIME) - (int64_t)thread->now;
    thread_apply_messages(thread);
    thread_work_slot(thread, slot);
    account(thread, due, late);
}

static void thread_tune(struct media_thread *thread)
{
    char name[16];

    (void)snprintf(name, sizeof name, "media-%u", (unsigned)(thread - thread->media->threads));
    (void)pthread_setname_np(pthread_self(), name);
    /* Both make it more punctual where they are allowed, and are no condition. */
    (void)prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL); /* ns */
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
}

static void *thread_main(void *arg)
{
    struct media_thread *thread = arg;
    uint64_t slot;

    thread_tune(thread);
    if (thread->uring != NULL) {
        uring_begin(thread->uring);
    }
    thread->load_since = clock_us();
    slot = thread->load_since / SLOT_US + 1;
    while (!thread->stopping) {
        if (thread->section_count == 0) {
            thread->now = clock_us();
            thread_apply_messages(thread);
            if (thread->section_count == 0 && !thread->stopping) {
                sleep_idle(thread);
            }
            slot = clock_us() / SLOT_US + 1;
        } else if (TAILQ_EMPTY(&thread->slots[slot % SLOTS]) && TAILQ_EMPTY(&thread->waiting)) {
            slot++;
        } else {
            run_slot(thread, slot++);
        }
    }
    thread->now = clock_us();
    thread_end_legs(thread);
    return NULL;
}

/* ---- starting and stopping: focus thread ---- */

static int open_descriptors(struct media_thread *thread)
{
    thread->wake_fd = eventfd(0, EFD_CLOEXEC);
    thread->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread->rtcp_poll = epoll_create1(EPOLL_CLOEXEC);
    thread->rtp_poll = epoll_create1(EPOLL_CLOEXEC);
    if (thread->wake_fd < 0 || thread->event_fd < 0 || thread->rtcp_poll < 0 ||
        thread->rtp_poll < 0) {
        return errno;
    }
    return 0;
}

/* Without it every packet is moved by a call of its own, which works as well. */
static void open_uring(struct media *media, struct media_thread *thread)
{
    int err = media->io_uring ? uring_create(&thread->uring) : 0;

    if (err != 0 && thread == media->threads) {
        log_info("media: no io_uring here (%s), packets are moved one by one", strerror(err));
    }
}

int thread_start(struct media *media, struct media_thread *thread)
{
    int err;

    thread->media = media;
    TAILQ_INIT(&thread->waiting);
    thread->wake_fd = thread->event_fd = thread->rtcp_poll = thread->rtp_poll = -1;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        TAILQ_INIT(&thread->slots[slot]);
    }
    random_bytes(&thread->random, sizeof thread->random);
    thread->random |= 1; /* 0 would stay 0 */
    err = open_descriptors(thread);
    if (err == 0) {
        open_uring(media, thread);
        err = pthread_create(&thread->id, NULL, thread_main, thread);
    }
    thread->running = err == 0;
    return err;
}

void thread_join(struct media_thread *thread)
{
    if (thread->running) {
        (void)pthread_join(thread->id, NULL);
        thread->running = false;
    }
    uring_destroy(thread->uring);
    thread->uring = NULL;
    if (thread->media != NULL) {
        if (thread->wake_fd >= 0) {
            (void)close(thread->wake_fd);
        }
        if (thread->event_fd >= 0) {
            (void)close(thread->event_fd);
        }
        if (thread->rtcp_poll >= 0) {
            (void)close(thread->rtcp_poll);
        }
        if (thread->rtp_poll >= 0) {
            (void)close(thread->rtp_poll);
        }
    }
}
