/*
 * What a tick must not do: take memory or a lock. This program has the allocator and the mutexes
 * pass through its own functions, which count what the media threads call.
 */
#include "media_world.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>

enum { TICKS = 100 };

static atomic_bool armed;
static atomic_uint allocations, locks;

/* Media threads are called "media-…" (thread.c). */
static void note(atomic_uint *counter)
{
    char name[16] = "";

    if (armed && prctl(PR_GET_NAME, name) == 0 && strncmp(name, "media-", 6) == 0) {
        (*counter)++;
    }
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

void *malloc(size_t size)
{
    note(&allocations);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    note(&allocations);
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    note(&allocations);
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    note(&allocations);
    return __libc_memalign(alignment, size);
}

void free(void *memory)
{
    note(&allocations);
    __libc_free(memory);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*_Atomic next)(pthread_mutex_t *);

    if (next == NULL) {
        int (*found)(pthread_mutex_t *);

        *(void **)&found = dlsym(RTLD_NEXT, "pthread_mutex_lock");
        next = found;
    }
    note(&locks);
    return next(mutex);
}

/* ---- the counting itself ---- */

static void *allocate_and_lock(void *arg)
{
    void *volatile memory;

    (void)prctl(PR_SET_NAME, "media-x");
    memory = malloc(1);
    free(memory);
    pthread_mutex_lock(arg);
    pthread_mutex_unlock(arg);
    return NULL;
}

static void what_a_media_thread_does_is_counted(void **state)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;

    (void)state;
    armed = true;
    assert_int_equal(pthread_create(&thread, NULL, allocate_and_lock, &mutex), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    armed = false;
    assert_true(allocations >= 2);
    assert_true(locks >= 1);
}

/* ---- a conference ---- */

/* The phone talks PCMU and hears another codec. */
static void hear_by(struct phone *phone, const char *name, unsigned clock_rate, unsigned channels)
{
    struct session session = session_of(phone);
    struct codec_format *other = &session.formats[session.format_count++];

    *other = (struct codec_format){
        .clock_rate = clock_rate, .channels = (uint8_t)channels, .payload_type = 111};
    (void)snprintf(other->name, sizeof(other->name), "%s", name);
    session.codec = *other;
    phone->room->mixing->leg_session(phone->leg, &session);
}

static bool ticks_have_gone(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        if (room->phones[i].packets < TICKS) {
            return false;
        }
    }
    return true;
}

static void count_packets_anew(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        room->phones[i].packets = 0;
    }
}

/* Several threads, several rates, talkers and listeners, keys and changing gains: all that is
 * decoded, mixed, resampled, encoded, sent and told while the phones are up. */
static void a_tick_takes_no_memory_and_no_lock(void **state)
{
    struct room *room = room_create_split(2, 2);

    (void)state;
    for (unsigned i = 0; i < PHONES; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    hear_by(&room->phones[1], "opus", 48000, 2);
    hear_by(&room->phones[2], "G722", 8000, 1);
    hear_by(&room->phones[3], "L16", 16000, 1);
    run_until(room, ticks_have_gone);
    set_route(&room->phones[0], -3, -3);
    set_route(&room->phones[1], GAIN_OFF, 0);
    allocations = locks = 0;
    count_packets_anew(room);
    armed = true;
    run_until(room, ticks_have_gone);
    armed = false;
    assert_int_equal(allocations, 0);
    assert_int_equal(locks, 0);
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_media_thread_does_is_counted),
        cmocka_unit_test(a_tick_takes_no_memory_and_no_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
