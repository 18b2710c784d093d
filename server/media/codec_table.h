/* The codecs by name: what codec.c looks up and each codec_NAME.c defines. Private to the room. */
#ifndef MEDIA_CODEC_TABLE_H
#define MEDIA_CODEC_TABLE_H

#include "media/codec.h"

extern const struct codec codec_opus, codec_g722, codec_pcmu, codec_pcma, codec_l16_16000,
    codec_l16_8000;

/* To 16 bits, rounded, clipped; not a number becomes the largest (the comparison is false). */
static inline int32_t codec_linear(float sample)
{
    float scaled = sample * 32768.0F;
    scaled = scaled < 32767.0F ? scaled : 32767.0F;
    scaled = scaled > -32768.0F ? scaled : -32768.0F;
    return (int32_t)(scaled + (scaled < 0 ? -0.5F : 0.5F));
}

#endif
