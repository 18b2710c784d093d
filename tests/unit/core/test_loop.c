/* The loop: timers, watches, and the su_root that is nested in it. */
#include "core/loop.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* As main/interpose.c does; a test turns it off to see the loop without it. */
static bool catches_epoll = true;

int epoll_create(int size)
{
    (void)size;
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (catches_epoll) {
        loop_adopt_epoll_fd(fd);
    }
    return fd;
}

static struct loop *loop;
static struct loop_timer *timer;
static struct loop_watch *watch;
static unsigned calls;

static int set_up(void **state)
{
    (void)state;
    catches_epoll = true;
    calls = 0;
    timer = NULL;
    watch = NULL;
    return loop_create(&loop);
}

static int tear_down(void **state)
{
    (void)state;
    loop_timer_stop(&timer);
    loop_unwatch(&watch);
    loop_destroy(loop);
    return 0;
}

static void stop_with_7(void *arg)
{
    (void)arg;
    assert_null(timer);
    calls++;
    loop_stop(loop, 7);
}

static void count_call(void *arg)
{
    (void)arg;
    calls++;
}

static void a_timer_fires_once_and_not_before_its_time(void **state)
{
    (void)state;
    uint64_t begun = loop_now(loop);
    assert_int_equal(loop_timer_start(loop, &timer, 30, stop_with_7, NULL), 0);
    assert_non_null(timer);
    assert_int_equal(loop_run(loop), 7);
    assert_true(loop_now(loop) - begun >= 29); /* both ends are rounded to ms */
    assert_int_equal(calls, 1);
}

static void start_again(void *arg)
{
    (void)arg;
    calls++;
    assert_int_equal(loop_timer_start(loop, &timer, 0, calls < 3 ? start_again : stop_with_7, NULL),
                     0);
}

static void a_handler_may_start_its_timer_again(void **state)
{
    (void)state;
    assert_int_equal(loop_timer_start(loop, &timer, 0, start_again, NULL), 0);
    loop_run(loop);
    assert_int_equal(calls, 4);
}

static void a_restarted_timer_forgets_its_old_handler(void **state)
{
    (void)state;
    assert_int_equal(loop_timer_start(loop, &timer, 0, count_call, NULL), 0);
    assert_int_equal(loop_timer_start(loop, &timer, 1, stop_with_7, NULL), 0);
    loop_run(loop);
    assert_int_equal(calls, 1);
}

static void a_stopped_timer_never_fires(void **state)
{
    struct loop_timer *other = NULL;
    (void)state;
    loop_timer_stop(&other);
    assert_int_equal(loop_timer_start(loop, &other, 0, count_call, NULL), 0);
    loop_timer_stop(&other);
    assert_null(other);
    assert_int_equal(loop_timer_start(loop, &timer, 5, stop_with_7, NULL), 0);
    loop_run(loop);
    assert_int_equal(calls, 1);
}

static void read_and_leave(int fd, void *arg)
{
    uint64_t value;
    assert_ptr_equal(arg, &watch);
    assert_int_equal(read(fd, &value, sizeof value), sizeof value);
    calls++;
    loop_unwatch(&watch);
    /* Readable again, but nobody watches. */
    assert_int_equal(eventfd_write(fd, 1), 0);
    assert_int_equal(loop_timer_start(loop, &timer, 5, stop_with_7, NULL), 0);
}

static void a_watch_tells_what_is_readable_until_it_is_taken_back(void **state)
{
    (void)state;
    int fd = eventfd(1, EFD_NONBLOCK);
    assert_int_equal(loop_watch(loop, fd, read_and_leave, &watch, &watch), 0);
    loop_run(loop);
    assert_int_equal(calls, 2);
    close(fd);
}

static void on_su_timer(su_root_magic_t *magic, su_timer_t *su_timer, su_timer_arg_t *arg)
{
    (void)magic;
    (void)su_timer;
    (void)arg;
    calls++;
    loop_stop(loop, 3);
}

