#include "media/codec_table.h"

#include <strings.h>

/* One line a codec. */
static const struct codec *const codecs[] = {&codec_pcmu, &codec_pcma, NULL};

/* CN and telephone-event are formats without a codec: comfort noise goes to jitter_noise and is
 * played as silence (a mix with the noise of everybody who is silent would serve nobody), keys go
 * to telephone_event_put. */
static const struct codec_format offered[] = {
    {.name = "PCMU", .clock_rate = 8000, .channels = 1, .payload_type = 0},
    {.name = "PCMA", .clock_rate = 8000, .channels = 1, .payload_type = 8},
    {.name = "CN", .clock_rate = 8000, .channels = 1, .payload_type = 13},
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
    *countp = sizeof offered / sizeof *offered;
    return offered;
}
