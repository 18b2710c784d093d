/* A leg's extended reports (RFC 3611), where the session wants them. Media thread. */
#include "media/engine.h"

#include "media/jitter_parts.h"
#include "media/quality.h"

#include <math.h>

/* A sine of full scale is −3.01 dBov and, in G.711, 3.14 dBm0. */
static const float DBM0_OF_DBOV = 6.15f;

static int dbm0(float dbov)
{
    return dbov > LEVEL_SILENCE ? (int)lrintf(dbov + DBM0_OF_DBOV) : XR_UNKNOWN;
}

/* What we hear of the peer. */
static void measure(const struct leg *leg, struct voip_metrics *metrics)
{
    const struct leg_counters *counters = &leg->counters;
    uint64_t received = atomic_load_explicit(&counters->received, memory_order_relaxed);
    uint64_t lost = atomic_load_explicit(&counters->lost, memory_order_relaxed);
    uint64_t late = atomic_load_explicit(&counters->late, memory_order_relaxed);
    unsigned packet = atomic_load_explicit(&counters->packet_ms, memory_order_relaxed);
    float length = (float)(packet > 0 ? packet : FRAME_MS);
    float delay = counter_float(&counters->delay),
          round_trip = counter_float(&counters->round_trip);
    float packets = (float)(received + lost);
    struct loss_bursts bursts;
    struct quality_path path = {
        .codec = leg->hearing->codec->format.name,
        .loss = (float)(lost + late) / packets,
    };
    float rating;

    loss_bursts(&leg->loss, &bursts);
    path.burst = quality_burst((float)leg->loss.missing, (float)leg->loss.runs, path.loss);
    rating = quality_rating(&path);
    metrics->mos_listening = (unsigned)lrintf(10 * quality_mos(rating));
    path.delay = round_trip / 2 + delay + length;
    rating = quality_rating(&path);
    metrics->mos = (unsigned)lrintf(10 * quality_mos(rating));
    metrics->rating = (unsigned)lrintf(rating);
    metrics->loss = (float)lost / packets;
    metrics->discard = (float)late / packets;
    metrics->burst_density = bursts.burst_density;
    metrics->gap_density = bursts.gap_density;
    metrics->burst_length = (unsigned)(bursts.burst_packets * length);
    metrics->gap_length = (unsigned)(bursts.gap_packets * length);
    metrics->round_trip = (unsigned)round_trip;
    metrics->system_delay = (unsigned)(delay + length);
    metrics->signal = dbm0(level_of_power(counter_float(&counters->speech)));
    metrics->noise = dbm0(leg->level.noise);
    metrics->jitter_buffer = (unsigned)delay;
    metrics->jitter_buffer_max = DELAY_MAX_MS;
}

bool leg_xr_report(const struct leg *leg, const struct media_thread *thread, bool is_sender,
                   struct rtcp_xr *xr)
{
    const struct stream *stream = leg->stream;
    uint64_t waited = thread->now - leg->rtcp.rr_arrival;

    *xr = (struct rtcp_xr){
        .has_metrics = stream->xr_metrics && leg->source.active && leg->hearing != NULL &&
                       leg->source.received > 0,
        .has_rrtr = stream->xr_round_trip && !is_sender, /* a sender learns it by its SR */
        .has_dlrr = stream->xr_round_trip && leg->rtcp.rr_mid != 0,
        .dlrr_ssrc = leg->rtcp.rr_ssrc,
        .lrr = leg->rtcp.rr_mid,
        .dlrr = (uint32_t)(waited * 65536 / 1000000),
    };
    if (xr->has_metrics) {
        measure(leg, &xr->metrics);
    }
    return xr->has_metrics || xr->has_rrtr || xr->has_dlrr;
}

void leg_xr_take(struct leg *leg, const struct rtcp_xr *xr, uint64_t arrival, uint64_t now)
{
    struct leg_counters *counters = &leg->counters;
    const struct voip_metrics *metrics = &xr->metrics;

    if (xr->has_rrtr) {
        leg->rtcp.rr_ssrc = xr->rrtr_ssrc;
        leg->rtcp.rr_mid = xr->rrtr_mid;
        leg->rtcp.rr_arrival = arrival;
    }
    if (xr->has_dlrr) {
        leg_rtcp_round_trip(leg, xr->lrr, xr->dlrr, now - arrival);
    }
    if (xr->has_metrics) {
        float rating = metrics->rating != XR_UNKNOWN ? (float)metrics->rating
                       : metrics->mos != XR_UNKNOWN
                           ? quality_rating_of_mos((float)metrics->mos / 10)
                           : 0;

        atomic_store_explicit(&counters->remote_rating, rating, memory_order_relaxed);
        atomic_store_explicit(&counters->remote_discarded, metrics->discard, memory_order_relaxed);
        atomic_store_explicit(&counters->remote_delay, (float)metrics->system_delay,
                              memory_order_relaxed);
    }
}
