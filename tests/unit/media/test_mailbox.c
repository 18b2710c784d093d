/* The two queues between threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "core/mailbox.h"
#include "media/ring.h"

enum { LETTERS = 20000, CHAIN = 5 };

struct letter {
    struct mail mail;
    unsigned number;
};

static void an_empty_mailbox_gives_nothing(void **state)
{
    struct mailbox box = {NULL};

    (void)state;
    assert_true(mailbox_empty(&box));
    assert_null(mailbox_take(&box));
}

static void mail_comes_in_the_order_posted(void **state)
{
    struct mailbox box = {NULL};
    struct letter letters[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    struct mail *mail;

    (void)state;
    mailbox_post(&box, &letters[0].mail);
    letters[2].mail.next = &letters[1].mail; /* a chain runs from the newest to the oldest */
    mailbox_post_chain(&box, &letters[2].mail, &letters[1].mail);
    mailbox_post(&box, &letters[3].mail);
    mail = mailbox_take(&box);
    for (unsigned i = 0; i < 4; i++) {
        assert_non_null(mail);
        assert_int_equal(((struct letter *)mail)->number, i);
        mail = mail->next;
    }
    assert_null(mail);
    assert_true(mailbox_empty(&box));
}

struct post {
    struct mailbox box;
    struct letter *letters;
};

static void *post_chains(void *arg)
{
    struct post *post = arg;

    for (unsigned i = 0; i < LETTERS; i += CHAIN) {
        for (unsigned k = 1; k < CHAIN; k++) {
            post->letters[i + k].mail.next = &post->letters[i + k - 1].mail;
        }
        mailbox_post_chain(&post->box, &post->letters[i + CHAIN - 1].mail, &post->letters[i].mail);
    }
    return NULL;
}

static void a_chain_posted_at_once_is_taken_at_once_by_another_thread(void **state)
{
    struct post post = {{NULL}, calloc(LETTERS, sizeof(struct letter))};
    unsigned expected = 0;
    pthread_t thread;

    (void)state;
    assert_non_null(post.letters);
    for (unsigned i = 0; i < LETTERS; i++) {
        post.letters[i].number = i;
    }
    assert_int_equal(pthread_create(&thread, NULL, post_chains, &post), 0);
    while (expected < LETTERS) {
        struct mail *mail = mailbox_take(&post.box);

        if (mail == NULL) {
            (void)sched_yield();
        }
        for (; mail != NULL; mail = mail->next) {
            assert_int_equal(((struct letter *)mail)->number, expected);
            expected++;
        }
        assert_int_equal(expected % CHAIN, 0);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    free(post.letters);
}

static void a_full_ring_refuses_and_loses_nothing(void **state)
{
    struct ring ring = {0};
    uint32_t item;

    (void)state;
    assert_false(ring_get(&ring, &item));
    for (uint32_t i = 0; i < RING_SIZE; i++) {
        assert_true(ring_put(&ring, i));
    }
    assert_false(ring_put(&ring, 99));
    for (uint32_t i = 0; i < RING_SIZE; i++) {
        assert_true(ring_get(&ring, &item));
        assert_int_equal(item, i);
    }
    assert_false(ring_get(&ring, &item));
}

static void *put_numbers(void *arg)
{
    struct ring *ring = arg;

    for (uint32_t i = 0; i < LETTERS; i++) {
        while (!ring_put(ring, i)) {
            (void)sched_yield();
        }
    }
    return NULL;
}

static void a_ring_carries_numbers_to_another_thread_in_order(void **state)
{
    struct ring ring = {.written = UINT32_MAX - 100,
                        .read = UINT32_MAX - 100}; /* wraps on the way */
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, put_numbers, &ring), 0);
    for (uint32_t i = 0; i < LETTERS; i++) {
        uint32_t item;

        while (!ring_get(&ring, &item)) {
            (void)sched_yield();
        }
        assert_int_equal(item, i);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_mailbox_gives_nothing),
        cmocka_unit_test(mail_comes_in_the_order_posted),
        cmocka_unit_test(a_chain_posted_at_once_is_taken_at_once_by_another_thread),
        cmocka_unit_test(a_full_ring_refuses_and_loses_nothing),
        cmocka_unit_test(a_ring_carries_numbers_to_another_thread_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
