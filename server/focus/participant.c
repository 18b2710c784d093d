#include "focus/participant.h"
#include "focus/admit.h"
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/cascade.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/sidebar.h"
#include "focus/sound.h"
#include "focus/take.h"
#include "focus/visitor_parts.h"
#include "focus/wishes.h"

#include "core/id.h"
#include "core/log.h"
#include "core/text.h"
#include "core/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

int participant_describe(struct participant *participant, const struct call_info *info)
{
    struct call_info copy = *info;
    const char **fields[] = {
        &copy.id,          &copy.requested_user, &copy.requested_host,      &copy.caller.uri,
        &copy.caller.user, &copy.caller.host,    &copy.caller.display_name, &copy.caller.user_agent,
        &copy.caller.peer, &copy.dialog.call_id, &copy.dialog.local_tag,    &copy.dialog.remote_tag,
        &copy.contact,     &copy.referred_by,    &copy.caller.groups,       &copy.cascade,
    };
    char *strings;

    copy.recipients = NULL;
    copy.names = NULL;
    if (!copy.caller.groups)
        copy.caller.groups = "";
    strings = texts_own(fields, sizeof fields / sizeof *fields);
    if (!strings)
        return ENOMEM;
    free(participant->strings);
    participant->strings = strings;
    participant->info = copy;
    return 0;
}

/* `leg` NULL: a new one. */
static int take_leg(struct participant *participant, struct conference *conference, struct leg *leg)
{
    struct focus *focus = conference->focus;
    struct leg_config config = {
        .family = participant->info.family,
        .timeout = focus->media_timeout,
        .name = participant->info.id,
        .user = participant,
    };

    participant->leg = leg;
    return leg ? focus->mixing->leg_move(leg, conference->mix, participant)
               : focus->mixing->leg_create(conference->mix, &config, &participant->leg);
}

/* What there is of every participant, whether it has a call of its own or not. */
static void add(struct conference *conference, struct participant *participant,
                const struct request_params *params)
{
    participant->id = id_next();
    participant->made_at = loop_time(conference->focus->loop);
    participant->conference = conference;
    participant->muted = params->muted;
    participant->hidden = params->hidden;
    participant->listen_only = params->listen_only;
    participant->has_floor = params->floor;
    if (params->anonymous)
        participant->anonymous = ++conference->anonymous_count;
    participant->speaks = params->speaks;
    participant->hears = params->hears;
    participant->background = params->background;
    (void)snprintf(participant->spoken_name, sizeof participant->spoken_name, "%s",
                   params->spoken_name);
    attendant_give(participant, params->attendant);
    (void)snprintf(participant->language, sizeof participant->language, "%s", params->language);
    (void)snprintf(participant->role, sizeof participant->role, "%s",
                   *params->role ? params->role : "participant");
    (void)snprintf(participant->display_name, sizeof participant->display_name, "%s",
                   params->display_name);
    HASH_ADD(hh, conference->focus->participants, id, sizeof participant->id, participant);
    DL_APPEND(conference->members, participant);
    conference->member_count++;
    loop_timer_stop(&conference->empty_timer);
}

int participant_make(struct conference *conference, struct call *call, struct leg *leg,
                     const struct request_params *params, struct participant **participantp)
{
    struct focus *focus = conference->focus;
    struct participant *participant = calloc(1, sizeof *participant);
    int error;

    if (!participant)
        return ENOMEM;
    error = participant_describe(participant, focus->signalling->info(call));
    if (!error)
        error = music_give(&participant->music, conference, params);
    if (!error)
        error = take_leg(participant, conference, leg);
    if (error)
        goto out;
    participant->call = call;
    participant->held_by_us = participant->held_told = params->held;
    participant->voice.keys = conference_sound(conference)->voice.keys;
    add(conference, participant, params);
    participant_enhance(participant, params);
    focus->signalling->set_user(call, participant);
    focus->calls++;
    *participantp = participant;
    return 0;
out:
    music_drop(&participant->music);
    free(participant->strings);
    free(participant);
    return error;
}

int participant_make_aside(struct conference *sidebar, struct participant *main,
                           const struct request_params *params, struct participant **participantp)
{
    struct participant *participant = calloc(1, sizeof *participant);
    int error = participant ? participant_describe(participant, &main->info) : ENOMEM;

    if (error) {
        free(participant);
        return error;
    }
    participant->main = main;
    main->aside = participant;
    add(sidebar, participant, params);
    *participantp = participant;
    return 0;
}

void participant_learn(struct participant *participant)
{
    const struct signalling *signalling = participant->conference->focus->signalling;

    /* ENOMEM: it is known as it was before. */
    if (participant->call)
        (void)participant_describe(participant, signalling->info(participant->call));
}

