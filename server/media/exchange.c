#include "media/exchange.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum { PLACES = 4 };

struct place {
    _Atomic uint64_t tick; /* that it holds; 0: being written, or never was */
    atomic_uint readers;
    uint64_t said[MIXER_PLANES]; /* bit masks of buses */
    unsigned voice_count;
    struct mixer_voice voices[MIXER_SPEAKERS];
    float frames[MIXER_PLANES][MIX_BUSES][FRAME_MAX];
};

struct exchange {
    struct place places[PLACES];
};

struct exchange *exchange_create(void)
{
    /* The system's zeroes: only what is used of it ever takes memory. */
    void *memory = mmap(NULL, sizeof(struct exchange), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory != MAP_FAILED ? memory : NULL;
}

void exchange_destroy(struct exchange *exchange)
{
    if (exchange != NULL) {
        (void)munmap(exchange, sizeof *exchange);
    }
}

static struct place *place_of(struct exchange *exchange, uint64_t tick)
{
    return &exchange->places[tick % PLACES];
}

static void place_fill(struct place *place, const struct mixer *mixer)
{
    place->voice_count = mixer->voice_count;
    for (unsigned i = 0; i < mixer->voice_count; i++) {
        place->voices[i] = mixer->voices[i];
        place->voices[i].channel = NULL;
    }
    for (unsigned plane = 0; plane < MIXER_PLANES; plane++) {
        place->said[plane] = 0;
        for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
            unsigned count;
            const float *said = mixer_said(mixer, plane, bus, &count);

            if (said != NULL) {
                place->said[plane] |= UINT64_C(1) << bus;
                memcpy(place->frames[plane][bus], said, count * sizeof(float));
            }
        }
    }
}

void exchange_publish(struct exchange *exchange, uint64_t tick, const struct mixer *mixer)
{
    struct place *place = place_of(exchange, tick);

    /* In this order, as a reader first says that he reads and then looks at the tick: one of the
     * two sees the other. */
    atomic_store(&place->tick, 0);
    if (atomic_load(&place->readers) == 0) {
        place_fill(place, mixer);
        atomic_store(&place->tick, tick);
    }
}

bool exchange_has(const struct exchange *exchange, uint64_t tick)
{
    return atomic_load(&exchange->places[tick % PLACES].tick) == tick;
}

void exchange_read(struct exchange *exchange, uint64_t tick, struct mixer *mixer)
{
    struct place *place = place_of(exchange, tick);

    (void)atomic_fetch_add(&place->readers, 1);
    if (atomic_load(&place->tick) == tick) {
        for (unsigned i = 0; i < place->voice_count; i++) {
            mixer_add_voice(mixer, &place->voices[i]);
        }
        for (unsigned plane = 0; plane < MIXER_PLANES; plane++) {
            for (uint64_t left = place->said[plane]; left != 0; left &= left - 1) {
                unsigned bus = (unsigned)__builtin_ctzll(left);

                mixer_add(mixer, plane, bus, place->frames[plane][bus]);
            }
        }
    }
    (void)atomic_fetch_sub(&place->readers, 1);
}
