#include "focus/private.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Copies a call's description with its strings: participants outlive their calls by one event. */
static int info_copy(struct participant *participant, const struct call_info *info)
{
    const char **fields[] = {
        &participant->info.id,
        &participant->info.requested_user,
        &participant->info.requested_host,
        &participant->info.caller.uri,
        &participant->info.caller.user,
        &participant->info.caller.host,
        &participant->info.caller.display_name,
        &participant->info.caller.user_agent,
        &participant->info.caller.peer,
        &participant->info.dialog.call_id,
        &participant->info.dialog.local_tag,
        &participant->info.dialog.remote_tag,
        &participant->info.contact,
        &participant->info.referred_by,
    };
    enum { FIELDS = sizeof fields / sizeof *fields };
    size_t size = 0;
    char *at;

    participant->info = *info;
    for (unsigned i = 0; i < FIELDS; i++)
        size += strlen(*fields[i]) + 1;
    participant->strings = at = malloc(size);
    if (!at)
        return ENOMEM;
    for (unsigned i = 0; i < FIELDS; i++) {
        size = strlen(*fields[i]) + 1;
        *fields[i] = memcpy(at, *fields[i], size);
        at += size;
    }
    return 0;
}

int participant_make(struct conference *conference, struct call *call,
                     const struct request_params *params, struct participant **participantp)
{
    struct focus *focus = conference->focus;
    struct participant *participant = calloc(1, sizeof *participant);
    struct leg_config config = {.timeout = focus->media_timeout, .user = participant};
    int error;

    if (!participant)
        return ENOMEM;
    error = info_copy(participant, focus->signalling->info(call));
    if (error)
        goto out;
    config.family = participant->info.family;
    config.name = participant->info.id;
    error = focus->mixing->leg_create(conference->mix, &config, &participant->leg);
    if (error)
        goto out;
    participant->id = id_next();
    participant->conference = conference;
    participant->call = call;
    participant->muted = params->muted;
    participant->hidden = params->hidden;
    if (params->anonymous)
        participant->anonymous = ++conference->anonymous_count;
    (void)snprintf(participant->role, sizeof participant->role, "%s",
                   *params->role ? params->role : "participant");
    HASH_ADD(hh, focus->participants, id, sizeof participant->id, participant);
    DL_APPEND(conference->members, participant);
    conference->member_count++;
    focus->signalling->set_user(call, participant);
    focus->calls++;
    *participantp = participant;
    return 0;
out:
    free(participant->strings);
    free(participant);
    return error;
}

void participant_route(struct participant *participant)
{
    struct leg_route route;
    bool heard = !participant->muted && !participant->held;

    /* Not before the ACK: a forged INVITE must not aim our audio at its victim. */
    if (!participant->joined)
        return;
    for (unsigned bus = 0; bus < MIX_BUSES; bus++)
        route.speaks[bus] = route.hears[bus] = GAIN_OFF;
    route.speaks[MIX_MAIN] = heard ? 0.0f : GAIN_OFF;
    route.hears[MIX_MAIN] = 0.0f;
    participant->conference->focus->mixing->leg_route(participant->leg, &route);
}

static void log_quality(const struct participant *participant, const char *reason)
{
    const struct leg_stats *stats = &participant->stats;

    log_write(LOG_LEVEL_INFO, participant->conference->name, participant->info.id,
              "%s left: %s; %s received %llu lost %llu late %llu concealed %llu ms "
              "jitter %.1f ms, sent %llu",
              participant->info.caller.uri, reason, *stats->codec ? stats->codec : "no media",
              (unsigned long long)stats->received, (unsigned long long)stats->lost,
              (unsigned long long)stats->late, (unsigned long long)stats->concealed,
              (double)stats->jitter, (unsigned long long)stats->sent);
}

void participant_leave(struct participant *participant, enum departure_method method, int code,
                       const char *reason)
{
    struct conference *conference = participant->conference;
    struct focus *focus = conference->focus;
    struct conference_event event = {
        .kind = EVENT_LEFT,
        .conference = conference->id,
        .participant = participant->id,
    };

    if (participant->left)
        return;
    participant->left = true;
    participant_stats(participant, &participant->stats);
    focus->mixing->leg_close(participant->leg);
    participant->leg = NULL;
    focus->signalling->set_user(participant->call, CALL_HAS_LEFT);
    participant->call = NULL;
    DL_DELETE(conference->members, participant);
    conference->member_count--;
    if (!participant->joined) {
        participant_free(participant);
        return;
    }
    participant->joined = false;
    participant->departure = (struct departure){.method = method, .code = code, .when = time(NULL)};
    (void)snprintf(participant->departure.reason, sizeof participant->departure.reason, "%s",
                   reason);
    log_quality(participant, reason);
    (void)snprintf(event.reason, sizeof event.reason, "%s", reason);
    events_post_left(participant, &event);
}

void participant_remove(struct participant *participant, int code, const char *reason)
{
    const struct signalling *signalling = participant->conference->focus->signalling;
    struct call *call = participant->call;

    if (!call)
        return;
    participant_leave(participant, BOOTED, code, reason);
    signalling->end(call, code, reason);
}

void participant_free(struct participant *participant)
{
    HASH_DEL(participant->conference->focus->participants, participant);
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

const char *participant_role(const struct participant *participant)
{
    return participant->role;
}

bool participant_is_muted(const struct participant *participant)
{
    return participant->muted;
}

bool participant_is_held(const struct participant *participant)
{
    return participant->held;
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
    return participant->has_session ? participant->session.direction : STREAM_INACTIVE;
}

const struct departure *participant_departure(const struct participant *participant)
{
    return &participant->departure;
}

bool participant_has_joined(const struct participant *participant)
{
    return participant->joined;
}

time_t participant_joined_at(const struct participant *participant)
{
    return participant->joined_at;
}

void participant_stats(const struct participant *participant, struct leg_stats *stats)
{
    if (participant->leg)
        participant->conference->focus->mixing->leg_stats(participant->leg, stats);
    else
        *stats = participant->stats;
}
