#include "media/jitter_parts.h"

#include <assert.h>
#include <string.h>

enum { BUCKET_MS = 500 };

void lateness_init(struct lateness *lateness, unsigned sample_rate)
{
    memset(lateness, 0, sizeof *lateness);
    lateness->bucket_size = sample_rate / 1000 * BUCKET_MS;
    lateness->limit = sample_rate / 1000 * DELAY_MAX_MS;
}

void lateness_begin(struct lateness *lateness, uint32_t lead)
{
    lateness->head = 0;
    lateness->used = 1;
    lateness->filled = 0;
    lateness->buckets[0].least = lateness->buckets[0].most = lead;
    lateness->least = lateness->most = lead;
}

/* The next bucket begins empty of its own history: with what is known now. */
static void rotate(struct lateness *lateness, uint32_t lead)
{
    lateness->filled = 0;
    lateness->head = (lateness->head + 1) % LATENESS_BUCKETS;
    if (lateness->used < LATENESS_BUCKETS) {
        lateness->used++;
    }
    lateness->buckets[lateness->head].least = lateness->buckets[lateness->head].most = lead;
    lateness->least = lateness->most = lead;
    for (unsigned i = 0; i < lateness->used; i++) {
        if (time_since(lateness->least, lateness->buckets[i].least) > 0) {
            lateness->least = lateness->buckets[i].least;
        }
        if (time_since(lateness->buckets[i].most, lateness->most) > 0) {
            lateness->most = lateness->buckets[i].most;
        }
    }
}

void lateness_add(struct lateness *lateness, uint32_t lead, uint32_t duration)
{
    if (lateness->used == 0) {
        lateness_begin(lateness, lead);
        return;
    }
    int32_t ahead = time_since(lead, lateness->most);
    int32_t limit = (int32_t)lateness->limit;
    if (ahead > limit || ahead < -limit) {
        return;
    }
    lateness->filled += duration;
    if (lateness->filled > lateness->bucket_size) {
        rotate(lateness, lead);
        return;
    }
    if (time_since(lead, lateness->buckets[lateness->head].least) < 0) {
        lateness->buckets[lateness->head].least = lead;
        if (time_since(lead, lateness->least) < 0) {
            lateness->least = lead;
        }
    }
    if (time_since(lead, lateness->buckets[lateness->head].most) > 0) {
        lateness->buckets[lateness->head].most = lead;
        if (ahead > 0) {
            lateness->most = lead;
        }
    }
}

uint32_t lateness_target(const struct lateness *lateness)
{
    assert(lateness->used > 0);
    uint32_t lowest = lateness->most - lateness->limit;
    return time_since(lateness->least, lowest) > 0 ? lateness->least : lowest;
}
