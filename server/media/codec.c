#include "media/codec_table.h"

#include <strings.h>

/* One line a codec, best first; L16 is as good as its rate, but ten times the traffic. */
static const struct codec *const codecs[] = {
    &codec_opus, &codec_g722, &codec_pcmu, &codec_pcma, &codec_l16_16000, &codec_l16_8000, NULL,
};

/* CN and telephone-event are formats without a codec: comfort noise goes to jitter_noise and is
 * played as silence (a mix with the noise of everybody who is silent would serve nobody), keys go
 * to telephone_event_put. Events tick at the clock of the audio around them (RFC 4733 §2.1). */
static const struct codec_format others[] = {
    {.name = "CN", .clock_rate = 8000, .channels = 1, .payload_type = 13},
    {.name = "telephone-event",
     .clock_rate = 48000,
     .channels = 1,
     .payload_type = 110,
     .fmtp = "0-16"},
    {.name = "telephone-event",
     .clock_rate = 8000,
     .channels = 1,
     .payload_type = 101,
     .fmtp = "0-16"},
};

const struct codec *codec_find(const struct codec_format *format)
{
    unsigned channels = format->channels ? format->channels : 1;
    for (const struct codec *const *codec = codecs; *codec; codec++) {
        const struct codec_format *known = &(*codec)->format;
        if (strcasecmp(format->name, known->name) == 0 && format->clock_rate == known->clock_rate &&
            channels == known->channels) {
            return *codec;
        }
    }
    return NULL;
}

const struct codec_format *codec_formats(unsigned *countp)
{
    static struct codec_format offered[SESSION_FORMATS];
    unsigned count = 0;

    for (const struct codec *const *codec = codecs; *codec; codec++) {
        offered[count++] = (*codec)->format;
    }
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        offered[count++] = others[i];
    }
    *countp = count;
    return offered;
}
