/* Workers: jobs that go to a thread and come back to the loop. */
#include "core/worker.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { TASKS = 1000 };

struct task {
    struct job job; /* first */
    unsigned number;
    bool is_done;
    pthread_t by;
};

static struct {
    struct loop *loop;
    struct worker *worker;
    struct loop_timer *timer;
    struct task tasks[TASKS];
    unsigned back, wanted; /* tasks that have come back, that the loop is to wait for */
    bool is_in_order;
    atomic_bool holds; /* the thread keeps what it has taken until the end */
    atomic_uint woken;
} world;

static void do_task(struct task *task)
{
    task->is_done = true;
    task->by = pthread_self();
}

static void run(struct worker *worker, void *arg)
{
    struct job *job;

    assert_ptr_equal(arg, &world);
    while ((job = worker_wait(worker))) {
        while (job) {
            struct job *next = job_next(job);
            struct timespec pause = {.tv_nsec = 1000000};

            while (atomic_load(&world.holds) && !worker_is_ending(worker))
                (void)nanosleep(&pause, NULL);
            do_task((struct task *)job);
            worker_return(worker, job);
            job = next;
        }
    }
}

static void done(struct job *job, void *arg)
{
    const struct task *task = (struct task *)job;

    assert_ptr_equal(arg, &world);
    world.is_in_order = world.is_in_order && task->number == world.back;
    if (++world.back == world.wanted)
        loop_stop(world.loop, 0);
}

static void begin(void (*main_function)(struct worker *worker, void *arg))
{
    const struct worker_config config = {
        .loop = world.loop, .name = "test", .run = main_function, .done = done, .arg = &world};

    assert_int_equal(worker_create(&config, &world.worker), 0);
}

static void post(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        world.tasks[i].number = i;
        assert_int_equal(worker_post(world.worker, &world.tasks[i].job), 0);
    }
}

static void too_long(void *arg)
{
    (void)arg;
    fail_msg("nobody has stopped the loop");
}

static int set_up(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.is_in_order = true;
    assert_int_equal(loop_create(&world.loop), 0);
    return loop_timer_start(world.loop, &world.timer, 20000, too_long, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    loop_timer_stop(&world.timer);
    loop_destroy(world.loop);
    return 0;
}

static void jobs_are_done_elsewhere_and_come_back_in_order(void **state)
{
    (void)state;
    begin(run);
    world.wanted = TASKS;
    post(TASKS);
    assert_int_equal(world.back, 0); /* not before the loop has its turn */
    assert_int_equal(loop_run(world.loop), 0);
    assert_true(world.is_in_order);
    for (unsigned i = 0; i < TASKS; i++) {
        assert_true(world.tasks[i].is_done);
        assert_false(pthread_equal(world.tasks[i].by, pthread_self()));
    }
    worker_destroy(world.worker);
    assert_int_equal(world.back, TASKS);
}

static void what_is_under_way_at_the_end_comes_back_all_the_same(void **state)
{
    (void)state;
    begin(run);
    atomic_store(&world.holds, true);
    post(TASKS);
    worker_destroy(world.worker);
    assert_int_equal(world.back, TASKS);
    assert_true(world.tasks[TASKS - 1].is_done); /* what was posted before the end is carried out */
}

/* A thread that waits for other things, too, as for the network. */
static void run_by_poll(struct worker *worker, void *arg)
{
    (void)arg;
    while (!worker_is_ending(worker)) {
        struct pollfd news = {.fd = worker_fd(worker), .events = POLLIN};
        struct job *job;

        (void)poll(&news, 1, -1);
        job = worker_take(worker);
        if (!job)
            atomic_fetch_add(&world.woken, 1);
        while (job) {
            struct job *next = job_next(job);

            worker_return(worker, job);
            job = next;
        }
    }
}

static void a_thread_may_wait_by_itself_and_be_woken(void **state)
{
    unsigned before;

    (void)state;
    begin(run_by_poll);
    world.wanted = 3;
    post(3);
    assert_int_equal(loop_run(world.loop), 0);
    before = atomic_load(&world.woken);
    worker_wake(world.worker);
    while (atomic_load(&world.woken) == before) {
        struct timespec pause = {.tv_nsec = 1000000};

        (void)nanosleep(&pause, NULL);
    }
    worker_destroy(world.worker);
    assert_int_equal(world.back, 3);
}

static void without_a_job_there_is_no_thread(void **state)
{
    (void)state;
    begin(NULL); /* to be called would be a crash */
    worker_destroy(world.worker);
    worker_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(jobs_are_done_elsewhere_and_come_back_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_under_way_at_the_end_comes_back_all_the_same,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_thread_may_wait_by_itself_and_be_woken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_job_there_is_no_thread, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
