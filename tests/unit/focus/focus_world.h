/*
 * A focus in a world without network: what the tests of the focus begin and end with. One a test
 * program, on one thread.
 */
#ifndef UNIT_FOCUS_WORLD_H
#define UNIT_FOCUS_WORLD_H

#include "tests/unit/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct loop *loop;
static struct focus *focus;

static void world_decides_nothing(void *ctx, const struct request *request,
                                  struct decision *decision)
{
    (void)ctx;
    (void)request;
    (void)decision;
}

static void world_hears_nothing(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    (void)event;
}

static void world_forgets_nothing(void *ctx, uint64_t conference)
{
    (void)ctx;
    (void)conference;
}

/* A fresh world and its focus; config->loop is set here. What the policy leaves out does nothing;
 * NULL: there is none. */
__attribute__((unused)) static void world_open_as(struct focus_config config,
                                                  const struct policy *policy)
{
    static struct policy whole; /* the focus keeps a pointer to it */

    memset(&world, 0, sizeof world);
    if (policy) {
        whole = *policy;
        whole.decide = policy->decide ? policy->decide : world_decides_nothing;
        whole.event = policy->event ? policy->event : world_hears_nothing;
        whole.forget = policy->forget ? policy->forget : world_forgets_nothing;
    }
    assert_int_equal(loop_create(&loop), 0);
    config.loop = loop;
    assert_int_equal(focus_create(&config, &focus), 0);
    focus_connect(focus, &world_signalling, &world_mixing, policy ? &whole : NULL);
}

__attribute__((unused)) static void world_open(const struct policy *policy)
{
    world_open_as((struct focus_config){.domain = ""}, policy);
}

/* The conference of most tests. */
__attribute__((unused)) static struct conference *world_reserve_demo(void)
{
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = "demo"}), 0);
    return focus_conference_by_name(focus, "demo");
}

/* A teardown: nothing is left behind. */
__attribute__((unused)) static int world_end(void **state)
{
    (void)state;
    world_turn(loop);
    focus_destroy(focus);
    world_close(&world);
    loop_destroy(loop);
    assert_int_equal(world.legs, 0);
    assert_int_equal(world.mixes, 0);
    return 0;
}

#endif
