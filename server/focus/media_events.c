/* What the mixer tells about legs; `user` is the participant, or the visitor. */
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/sidebar.h"
#include "focus/sound.h"
#include "focus/take.h"
#include "focus/visitor_parts.h"

#include "core/log.h"
#include "core/text.h"

void participant_set_speaking(struct participant *participant, bool speaking)
{
    participant->speaking = speaking;
    if (!participant->joined || participant->speaking_queued)
        return;
    participant->speaking_queued = true;
    events_post(participant->conference->focus, &(struct conference_event){
                                                    .kind = EVENT_SPEAKING,
                                                    .conference = participant->conference->id,
                                                    .participant = participant->id,
                                                });
}

static void on_speaking(void *user, bool speaking, void *arg)
{
    struct participant *participant = participant_of(user);

    (void)arg;
    /* Out of the mix it talks with its application. */
    if (participant && !(participant->visitor && participant->visitor->is_out))
        participant_set_speaking(participant_here(participant), speaking);
}

static void on_digit(void *user, char digit, unsigned duration, void *arg)
{
    key_press(arg, user, digit, duration, KEY_IN_MEDIA);
}

static void participant_timeout(struct participant *participant, unsigned silent_ms)
{
    struct conference *conference = participant->conference;
    struct request request = {
        .verb = VERB_TIMEOUT,
        .conference = conference,
        .conference_name = conference->name,
        .target = participant->id,
        .call = participant->info.id,
    };
    struct decision decision;

    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id,
              "%s has sent no media for %u s", participant->info.caller.uri, silent_ms / 1000);
    actor_of_server(&request.actor);
    (void)focus_submit(conference->focus, &request, &decision);
}

static void on_timeout(void *user, unsigned silent_ms, void *arg)
{
    struct participant *participant = participant_of(user);

    (void)arg;
    if (participant)
        participant_timeout(participant, silent_ms);
    else
        visitor_remove(visitor_of(user), 408, "No media received");
}

static void on_quality(void *user, const struct leg_quality *quality, void *arg)
{
    struct focus *focus = arg;
    const struct participant *participant = participant_of(user);
    const struct conference *conference;
    char mos[8], remote_mos[8];

    if (!participant || !participant->joined)
        return;
    conference = participant->conference;
    text_mos(mos, sizeof mos, quality->mos);
    text_mos(remote_mos, sizeof remote_mos, quality->remote_mos);
    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id,
              "%s sounds %s: MOS %s (far end %s), lost %.1f %% (far end %.1f %%)",
              participant->info.caller.uri, quality->grade, mos, remote_mos,
              (double)quality->loss * 100, (double)quality->remote_loss * 100);
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_QUALITY,
                           .conference = conference->id,
                           .participant = participant->id,
                           .quality = *quality,
                       });
}

/* Between beginning and end the number of threads may change; that is for the status. */
static void on_overload(unsigned overloaded, void *arg)
{
    struct focus *focus = arg;
    time_t now = loop_time(focus->loop);

    if (overloaded > 0 && focus->overload.threads == 0) {
        focus->overload.since = now;
        focus->overload.turned_away_before = focus->overload.turned_away;
        log_warn("overloaded: %u of %u media threads cannot keep up; new calls to them get 503",
                 overloaded, focus->mixing->thread_count(focus->mixing->ctx));
    } else if (overloaded == 0 && focus->overload.threads > 0) {
        log_warn(
            "no longer overloaded, after %.0f s and %llu calls turned away",
            difftime(now, focus->overload.since),
            (unsigned long long)(focus->overload.turned_away - focus->overload.turned_away_before));
    }
    focus->overload.threads = overloaded;
}

const struct mixing_events *focus_mixing_events(void)
{
    static const struct mixing_events events = {
        .on_speaking = on_speaking,
        .on_digit = on_digit,
        .on_timeout = on_timeout,
        .on_quality = on_quality,
        .on_overload = on_overload,
        .on_played = playback_on_played,
        .on_recorded = recording_on_recorded,
    };
    return &events;
}