void participant_established(struct participant *participant)
{
    struct conference *conference = participant->conference;
    bool is_new = !participant->predecessor || !participant->predecessor->joined;

    if (participant->joined)
        return;
    participant_answered(participant);
    participant_learn(participant);
    participant->joined = true;
    participant->joined_at = loop_time(conference->focus->loop);
    maker_arrives(participant);
    DL_DELETE(conference->members, participant);
    DL_APPEND(conference->members, participant);
    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id, "%s joined as %s%s%s",
              participant->info.caller.uri, participant->role, participant->muted ? ", muted" : "",
              is_new ? "" : ", by another call");
    if (is_new)
        events_post(conference->focus, &(struct conference_event){
                                           .kind = EVENT_JOINED,
                                           .conference = conference->id,
                                           .participant = participant->id,
                                       });
    if (participant->main)
        aside_enter(participant, is_new);
    if (participant->predecessor)
        replace_finish(participant);
    conference_update_music(conference);
    referrers_tell(participant, 200, NULL);
    participant_route_or_remove(participant);
    if (!participant->left) {
        take_join(participant);
        pending_greet(participant);
    }
    if (!participant->left && participant->info.is_focus)
        cascade_changed(participant);
}

void participant_enhance(struct participant *participant, const struct request_params *params)
{
    participant = participant_own(participant);
    participant->voice.agc = params->agc;
    participant->voice.denoise = params->denoise;
    participant->voice.vad = params->vad;
    participant->conference->focus->mixing->leg_voice(participant->leg, &participant->voice);
}

static void log_quality(const struct participant *participant)
{
    const struct leg_stats *stats = &participant->stats;
    double packets = (double)(stats->received + stats->lost);
    char mos[8], remote_mos[8];

    text_mos(mos, sizeof mos, stats->mos);
    text_mos(remote_mos, sizeof remote_mos, stats->remote_mos);
    log_write(LOG_LEVEL_INFO, participant->conference->name, participant->info.id,
              "quality: MOS %s (far end %s), lost %llu of %.0f (%.1f %%), late %llu, "
              "concealed %llu ms, jitter %.1f ms, round trip %.0f ms, level %.0f dBov, "
              "clipped %llu ms, sent %llu (far end lost %llu), %s",
              mos, remote_mos, (unsigned long long)stats->lost, packets,
              packets > 0 ? (double)stats->lost * 100 / packets : 0,
              (unsigned long long)stats->late, (unsigned long long)stats->concealed,
              (double)stats->jitter, (double)stats->round_trip, (double)stats->speech,
              (unsigned long long)stats->clipped, (unsigned long long)stats->sent,
              (unsigned long long)stats->remote_lost, *stats->codec ? stats->codec : "no media");
}

void participant_answered(struct participant *participant)
{
    if (!participant->called)
        return;
    participant->called = false;
    participant->conference->called_count--;
    loop_timer_stop(&participant->patience);
}

static void give_up_call(struct participant *participant, int code, const char *reason)
{
    const struct focus *focus = participant->conference->focus;

    focus->mixing->leg_close(participant->leg);
    participant->leg = NULL;
    if (participant->visitor)
        visitor_left_conference(participant->visitor, code, reason);
    focus->signalling->set_user(participant->call, CALL_HAS_LEFT);
    participant->call = NULL;
}

/* Who leaves is no longer in a sidebar either, nor asked into one. */
static void leave_sidebar(struct participant *participant, enum departure_method method, int code,
                          const char *reason)
{
    struct participant *aside = participant->aside;
    struct conference *sidebar = aside ? aside->conference : NULL;

    if (!aside)
        return;
    participant_leave(aside, method, code, reason);
    conference_end_if_over(sidebar);
}

static void log_leaving(const struct participant *participant, bool was_called, int code,
                        const char *reason)
{
    const struct conference *conference = participant->conference;

    if (was_called) {
        log_write(LOG_LEVEL_INFO, conference->name, participant->info.id,
                  "%s does not come in: %d %s", participant->info.caller.uri, code, reason);
        return;
    }
    if (!participant->main)
        log_quality(participant);
    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id, "%s left: %s",
              participant->info.caller.uri, reason);
}

