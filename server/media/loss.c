#include "media/loss.h"

enum { WINDOW = 64 };

static void end_span(struct loss *loss)
{
    if (loss->span_missing > 1) {
        loss->bursts++;
        loss->burst_packets += loss->span;
        loss->burst_missing += loss->span_missing;
    }
    loss->span = 0;
    loss->span_missing = 0;
}

/* The next packet in the order of sending has come in time, or has not. */
static void settle(struct loss *loss, bool has_come)
{
    loss->packets++;
    if (has_come) {
        loss->in_run = false;
        if (++loss->since == LOSS_GMIN) {
            end_span(loss);
        }
        return;
    }
    loss->missing++;
    loss->runs += !loss->in_run;
    loss->in_run = true;
    loss->span += 1 + (loss->span_missing > 0 ? loss->since : 0);
    loss->span_missing++;
    loss->since = 0;
}

/* What leaves the window is settled; at the beginning those are places of no packet. */
static void step(struct loss *loss)
{
    if (loss->empty > 0) {
        loss->empty--;
    } else {
        settle(loss, loss->window >> (WINDOW - 1));
    }
    loss->window <<= 1;
}

void loss_take(struct loss *loss, uint16_t sequence)
{
    int ahead = (int16_t)(sequence - loss->newest);

    if (!loss->started) {
        loss->started = true;
        loss->newest = sequence;
        loss->window = 1;
        loss->empty = WINDOW - 1;
        return;
    }
    if (ahead <= 0) {
        loss->window |= ahead > -WINDOW ? (uint64_t)1 << -ahead : 0;
        return;
    }
    loss->newest = sequence;
    for (; ahead > 0; ahead--) {
        step(loss);
    }
    loss->window |= 1;
}

void loss_discard(struct loss *loss, unsigned count)
{
    for (; count > 0 && loss->window != 0; count--) {
        loss->window &= loss->window - 1;
    }
}

void loss_restart(struct loss *loss)
{
    for (unsigned i = 0; loss->started && i < WINDOW; i++) {
        step(loss);
    }
    loss->started = false;
}

void loss_bursts(const struct loss *loss, struct loss_bursts *bursts)
{
    struct loss all = *loss;
    float gap_packets, gap_missing;

    end_span(&all); /* it may go on, but has been one so far */
    gap_packets = (float)(all.packets - all.burst_packets);
    gap_missing = (float)(all.missing - all.burst_missing);
    *bursts = (struct loss_bursts){0};
    if (all.bursts > 0) {
        bursts->burst_density = (float)all.burst_missing / (float)all.burst_packets;
        bursts->burst_packets = (float)all.burst_packets / (float)all.bursts;
    }
    if (gap_packets > 0) {
        bursts->gap_density = gap_missing / gap_packets;
        bursts->gap_packets = gap_packets / (float)(all.bursts + 1);
    }
}
