/* A leg's RTCP: reports by the clock, the peer's reports, and good-bye. Media thread. */
#include "media/leg.h"
#include "media/thread.h"

#include "core/address.h"

#include <math.h>

static const uint64_t INTERVAL_US = 5 * 1000 * 1000; /* RFC 3550 §6.2 */
/* RFC 3550 §6.3.1: e − 3/2, which undoes the bias of timer reconsideration. */
static const double COMPENSATION = 1.21828;

static uint32_t random_next(uint32_t *state)
{
    /* xorshift: spreads reports in time, keeps no secret. */
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

uint64_t leg_rtcp_interval(struct media_thread *thread)
{
    double spread = 0.5 + random_next(&thread->random) / 4294967296.0;

    return (uint64_t)((double)INTERVAL_US * spread / COMPENSATION);
}

void leg_rtcp_round_trip(struct leg *leg, uint32_t lsr, uint32_t dlsr, uint64_t waited)
{
    uint64_t ntp = rtcp_ntp_now() - waited * 4294967296u / 1000000;
    float round_trip = rtcp_round_trip(lsr, dlsr, ntp);

    if (round_trip > 0) {
        atomic_store_explicit(&leg->counters.round_trip, round_trip, memory_order_relaxed);
    }
}

/* A figure that cannot be true is passed over; what was known before it stays. */
static void take_block(struct leg *leg, const struct rtcp_report *report)
{
    struct leg_counters *counters = &leg->counters;
    uint64_t sent = atomic_load_explicit(&counters->sent, memory_order_relaxed);
    uint64_t unsent = atomic_load_explicit(&counters->unsent, memory_order_relaxed);
    float clocks = (float)leg->stream->clock_rate / 1000;
    float jitter = clocks > 0 ? (float)report->jitter / clocks : INFINITY;

    if (report->lost <= sent + unsent) { /* what we could not send is missing there */
        counter_add(&counters->remote_reports, 1);
        atomic_store_explicit(&counters->remote_loss, report->fraction_lost, memory_order_relaxed);
        atomic_store_explicit(&counters->remote_lost, report->lost, memory_order_relaxed);
        atomic_store_explicit(&counters->remote_sent, sent, memory_order_relaxed);
    }
    if (jitter <= RTCP_DELAY_MAX_MS) {
        atomic_store_explicit(&counters->remote_jitter, jitter, memory_order_relaxed);
    }
}

void leg_rtcp_take(struct leg *leg, const uint8_t *data, size_t size, uint64_t arrival,
                   uint64_t now)
{
    struct rtcp_report report;

    if (!rtcp_parse(&report, data, size, leg->ssrc)) {
        counter_add(&leg->counters.rejected, 1);
        return;
    }
    leg->life = arrival;
    if (report.has_sr) {
        leg->rtcp.sr_mid = report.sr_ntp_mid;
        leg->rtcp.sr_arrival = arrival;
    }
    if (report.has_block) {
        take_block(leg, &report);
        leg_rtcp_round_trip(leg, report.lsr, report.dlsr, now - arrival);
    }
    leg_xr_take(leg, &report.xr, arrival, now);
}

static void send_report(struct leg *leg, struct media_thread *thread, bool bye)
{
    const struct sockaddr_storage *target =
        latch_target(leg->stream->muxed ? &leg->latch : &leg->rtcp.latch);
    uint64_t sent = atomic_load_explicit(&leg->counters.sent, memory_order_relaxed);
    uint64_t waited = thread->now - leg->rtcp.sr_arrival;
    /* Who has sent nothing since the last report is a receiver (RFC 3550 §6.4). */
    struct rtcp_sender sender = {
        .ssrc = leg->ssrc,
        .packets = sent == leg->rtcp.sent_reported ? 0 : sent,
        .octets = leg->rtcp.octets,
        .timestamp = leg->timestamp,
        .cname = leg->cname,
    };
    struct rtcp_xr xr;
    uint8_t data[RTCP_MAX];
    size_t size;

    if (target == NULL) {
        return;
    }
    if (leg_xr_report(leg, thread, sender.packets > 0, &xr)) {
        sender.xr = &xr;
    }
    size = rtcp_write(data, sizeof data, &sender, &leg->source, leg->rtcp.sr_mid,
                      leg->rtcp.sr_mid != 0 ? (uint32_t)(waited * 65536 / 1000000) : 0,
                      rtcp_ntp_now(), bye);
    leg->rtcp.sent_reported = sent;
    leg->rtcp.began = true;
    if (sendto(leg->stream->muxed ? leg->sockets.rtp : leg->sockets.rtcp, data, size,
               MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)target,
               address_size(target)) < 0) {
        counter_add(&leg->counters.unsent, 1);
    }
}

/* With its stream a session's reports end (RFC 3264 §8.2). */
static bool has_reports(const struct leg *leg)
{
    return leg->stream != NULL && leg->stream->format_count > 0;
}

void leg_rtcp_tick(struct leg *leg, struct media_thread *thread)
{
    if (!has_reports(leg) || thread->now < leg->rtcp.next) {
        return;
    }
    leg->rtcp.next = thread->now + leg_rtcp_interval(thread);
    send_report(leg, thread, false);
}

void leg_rtcp_bye(struct leg *leg, struct media_thread *thread)
{
    /* Nobody has heard of us when nothing was sent (RFC 3550 §6.3.7). */
    if (has_reports(leg) &&
        (leg->rtcp.began || atomic_load_explicit(&leg->counters.sent, memory_order_relaxed) > 0)) {
        send_report(leg, thread, true);
    }
}
