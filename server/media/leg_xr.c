/* A leg's extended reports (RFC 3611), where the session wants them. Media thread. */
#include "media/leg.h"
#include "media/thread.h"

#include "media/jitter_parts.h"
#include "media/quality.h"

#include <math.h>

/* A sine of full scale is −3.01 dBov and, in G.711, 3.14 dBm0. */
static const float DBM0_OF_DBOV = 6.15f;

/* What a peer told so long ago says nothing of now. */
static const uint64_t METRICS_US = 15 * 1000 * 1000;

static int dbm0(float dbov)
{
    return dbov > LEVEL_SILENCE ? (int)lrintf(dbov + DBM0_OF_DBOV) : XR_UNKNOWN;
}

/* What we hear of the peer. */
static void measure(const struct leg *leg, struct voip_metrics *metrics)
{
    static const struct leg_sample beginning;
    const struct leg_counters *counters = &leg->counters;
    struct leg_sample now = leg_sample_take(leg);
    unsigned packet = atomic_load_explicit(&counters->packet_ms, memory_order_relaxed);
    float length = (float)(packet > 0 ? packet : FRAME_MS);
    float delay = counter_float(&counters->delay),
          round_trip = counter_float(&counters->round_trip);
    float packets = (float)(now.received + now.lost);
    struct loss_bursts bursts;
    struct quality_path path;
    float rating;

    loss_bursts(&leg->loss, &bursts);
    leg_path_in(leg, &now, &beginning, &path);
    rating = quality_rating(&path);
    metrics->mos = (unsigned)lrintf(10 * quality_mos(rating));
    metrics->rating = (unsigned)lrintf(rating);
    path.delay = 0; /* who only listens does not mind it */
    metrics->mos_listening = (unsigned)lrintf(10 * quality_mos(quality_rating(&path)));
    metrics->loss = (float)now.lost / packets;
    metrics->discard = (float)now.late / packets;
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
    if (!xr->has_metrics && arrival - leg->rtcp.xr_arrival > METRICS_US) {
        atomic_store_explicit(&counters->remote_rating, 0, memory_order_relaxed);
        atomic_store_explicit(&counters->remote_discarded, 0, memory_order_relaxed);
        atomic_store_explicit(&counters->remote_delay, 0, memory_order_relaxed);
    }
    if (xr->has_metrics) {
        float rating = metrics->rating != XR_UNKNOWN ? (float)metrics->rating
                       : metrics->mos != XR_UNKNOWN
                           ? quality_rating_of_mos((float)metrics->mos / 10)
                           : 0;

        leg->rtcp.xr_arrival = arrival;
        atomic_store_explicit(&counters->remote_rating, rating, memory_order_relaxed);
        atomic_store_explicit(&counters->remote_discarded, metrics->discard, memory_order_relaxed);
        if (metrics->system_delay <= RTCP_DELAY_MAX_MS) {
            atomic_store_explicit(&counters->remote_delay, (float)metrics->system_delay,
                                  memory_order_relaxed);
        }
    }
}