void participant_leave(struct participant *participant, enum departure_method method, int code,
                       const char *reason)
{
    struct conference *conference = participant->conference;
    bool was_called = participant->called;
    struct conference_event event = {
        .kind = was_called ? EVENT_FAILED : EVENT_LEFT,
        .conference = conference->id,
        .participant = participant->id,
        /* Whoever asked for the call must not take an end of ours, which says 200, for success. */
        .code = was_called && code < 300 ? 487 : code,
    };

    if (participant->left)
        return;
    participant->left = true;
    leave_sidebar(participant, method, code, reason);
    ear_leave(participant);
    take_leave(participant);
    participant_answered(participant);
    participant_stats(participant, &participant->stats);
    if (participant->main)
        aside_leave(participant, !was_called, method == REPLACED);
    else
        give_up_call(participant, code, reason);
    /* Those of who was let in by REFER, too, and goes before the call is confirmed. */
    referrers_tell(participant, event.code < 300 ? 487 : event.code, reason);
    DL_DELETE(conference->members, participant);
    conference->member_count--;
    pending_target_left(participant);
    if (participant->id == conference->creator)
        conference_set_creator(conference, participant->successor ? participant->successor->id : 0);
    if (participant->successor && participant->successor->joined && !was_called) {
        event.kind = EVENT_REPLACED;
        event.other = participant->id;
        event.participant = participant->successor->id;
    }
    replace_unlink(participant);
    if (!participant->joined && !was_called) {
        participant_free(participant);
        return;
    }
    participant->joined = false;
    participant->departure = (struct departure){
        .method = method,
        .with_conference = conference->ending,
        .code = event.code,
        .when = loop_time(conference->focus->loop),
    };
    (void)snprintf(participant->departure.reason, sizeof participant->departure.reason, "%s",
                   reason);
    if (participant->info.is_focus && !was_called && !conference->ending)
        cascade_changed(participant);
    if (!conference->ending) /* music would begin for the last one of those who go */
        conference_update_music(conference);
    log_leaving(participant, was_called, event.code, reason);
    (void)snprintf(event.reason, sizeof event.reason, "%s", reason);
    events_post_left(participant, &event);
}

void participant_remove(struct participant *participant, enum departure_method method, int code,
                        const char *reason)
{
    const struct signalling *signalling = participant->conference->focus->signalling;
    struct call *call = participant->call;

    participant_leave(participant, method, code, reason);
    if (call) /* else it has left, or goes back to where its call is */
        signalling->end(call, code, reason);
}

void participant_free(struct participant *participant)
{
    HASH_DEL(participant->conference->focus->participants, participant);
    music_drop(&participant->music);
    free(participant->brought_by);
    free(participant->question);
    free(participant->removed_by);
    free(participant->strings);
    free(participant);
}

struct participant *focus_participant(struct focus *focus, uint64_t id)
{
    struct participant *participant;

    HASH_FIND(hh, focus->participants, &id, sizeof id, participant);
    return participant;
}

uint64_t participant_id(const struct participant *participant)
{
    return participant->id;
}

struct conference *participant_conference(const struct participant *participant)
{
    return participant->conference;
}

const struct call_info *participant_call(const struct participant *participant)
{
    return &participant->info;
}

bool participant_is_muted(const struct participant *participant)
{
    return participant->muted;
}

bool participant_is_held(const struct participant *participant)
{
    const struct participant *own = participant->main ? participant->main : participant;

    return own->held_by_phone || own->held_by_us || (own->visitor && own->visitor->is_out);
}

bool participant_is_speaking(const struct participant *participant)
{
    return participant->speaking;
}

bool participant_is_hidden(const struct participant *participant)
{
    return participant->hidden;
}

unsigned participant_anonymous(const struct participant *participant)
{
    return participant->anonymous;
}

enum stream_direction participant_direction(const struct participant *participant)
{
    const struct participant *own = participant->main ? participant->main : participant;

    return own->has_session ? own->direction : STREAM_INACTIVE;
}

const char *participant_brought_by(const struct participant *participant)
{
    const char *referred_by = participant->info.referred_by;

    return !*referred_by && participant->brought_by ? participant->brought_by : referred_by;
}

const char *participant_removed_by(const struct participant *participant)
{
    return participant->removed_by ? participant->removed_by : "";
}

const char *participant_media(const struct participant *participant)
{
    const struct participant *own = participant->main ? participant->main : participant;

    return own->has_audio
               ? stream_direction_name(stream_reversed(participant_direction(participant)))
               : "none";
}

const struct departure *participant_departure(const struct participant *participant)
{
    return &participant->departure;
}

const struct leg_voice *participant_voice(const struct participant *participant)
{
    return participant->main ? &participant->main->voice : &participant->voice;
}

float participant_speaks(const struct participant *participant)
{
    return participant->speaks;
}

float participant_hears(const struct participant *participant)
{
    return participant->hears;
}

const char *participant_status(const struct participant *participant)
{
    if (participant->left)
        return "disconnected";
    if (!participant->joined)
        return participant->is_confirming ? "pending"
               : participant->alerting    ? "alerting"
               : participant->called      ? "dialing-out"
                                          : "dialing-in";
    return participant_is_held(participant) ? "on-hold"
           : participant->muted             ? "muted-via-focus"
                                            : "connected";
}

bool participant_is_called(const struct participant *participant)
{
    return participant->called;
}

bool participant_is_alerting(const struct participant *participant)
{
    return participant->called && participant->alerting;
}

bool participant_has_joined(const struct participant *participant)
{
    return participant->joined;
}

time_t participant_made_at(const struct participant *participant)
{
    return participant->made_at;
}

time_t participant_joined_at(const struct participant *participant)
{
    return participant->joined_at;
}

void participant_stats(const struct participant *participant, struct leg_stats *stats)
{
    const struct leg *leg = participant->main ? participant->main->leg : participant->leg;

    if (leg)
        participant->conference->focus->mixing->leg_stats(leg, stats);
    else
        *stats = participant->stats;
}
