#include "media/rtcp.h"

#include "media/wire.h"

#include <string.h>
#include <time.h>

enum {
    RTCP_SR = 200,
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_BYE = 203,
    RTCP_FIRST = 192, /* the packet types of RFC 5761 §4 */
    RTCP_LAST = 223,
    SDES_CNAME = 1,
    BLOCK = 24,       /* bytes of one report block */
    SENDER_INFO = 20, /* NTP and RTP time, packets, octets */
    LOST_MAX = 0x7fffff,
    LSR_AGE_MAX = 60 << 16, /* 1/65536 s; we report every few seconds */
};

static uint8_t *put_header(uint8_t *data, unsigned count, uint8_t type, size_t bytes)
{
    data[0] = (uint8_t)(2 << 6 | count);
    data[1] = type;
    return wire_put16(data + 2, (uint32_t)bytes / 4 - 1);
}

/* RFC 3550 A.3; moves the interval of the fraction lost on. */
static uint8_t *put_block(uint8_t *data, struct rtp_source *source, uint32_t lsr, uint32_t dlsr)
{
    uint64_t highest = (uint64_t)source->cycles + source->max_sequence;
    uint64_t expected = highest - source->base_sequence + 1;
    int64_t lost = (int64_t)(expected - source->received);
    if (lost > LOST_MAX) {
        lost = LOST_MAX;
    }
    if (lost < -LOST_MAX - 1) {
        lost = -LOST_MAX - 1;
    }
    int64_t expected_interval = (int64_t)(expected - source->expected_prior);
    int64_t lost_interval =
        expected_interval - (int64_t)(source->received - source->received_prior);
    source->expected_prior = expected;
    source->received_prior = source->received;
    uint32_t fraction = 0;
    if (expected_interval > 0 && lost_interval > 0) {
        fraction = (uint32_t)(lost_interval * 256 / expected_interval);
        fraction = fraction > 255 ? 255 : fraction;
    }
    data = wire_put32(data, source->ssrc);
    data = wire_put32(data, fraction << 24 | ((uint32_t)lost & 0xffffff));
    data = wire_put32(data, (uint32_t)highest);
    data = wire_put32(data, (uint32_t)source->jitter);
    data = wire_put32(data, lsr);
    return wire_put32(data, lsr ? dlsr : 0);
}

/* One chunk with the CNAME, ended by one to four zero bytes up to the word (§6.5). */
static uint8_t *put_sdes(uint8_t *data, const struct rtcp_sender *sender, size_t length,
                         size_t bytes)
{
    uint8_t *end = data + bytes;
    data = put_header(data, 1, RTCP_SDES, bytes);
    data = wire_put32(data, sender->ssrc);
    *data++ = SDES_CNAME;
    *data++ = (uint8_t)length;
    memcpy(data, sender->cname, length);
    data += length;
    memset(data, 0, (size_t)(end - data));
    return end;
}

size_t rtcp_write(uint8_t *data, size_t size, const struct rtcp_sender *sender,
                  struct rtp_source *source, uint32_t lsr, uint32_t dlsr, uint64_t ntp, bool bye)
{
    bool has_block = source && source->active && source->received > 0;
    bool is_sender = sender->packets > 0;
    size_t length = strnlen(sender->cname, 255);
    size_t report = 8 + (is_sender ? SENDER_INFO : 0) + (has_block ? BLOCK : 0);
    size_t sdes = (8 + 2 + length) / 4 * 4 + 4;
    if (size < report + sdes + (sender->xr ? XR_MAX : 0) + (bye ? 8 : 0)) {
        return 0;
    }
    uint8_t *at = put_header(data, has_block ? 1 : 0, is_sender ? RTCP_SR : RTCP_RR, report);
    at = wire_put32(at, sender->ssrc);
    if (is_sender) {
        at = wire_put32(at, (uint32_t)(ntp >> 32));
        at = wire_put32(at, (uint32_t)ntp);
        at = wire_put32(at, sender->timestamp);
        at = wire_put32(at, (uint32_t)sender->packets);
        at = wire_put32(at, (uint32_t)sender->octets);
    }
    if (has_block) {
        at = put_block(at, source, lsr, dlsr);
    }
    at = put_sdes(at, sender, length, sdes);
    if (sender->xr) {
        at = rtcp_xr_write(at, sender->ssrc, source ? source->ssrc : 0, sender->xr, ntp);
    }
    if (bye) {
        at = put_header(at, 1, RTCP_BYE, 8);
        at = wire_put32(at, sender->ssrc);
    }
    return (size_t)(at - data);
}

