/* Key presses as RTP events (RFC 4733): many packets make one key. */
#ifndef MEDIA_TELEPHONE_EVENT_H
#define MEDIA_TELEPHONE_EVENT_H

#include "media/rtp.h"

struct telephone_event {
    bool active;
    uint32_t timestamp; /* of the event that is going on or has just been told */
    uint8_t code;
    bool told;
    uint32_t duration; /* timestamp units, longest seen, all segments together (§2.5.1.3) */
    uint32_t segment;  /* timestamp units that the segments before the last one took */
    uint64_t last;     /* µs, arrival of its last packet */
};

/* Takes one packet of payload type telephone-event. When a key is complete (end bit, or the next
 * event begins), returns its character ("0"–"9", "*", "#", "A"–"D") and sets *durationp (ms);
 * otherwise 0. Told once however often the end is repeated. Rubbish returns 0. Zero the struct to
 * begin, and when the sender begins anew (RTP_RESTART). */
char telephone_event_put(struct telephone_event *event, const struct rtp_packet *packet,
                         uint32_t clock_rate, uint64_t arrival, unsigned *durationp);

/* A key whose end packets were all lost is complete 200 ms after its last packet. Call each tick.
 */
char telephone_event_poll(struct telephone_event *event, uint32_t clock_rate, uint64_t now,
                          unsigned *durationp);

#endif
