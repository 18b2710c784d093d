/* What a leg's counters come to: scores for its whole life, and a grade for the last seconds.
 * Focus thread, but for samples. */
#include "media/quality.h"

#include "media/engine.h"
#include "media/leg.h"
#include "media/thread.h"

#include <stdio.h>
#include <string.h>

enum {
    WATCH_MS = 1000,
    WATCH_TURNS = 5,       /* each leg is judged every WATCH_TURNS times WATCH_MS */
    PACKETS_MIN = 25,      /* fewer in that time tell nothing: a muted phone, a pause */
    FAR_END_DELAY_MS = 40, /* usual jitter buffer of phones that do not tell theirs */
};

struct leg_sample leg_sample_take(const struct leg *leg)
{
    const struct leg_counters *counters = &leg->counters;

    return (struct leg_sample){
        .received = atomic_load_explicit(&counters->received, memory_order_relaxed),
        .lost = atomic_load_explicit(&counters->lost, memory_order_relaxed),
        .late = atomic_load_explicit(&counters->late, memory_order_relaxed),
        .missing = atomic_load_explicit(&counters->missing, memory_order_relaxed),
        .runs = atomic_load_explicit(&counters->runs, memory_order_relaxed),
        .remote_reports = atomic_load_explicit(&counters->remote_reports, memory_order_relaxed),
    };
}

/* `lost` may shrink by what comes late after all. */
static float grown(uint64_t now, uint64_t before)
{
    return now > before ? (float)(now - before) : 0;
}

static float packets_since(const struct leg_sample *now, const struct leg_sample *before)
{
    return grown(now->received, before->received) + grown(now->lost, before->lost);
}

static float loss_since(const struct leg_sample *now, const struct leg_sample *before)
{
    float packets = packets_since(now, before);
    float lost = grown(now->lost, before->lost) + grown(now->late, before->late);

    return packets > 0 ? lost / packets : 0;
}

void leg_path_in(const struct leg *leg, const struct leg_sample *now,
                 const struct leg_sample *before, struct quality_path *path)
{
    const struct leg_counters *counters = &leg->counters;
    unsigned packet = atomic_load_explicit(&counters->packet_ms, memory_order_relaxed);

    path->delay = counter_float(&counters->round_trip) / 2 + counter_float(&counters->delay) +
                  (float)(packet > 0 ? packet : FRAME_MS);
    path->loss = loss_since(now, before);
    path->burst = quality_burst(grown(now->missing, before->missing),
                                grown(now->runs, before->runs), path->loss);
}

/* R of what came in between two samples. */
static float rating_in(const struct leg *leg, const struct leg_sample *now,
                       const struct leg_sample *before)
{
    struct quality_path path;

    leg_path_in(leg, now, before, &path);
    return quality_rating(&path);
}

/* R of what the peer hears when it loses so much: its own word for it, else ours. */
static float rating_out(const struct leg *leg, float loss)
{
    const struct leg_counters *counters = &leg->counters;
    float told = counter_float(&counters->remote_rating);
    float delay = counter_float(&counters->remote_delay);
    struct quality_path path = {
        .delay = counter_float(&counters->round_trip) / 2 + FRAME_MS +
                 (delay > 0 ? delay : FAR_END_DELAY_MS),
        .loss = loss + counter_float(&counters->remote_discarded),
        .burst = 1,
    };

    return told > 0 ? told : quality_rating(&path);
}

void leg_quality_stats(const struct leg *leg, struct leg_stats *stats)
{
    static const struct leg_sample beginning;
    const struct leg_counters *counters = &leg->counters;
    struct leg_sample now = leg_sample_take(leg);
    uint64_t sent = atomic_load_explicit(&counters->remote_sent, memory_order_relaxed);
    float lost = (float)atomic_load_explicit(&counters->remote_lost, memory_order_relaxed);
    bool is_reported = now.remote_reports > 0 || counter_float(&counters->remote_rating) > 0;

    stats->speech = level_of_power(counter_float(&counters->speech));
    stats->mos = now.received > 0 ? quality_mos(rating_in(leg, &now, &beginning)) : 0;
    stats->remote_mos =
        is_reported ? quality_mos(rating_out(leg, sent > 0 ? lost / (float)sent : 0)) : 0;
    (void)snprintf(stats->grade, sizeof stats->grade, "%s", leg->grade);
}

/* ---- the last seconds ---- */

static void judge(struct media *media, struct leg *leg)
{
    struct leg_sample before = leg->judged, now = leg_sample_take(leg);
    bool heard = packets_since(&now, &before) >= PACKETS_MIN;
    bool reported = now.remote_reports > before.remote_reports;
    float in = heard ? rating_in(leg, &now, &before) : -1;
    float out = reported ? rating_out(leg, counter_float(&leg->counters.remote_loss)) : -1;
    float worse = !reported || (heard && in < out) ? in : out;
    struct leg_quality quality = {
        .before = leg->grade,
        .mos = heard ? quality_mos(in) : 0,
        .remote_mos = reported ? quality_mos(out) : 0,
        .loss = loss_since(&now, &before),
        .remote_loss = reported ? counter_float(&leg->counters.remote_loss) : 0,
        .jitter = counter_float(&leg->counters.jitter),
        .delay = counter_float(&leg->counters.delay),
        .round_trip = counter_float(&leg->counters.round_trip),
    };

    leg->judged = now;
    if (worse < 0) {
        return;
    }
    leg->grade = quality.grade = quality_grade(worse, quality.before);
    /* That a call begins well is no news. */
    if (strcmp(quality.grade, *quality.before != '\0' ? quality.before : "good") != 0) {
        media->events->on_quality(leg->user, &quality, media->events_arg);
    }
}

/* A fifth of the legs in each turn, by their ports: all at once would hold up SIP. */
static void on_watch(void *arg)
{
    struct media *media = arg;
    struct leg *leg;

    media->watch_turn = (media->watch_turn + 1) % WATCH_TURNS;
    TAILQ_FOREACH(leg, &media->legs, of_media)
    {
        if (!leg->abandoned && leg->sockets.port / 2 % WATCH_TURNS == media->watch_turn) {
            judge(media, leg);
        }
    }
    media_watch(media);
}

void media_watch(struct media *media)
{
    /* Without memory for the timer the next leg starts it. */
    if (media->watch_timer == NULL && !TAILQ_EMPTY(&media->legs)) {
        (void)loop_timer_start(media->loop, &media->watch_timer, WATCH_MS, on_watch, media);
    }
}
