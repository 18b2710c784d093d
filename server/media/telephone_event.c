#include "media/telephone_event.h"

#include <assert.h>

enum {
    EVENT_PAYLOAD = 4,
    EVENT_KEYS = 16,
    SEGMENT_MAX = 0xffff,
    LOST_END_US = 200 * 1000, /* so long after its last packet a key without an end is complete */
    STALE_SECONDS = 5,        /* an older timestamp within this is a packet out of order */
};

static const char keys[EVENT_KEYS + 1] = "0123456789*#ABCD";

static char tell(struct telephone_event *event, uint32_t clock_rate, unsigned *durationp)
{
    event->told = true;
    *durationp = (unsigned)((uint64_t)event->duration * 1000 / (clock_rate ? clock_rate : 8000));
    return keys[event->code];
}

/* The same key, held for so long that the duration field ran full (RFC 4733 §2.5.1.3). */
static bool is_next_segment(const struct telephone_event *event, uint8_t code, uint32_t timestamp)
{
    return !event->told && code == event->code && event->duration - event->segment == SEGMENT_MAX &&
           timestamp - event->timestamp == SEGMENT_MAX;
}

/* Some gateways move the timestamp on with each packet of a key, as with audio. What a sender that
 * follows RFC 4733 tells of the same key pressed again begins when this one has ended, and is short
 * at first. */
static bool is_moved_on(const struct telephone_event *event, uint8_t code, uint32_t timestamp,
                        uint16_t duration)
{
    uint32_t step = timestamp - event->timestamp;

    return code == event->code && step <= SEGMENT_MAX &&
           (step < event->duration || (!event->told && step == duration - event->duration));
}

static void update(struct telephone_event *event, uint16_t duration, uint64_t arrival)
{
    uint32_t total = event->segment + duration;
    if (total > event->duration) {
        event->duration = total;
    }
    event->last = arrival;
}

char telephone_event_put(struct telephone_event *event, const struct rtp_packet *packet,
                         uint32_t clock_rate, uint64_t arrival, unsigned *durationp)
{
    assert(arrival != RTP_NOT_TIMED); /* how long ago it came decides when a key is over */
    if (packet->payload_size < EVENT_PAYLOAD || packet->payload[0] >= EVENT_KEYS) {
        return 0;
    }
    uint8_t code = packet->payload[0];
    bool end = (packet->payload[1] & 0x80) != 0;
    uint16_t duration = (uint16_t)(packet->payload[2] << 8 | packet->payload[3]);
    uint32_t timestamp = packet->timestamp;

    if (event->active && is_next_segment(event, code, timestamp)) {
        event->segment += SEGMENT_MAX;
        event->timestamp = timestamp;
    } else if (event->active && is_moved_on(event, code, timestamp, duration)) {
        event->timestamp = timestamp;
    }
    if (event->active && timestamp == event->timestamp) {
        if (event->told) {
            return 0;
        }
        update(event, duration, arrival);
        return end ? tell(event, clock_rate, durationp) : 0;
    }
    if (event->active && (int32_t)(timestamp - event->timestamp) < 0 &&
        event->timestamp - timestamp < clock_rate * STALE_SECONDS) {
        return 0;
    }
    if (duration == 0) {
        return 0; /* "forever" is for states, a key is none (§2.3.5) */
    }
    /* Another key begins. The one before may still owe its end; then this one's own end, should
     * it come with the very first packet, is told by its repetition or by telephone_event_poll. */
    char before = 0;
    if (event->active && !event->told) {
        before = tell(event, clock_rate, durationp);
    }
    *event = (struct telephone_event){.active = true,
                                      .timestamp = timestamp,
                                      .code = code,
                                      .duration = duration,
                                      .last = arrival};
    return before == 0 && end ? tell(event, clock_rate, durationp) : before;
}

char telephone_event_poll(struct telephone_event *event, uint32_t clock_rate, uint64_t now,
                          unsigned *durationp)
{
    if (!event->active || event->told || now < event->last + LOST_END_US) {
        return 0;
    }
    return tell(event, clock_rate, durationp);
}