/* The headers of all packets in a compound are sound and add up (RFC 3550 A.2). */
static bool compound_is_valid(const uint8_t *data, size_t size)
{
    if (size < 4) {
        return false;
    }
    while (size > 0) {
        if (size < 4 || data[0] >> 6 != 2 || data[1] < RTCP_FIRST || data[1] > RTCP_LAST) {
            return false;
        }
        size_t bytes = ((size_t)wire_get16(data + 2) + 1) * 4;
        bool is_last = bytes == size;
        if (bytes > size || ((data[0] & 0x20) && !is_last)) {
            return false;
        }
        data += bytes;
        size -= bytes;
    }
    return true;
}

static void parse_block(struct rtcp_report *report, const uint8_t *block)
{
    report->has_block = true;
    report->fraction_lost = (float)block[4] / 256;
    /* 24 bits with a sign: duplicates may outnumber what was lost. */
    int32_t lost = (int32_t)(wire_get32(block + 4) << 8) >> 8;
    report->lost = lost > 0 ? (uint32_t)lost : 0;
    report->jitter = wire_get32(block + 12);
    report->lsr = wire_get32(block + 16);
    report->dlsr = wire_get32(block + 20);
}

/* SR or RR of `bytes` in all, the header included. False when its blocks do not fit in. */
static bool parse_report(struct rtcp_report *report, const uint8_t *data, size_t bytes,
                         uint32_t our_ssrc)
{
    bool is_sender = data[1] == RTCP_SR;
    size_t count = data[0] & 0x1f;
    size_t start = 8 + (is_sender ? SENDER_INFO : 0);
    if (bytes < start + count * BLOCK) {
        return false;
    }
    if (is_sender) {
        report->has_sr = true;
        report->sr_ssrc = wire_get32(data + 4);
        report->sr_ntp_mid = wire_get32(data + 8) << 16 | wire_get32(data + 12) >> 16;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *block = data + start + i * BLOCK;
        if (wire_get32(block) == our_ssrc) {
            parse_block(report, block);
        }
    }
    return true;
}

static bool parse_bye(struct rtcp_report *report, const uint8_t *data, size_t bytes)
{
    size_t count = data[0] & 0x1f;
    if (bytes < 4 + count * 4) {
        return false;
    }
    if (count > 0) {
        report->has_bye = true;
        report->bye_ssrc = wire_get32(data + 4);
    }
    return true;
}

uint32_t rtcp_ssrc(const uint8_t *data, size_t size)
{
    return size >= 8 ? wire_get32(data + 4) : 0;
}

bool rtcp_parse(struct rtcp_report *report, const uint8_t *data, size_t size, uint32_t our_ssrc)
{
    memset(report, 0, sizeof *report);
    if (!compound_is_valid(data, size)) {
        return false;
    }
    bool sound = true;
    while (sound && size > 0) {
        size_t bytes = ((size_t)wire_get16(data + 2) + 1) * 4;
        if (data[1] == RTCP_SR || data[1] == RTCP_RR) {
            sound = parse_report(report, data, bytes, our_ssrc);
        } else if (data[1] == RTCP_BYE) {
            sound = parse_bye(report, data, bytes);
        } else if (data[1] == RTCP_XR) {
            rtcp_xr_parse(&report->xr, data, bytes, our_ssrc);
        }
        data += bytes;
        size -= bytes;
    }
    if (!sound) {
        memset(report, 0, sizeof *report);
    }
    return sound;
}

uint64_t rtcp_ntp_now(void)
{
    const uint64_t ntp_epoch = 2208988800; /* seconds from 1900 to 1970 */
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seconds = (uint64_t)now.tv_sec + ntp_epoch;
    uint64_t fraction = ((uint64_t)now.tv_nsec << 32) / 1000000000;
    return seconds << 32 | fraction;
}

float rtcp_round_trip(uint32_t lsr, uint32_t dlsr, uint64_t ntp)
{
    /* RFC 3550 §6.4.1, in 1/65536 s. */
    uint32_t age = (uint32_t)(ntp >> 16) - lsr;
    if (lsr == 0 || age > LSR_AGE_MAX || dlsr > age) {
        return 0; /* no report of ours, or clocks of coarse grain */
    }
    float trip = (float)(age - dlsr) * 1000 / 65536;
    return trip <= RTCP_DELAY_MAX_MS ? trip : 0;
}
