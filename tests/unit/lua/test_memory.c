/* A reload that runs out of memory, at whatever point, leaves everything as it was. */
#include "tests/unit/lua/script_world.h"

#include <errno.h>
#include <stdlib.h>

/* The linker puts these in the place of the C library's, in this program (tests/CMakeLists.txt). */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);

static bool is_limited;
static unsigned left; /* allocations, and then there is no memory any more */

static bool is_out(void)
{
    if (!is_limited)
        return false;
    if (left == 0)
        return true;
    left--;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return is_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_out() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return is_out() ? NULL : __real_realloc(block, size);
}

#define OLD                                                                                        \
    "local policy = parley.policy { name = 'site' }\n"                                             \
    "function policy.join(request, conference)\n"                                                  \
    "  conference.state.n = (conference.state.n or 0) + 1\n"                                       \
    "  return reject(499, 'old ' .. conference.state.n)\n"                                         \
    "end\n"                                                                                        \
    "return policy\n"

#define NEW                                                                                        \
    "local policy = parley.policy { name = 'site', version = 2, options = { a = { type = "         \
    "'string', default = 'b' } } }\n"                                                              \
    "function policy.join(request, conference)\n"                                                  \
    "  return reject(499, 'new ' .. conference.state.many.n .. conference.options.a)\n"            \
    "end\n"                                                                                        \
    "function policy.migrate(state) return { many = { n = state.n } } end\n"                       \
    "return policy\n"

static void assert_answer(const char *reason)
{
    struct call *call = world_dial(script.focus, "alice", "demo");

    assert_string_equal(call->reason, reason);
    world_hang_up(script.focus, call);
}

static int reload_with(unsigned allocations)
{
    int result;

    left = allocations;
    is_limited = true;
    result = script_reload();
    is_limited = false;
    return result;
}

/* Near the end every point is tried, where the new generation is whole and the state is migrated;
 * before that, and in the building of the library, some. */
static void a_reload_without_memory_changes_nothing(void **state)
{
    unsigned needed = 1, tried = 0;
    char reason[32];
    json_t *status;

    (void)state;
    script_site(OLD);
    assert_answer("old 1");
    script_write("site", OLD);
    while (reload_with(needed) != 0)
        needed = needed * 5 / 4 + 1;
    script_write("site", NEW);
    for (unsigned n = 0; n < needed * 2; n += n + 600 < needed ? 7 : 1) {
        int result = reload_with(n);

        if (result == 0)
            break;
        assert_true(result == ENOMEM || result == EINVAL);
        assert_true(strstr(script.error, "memory") || strstr(script.error, "Cannot allocate"));
        if (++tried % 50 == 0) {
            (void)snprintf(reason, sizeof reason, "old %u", 1 + tried / 50);
            assert_answer(reason);
        }
    }
    assert_true(tried > 300);
    (void)snprintf(reason, sizeof reason, "new %ub", 1 + tried / 50);
    assert_answer(reason);
    status = lua_engine_status(script.engine);
    assert_int_equal(json_array_size(json_object_get(status, "generations")), 1);
    json_decref(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_reload_without_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
