/* A key that a phone tells in two ways is one, and pressed twice it is two. */
#include "tests/unit/focus/focus_world.h"

static struct call *alice;
static char pressed[32]; /* as the policy has heard of them */

static void hear_key(void *ctx, const struct conference_event *event)
{
    size_t length = strlen(pressed);

    (void)ctx;
    if (event->kind != EVENT_DIGIT)
        return;
    assert_true(length + 1 < sizeof pressed);
    pressed[length] = event->digit;
}

static void event_ends(char key, unsigned duration)
{
    focus_mixing_events()->on_digit(alice->user, key, duration, focus);
}

static void info_comes(char key, unsigned duration)
{
    focus_signalling_events()->on_key(alice, key, duration, focus);
}

static void wait(unsigned ms)
{
    loop_advance(loop, ms);
}

static void assert_pressed(const char *keys)
{
    wait(1);
    assert_string_equal(pressed, keys);
}

static int begin(void **state)
{
    static const struct policy policy = {
        .decide = world_decides_nothing, .event = hear_key, .forget = world_forgets_nothing};

    (void)state;
    memset(&world, 0, sizeof world);
    memset(pressed, 0, sizeof pressed);
    assert_int_equal(loop_create_virtual(0, &loop), 0);
    assert_int_equal(focus_create(&(struct focus_config){.domain = "", .loop = loop}, &focus), 0);
    focus_connect(focus, &world_signalling, &world_mixing, &policy);
    world_reserve_demo();
    alice = world_join(focus, "alice", "demo");
    wait(1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_hang_up(focus, alice);
    wait(1);
    focus_destroy(focus);
    world_close(&world);
    loop_destroy(loop);
    return 0;
}

static void an_info_before_and_one_after_the_event_are_the_same_key(void **state)
{
    (void)state;
    info_comes('5', 160); /* when it is pressed */
    wait(2000);
    event_ends('5', 2000); /* when it is released */
    assert_pressed("5");
    wait(2000);
    event_ends('6', 100);
    wait(500); /* it was lost, and sent again */
    info_comes('6', 100);
    assert_pressed("56");
}

static void a_key_pressed_twice_is_two(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        info_comes('5', 100);
        wait(100);
        event_ends('5', 100);
        wait(60);
    }
    assert_pressed("55");
    for (int i = 0; i < 2; i++)
        event_ends('6', 100);
    for (int i = 0; i < 2; i++)
        info_comes('6', 100);
    assert_pressed("5566");
    for (int i = 0; i < 3; i++)
        info_comes('7', 100);
    assert_pressed("5566777");
}

static void keys_in_a_hurry_find_each_other(void **state)
{
    (void)state;
    for (const char *key = "*6*6"; *key; key++) {
        event_ends(*key, 60);
        wait(100);
    }
    for (const char *key = "*6*6"; *key; key++)
        info_comes(*key, 60);
    assert_pressed("*6*6");
}

static void what_comes_much_later_in_another_way_is_another_key(void **state)
{
    (void)state;
    event_ends('5', 100);
    wait(1500);
    info_comes('5', 100);
    assert_pressed("55");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        T(an_info_before_and_one_after_the_event_are_the_same_key),
        T(a_key_pressed_twice_is_two),
        T(keys_in_a_hurry_find_each_other),
        T(what_comes_much_later_in_another_way_is_another_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