static void run_su_timer(void)
{
    su_timer_t *su_timer = su_timer_create(su_root_task(loop_su_root(loop)), 20);
    assert_non_null(su_timer);
    assert_int_equal(su_timer_set(su_timer, on_su_timer, NULL), 0);
    assert_int_equal(loop_run(loop), 3);
    su_timer_destroy(su_timer);
    assert_int_equal(calls, 1);
}

static void sofia_timers_run_in_the_loop(void **state)
{
    (void)state;
    assert_true(loop_is_nested(loop));
    run_su_timer();
}

static int on_su_event(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    uint64_t value;
    (void)magic;
    (void)wait;
    assert_int_equal(read(*(int *)arg, &value, sizeof value), sizeof value);
    calls++;
    loop_stop(loop, 4);
    return 0;
}

static void write_to(void *arg)
{
    assert_int_equal(eventfd_write(*(int *)arg, 1), 0);
}

static void run_su_event(void)
{
    int fd = eventfd(0, EFD_NONBLOCK);
    su_wait_t wait[1];
    assert_int_equal(su_wait_create(wait, fd, SU_WAIT_IN), 0);
    int index = su_root_register(loop_su_root(loop), wait, on_su_event, (su_wakeup_arg_t *)&fd, 0);
    assert_true(index > 0);
    /* Comes while the loop sleeps. */
    assert_int_equal(loop_timer_start(loop, &timer, 20, write_to, &fd), 0);
    assert_int_equal(loop_run(loop), 4);
    assert_int_equal(calls, 1);
    su_root_deregister(loop_su_root(loop), index);
    close(fd);
}

static void sofia_sockets_wake_the_loop(void **state)
{
    (void)state;
    run_su_event();
}

static void without_its_descriptor_sofia_is_polled(void **state)
{
    (void)state;
    loop_destroy(loop);
    catches_epoll = false;
    assert_int_equal(loop_create(&loop), 0);
    assert_false(loop_is_nested(loop));
    run_su_timer();
    calls = 0;
    run_su_event();
}

static void an_idle_loop_sleeps(void **state)
{
    struct timespec begun, ended;
    (void)state;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
    assert_int_equal(loop_timer_start(loop, &timer, 300, stop_with_7, NULL), 0);
    loop_run(loop);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
    double ms =
        (double)(ended.tv_sec - begun.tv_sec) * 1e3 + (double)(ended.tv_nsec - begun.tv_nsec) / 1e6;
    /* A loop that spins burns all of the 300 ms. */
    assert_true(ms < 100);
}

static void *ask_thread(void *arg)
{
    *(bool *)arg = loop_is_focus_thread();
    return NULL;
}

static void only_the_loops_thread_is_the_focus_thread(void **state)
{
    bool other = true;
    pthread_t thread;
    (void)state;
    assert_true(loop_is_focus_thread());
    assert_int_equal(pthread_create(&thread, NULL, ask_thread, &other), 0);
    pthread_join(thread, NULL);
    assert_false(other);
}

static void descriptors_of_others_are_not_adopted(void **state)
{
    (void)state;
    int fd = epoll_create(1);
    close(fd);
    assert_true(loop_is_nested(loop));
    run_su_event();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_timer_fires_once_and_not_before_its_time),
        TEST(a_handler_may_start_its_timer_again),
        TEST(a_restarted_timer_forgets_its_old_handler),
        TEST(a_stopped_timer_never_fires),
        TEST(a_watch_tells_what_is_readable_until_it_is_taken_back),
        TEST(sofia_timers_run_in_the_loop),
        TEST(sofia_sockets_wake_the_loop),
        TEST(without_its_descriptor_sofia_is_polled),
        TEST(an_idle_loop_sleeps),
        TEST(only_the_loops_thread_is_the_focus_thread),
        TEST(descriptors_of_others_are_not_adopted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
