/* A call to a conference factory (RFC 4579 §5.4): a new conference, and the caller in it, or on the
 * way to it. */
#include "focus/admit.h"
#include "focus/conference.h"
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>

static void give(struct conference *conference, struct call *call, enum factory way)
{
    struct focus *focus = conference->focus;

    if (way == FACTORY_REDIRECTS) {
        if (focus->signalling->redirect(call, conference->name, !conference->hides_focus))
            refuse_call(focus, call, 500, "Cannot be redirected", 0);
        return; /* nobody but the caller knows of it, and it waits for a while */
    }
    loop_timer_stop(&conference->empty_timer); /* it comes in or it goes */
    admit_to(conference, call);
    conference_end_if_over(conference);
}

void factory_model(const struct conference *factory, struct conference_config *model,
                   struct sound_config *sound)
{
    *sound = (struct sound_config){.voice = factory->sound.voice,
                                   .hold_music = factory->sound.music.file,
                                   .shuffle = factory->sound.music.shuffle,
                                   .music_gain = factory->sound.music.gain};
    *model = (struct conference_config){
        .title = factory->title,
        .about = factory->about,
        .policy = factory->policy,
        .capacity = factory->capacity,
        .sound = factory->has_sound ? sound : NULL,
        .life = factory->life,
        .hides_focus = factory->hides_focus,
        .attendant = factory->attendant,
        .language = factory->language,
        .options = factory->options,
    };
}

void factory_admit(struct conference *factory, struct call *call)
{
    struct focus *focus = factory->focus;
    struct sound_config sound;
    struct conference_config model;
    struct creation creation = {
        .factory = factory->name,
        .from = focus->signalling->info(call),
        .model = &model,
    };
    struct conference *conference;
    struct decision decision;

    factory_model(factory, &model, &sound);
    actor_of_call(&creation.actor, creation.from, 0);
    switch (focus_make_conference(focus, &creation, &decision, &conference)) {
    case 0:
        give(conference, call, factory->factory);
        break;
    case EPERM:
        refuse_call_by(focus, call, &decision);
        break;
    default:
        refuse_call(focus, call, 503, "No conference more", RETRY_AFTER);
        break;
    }
}
