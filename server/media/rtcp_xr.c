#include "media/rtcp_xr.h"

#include "media/loss.h"
#include "media/wire.h"

#include <math.h>

enum {
    HEADER = 8, /* of the packet, with the SSRC of who reports */
    BLOCK_HEADER = 4,
    BLOCK_RRTR = 4,
    BLOCK_DLRR = 5,
    BLOCK_METRICS = 7,
    RRTR_BYTES = 8,
    DLRR_BYTES = 12, /* one sub-block */
    METRICS_BYTES = 32,
    /* Enhanced concealment (§4.7.6: bits 7–6), an adaptive jitter buffer (bits 5–4). */
    RECEIVER = 3 << 6 | 3 << 4,
    PADDED = 0x20,
};

/* ---- writing ---- */

static uint8_t *put_block_header(uint8_t *data, uint8_t type, unsigned bytes)
{
    data[0] = type;
    data[1] = 0;
    return wire_put16(data + 2, bytes / 4);
}

static uint8_t fraction(float value)
{
    float scaled = value * 256;

    return scaled > 0 ? (uint8_t)fminf(scaled, 255) : 0;
}

static uint32_t milliseconds(unsigned value)
{
    return value < UINT16_MAX ? value : UINT16_MAX;
}

static uint8_t *put_metrics(uint8_t *data, uint32_t source, const struct voip_metrics *metrics)
{
    data = put_block_header(data, BLOCK_METRICS, METRICS_BYTES);
    data = wire_put32(data, source);
    *data++ = fraction(metrics->loss);
    *data++ = fraction(metrics->discard);
    *data++ = fraction(metrics->burst_density);
    *data++ = fraction(metrics->gap_density);
    data = wire_put16(data, milliseconds(metrics->burst_length));
    data = wire_put16(data, milliseconds(metrics->gap_length));
    data = wire_put16(data, milliseconds(metrics->round_trip));
    data = wire_put16(data, milliseconds(metrics->system_delay));
    *data++ = (uint8_t)metrics->signal;
    *data++ = (uint8_t)metrics->noise;
    *data++ = XR_UNKNOWN; /* residual echo return loss: we have no acoustics */
    *data++ = LOSS_GMIN;
    *data++ = (uint8_t)metrics->rating;
    *data++ = XR_UNKNOWN; /* no other network behind us */
    *data++ = (uint8_t)metrics->mos_listening;
    *data++ = (uint8_t)metrics->mos;
    *data++ = RECEIVER;
    *data++ = 0;
    data = wire_put16(data, milliseconds(metrics->jitter_buffer));
    data = wire_put16(data, milliseconds(metrics->jitter_buffer_max));
    return wire_put16(data, milliseconds(metrics->jitter_buffer_max));
}

uint8_t *rtcp_xr_write(uint8_t *data, uint32_t ssrc, uint32_t source, const struct rtcp_xr *xr,
                       uint64_t ntp)
{
    uint8_t *at = wire_put32(data + BLOCK_HEADER, ssrc);

    if (xr->has_rrtr) {
        at = put_block_header(at, BLOCK_RRTR, RRTR_BYTES);
        at = wire_put32(at, (uint32_t)(ntp >> 32));
        at = wire_put32(at, (uint32_t)ntp);
    }
    if (xr->has_dlrr) {
        at = put_block_header(at, BLOCK_DLRR, DLRR_BYTES);
        at = wire_put32(at, xr->dlrr_ssrc);
        at = wire_put32(at, xr->lrr);
        at = wire_put32(at, xr->dlrr);
    }
    if (xr->has_metrics) {
        at = put_metrics(at, source, &xr->metrics);
    }
    data[0] = 2 << 6;
    data[1] = RTCP_XR;
    (void)wire_put16(data + 2, (uint32_t)(at - data) / 4 - 1);
    return at;
}

/* ---- reading ---- */

/* 1–5 in tenths and R from 0 to 100; everything else is not known. */
static unsigned known(unsigned value, unsigned least, unsigned most)
{
    return value >= least && value <= most ? value : XR_UNKNOWN;
}

static void read_metrics(struct rtcp_xr *xr, const uint8_t *data)
{
    xr->has_metrics = true;
    xr->metrics = (struct voip_metrics){
        .loss = (float)data[4] / 256,
        .discard = (float)data[5] / 256,
        .burst_density = (float)data[6] / 256,
        .gap_density = (float)data[7] / 256,
        .burst_length = wire_get16(data + 8),
        .gap_length = wire_get16(data + 10),
        .round_trip = wire_get16(data + 12),
        .system_delay = wire_get16(data + 14),
        .signal = (int8_t)data[16],
        .noise = (int8_t)data[17],
        .rating = known(data[20], 0, 100),
        .mos_listening = known(data[22], 10, 50),
        .mos = known(data[23], 10, 50),
        .jitter_buffer = wire_get16(data + 26),
        .jitter_buffer_max = wire_get16(data + 28),
    };
}

static void read_dlrr(struct rtcp_xr *xr, const uint8_t *data, size_t bytes, uint32_t our_ssrc)
{
    for (; bytes >= DLRR_BYTES; data += DLRR_BYTES, bytes -= DLRR_BYTES) {
        if (wire_get32(data) == our_ssrc) {
            xr->has_dlrr = true;
            xr->lrr = wire_get32(data + 4);
            xr->dlrr = wire_get32(data + 8);
        }
    }
}

static void read_block(struct rtcp_xr *xr, uint8_t type, const uint8_t *data, size_t bytes,
                       uint32_t our_ssrc, uint32_t ssrc)
{
    if (type == BLOCK_RRTR && bytes >= RRTR_BYTES) {
        xr->has_rrtr = true;
        xr->rrtr_ssrc = ssrc;
        xr->rrtr_mid = wire_get32(data) << 16 | wire_get32(data + 4) >> 16;
    } else if (type == BLOCK_DLRR) {
        read_dlrr(xr, data, bytes, our_ssrc);
    } else if (type == BLOCK_METRICS && bytes >= METRICS_BYTES && wire_get32(data) == our_ssrc) {
        read_metrics(xr, data);
    }
}

void rtcp_xr_parse(struct rtcp_xr *xr, const uint8_t *packet, size_t bytes, uint32_t our_ssrc)
{
    size_t padding = packet[0] & PADDED ? packet[bytes - 1] : 0;
    size_t at = HEADER;

    if (bytes < HEADER + padding) {
        return;
    }
    bytes -= padding;
    while (bytes >= at + BLOCK_HEADER) {
        size_t size = (size_t)wire_get16(packet + at + 2) * 4;
        uint8_t type = packet[at];

        at += BLOCK_HEADER;
        if (size > bytes - at) {
            return;
        }
        read_block(xr, type, packet + at, size, our_ssrc, wire_get32(packet + BLOCK_HEADER));
        at += size;
    }
}
