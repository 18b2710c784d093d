/* The codecs by name: what codec.c looks up and each codec_NAME.c defines. Private to the room. */
#ifndef MEDIA_CODEC_TABLE_H
#define MEDIA_CODEC_TABLE_H

#include "media/codec.h"

extern const struct codec codec_pcmu, codec_pcma;

#endif
