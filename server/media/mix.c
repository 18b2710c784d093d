/* What a mix needs for its members is made here, and sent to its thread. Focus thread. */
#include "media/engine.h"

#include <errno.h>
#include <stdlib.h>

int mix_supply(struct mix *mix, const struct codec *codec, uint8_t buses, bool lacking)
{
    struct message *message = message_create(MESSAGE_MIX_SUPPLY, "a mix");
    int err = ENOMEM;

    if (message != NULL) {
        message->mix = mix;
        err = mixer_supply_create(&mix->stock, codec != NULL ? codec->sample_rate : 0, buses,
                                  &message->supply);
    }
    if (err == 0) {
        err = mixer_supply_encoders(&mix->stock, codec, lacking, &message->supply);
    }
    /* What has been made counts as there, even when there was no memory for all of it. */
    if (message != NULL && message->supply != NULL) {
        media_post(mix->media, mix->thread, message);
    } else {
        free(message);
    }
    return err;
}
