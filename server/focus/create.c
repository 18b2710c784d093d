/* Conferences that are made while the server runs, for a call to a factory (RFC 4579 §5.4), a
 * script, the operator. Their names are opaque, and unique in the domain (§5.3). */
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/visitor_parts.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONFERENCES_MAX = 20000,
    TRIES_MOST = 100, /* for a number that is not taken: short ones run out */
};

static bool is_taken(struct focus *focus, const char *name)
{
    const char *reason;

    return focus_conference_by_name(focus, name) || gone_code(focus, name, &reason) == 410 ||
           focus_has_application(focus, name, focus->domain) ||
           (focus->is_taken && focus->is_taken(focus->is_taken_arg, name));
}

bool name_make(struct focus *focus, unsigned digits, char name[MADE_NAME_SIZE])
{
    for (unsigned tries = 0; tries < TRIES_MOST; tries++) {
        if (digits > 0)
            id_random_number(name, digits + 1);
        else
            id_random(name, MADE_NAME_SIZE);
        if (!is_taken(focus, name))
            return HASH_CNT(hh_name, focus->by_name) < CONFERENCES_MAX;
    }
    return false;
}

/* ---- who had it made ------------------------------------------------------------------------ */

void maker_free(struct maker *maker)
{
    free(maker->uri);
    free(maker->peer);
    free(maker->call_id);
}

int maker_note(struct conference *conference, const struct call_info *from, const char *uri)
{
    struct maker *maker = &conference->maker;

    maker->uri = strdup(from ? from->caller.uri : uri ? uri : "");
    maker->peer = strdup(from ? from->caller.peer : "");
    maker->call_id = strdup(from ? from->dialog.call_id : "");
    maker->authenticated = from && from->caller.authenticated;
    return maker->uri && maker->peer && maker->call_id ? 0 : ENOMEM;
}

/* A stranger's name proves nothing, but who is redirected calls again with the same Call-ID
 * (RFC 3261 §8.1.3.4), and if not that, from the same host. */
static bool is_maker(const struct maker *maker, const struct call_info *info)
{
    const struct caller *caller = &info->caller;

    if (!maker->uri || !maker->peer || !maker->call_id || strcmp(maker->uri, caller->uri) != 0)
        return false;
    if (maker->authenticated)
        return caller->authenticated || info->is_outgoing;
    return info->is_outgoing || !*maker->peer ||
           strcmp(maker->call_id, info->dialog.call_id) == 0 ||
           is_same_host(maker->peer, caller->peer);
}

bool maker_asks(const struct conference *conference, const struct actor *actor)
{
    const struct maker *maker = &conference->maker;

    if (actor->participant && actor->participant == conference->creator)
        return true;
    return maker->authenticated && actor->authenticated && strcmp(maker->uri, actor->uri) == 0;
}

void maker_arrives(struct participant *participant)
{
    struct conference *conference = participant->conference;

    if (!conference->creator && is_maker(&conference->maker, &participant->info))
        conference->creator = participant->id;
}

/* ---- making --------------------------------------------------------------------------------- */

/* The model's text may be longer than one that can be asked for. */
static const char *chosen(const char *decided, const char *wished, const char *model)
{
    return model && strcmp(decided, wished) == 0 ? model : decided;
}

static int make(struct focus *focus, const struct creation *creation, const struct request *request,
                const struct decision *decision, struct conference **conferencep)
{
    struct conference_config config = {0};
    struct conference *conference;
    int error;

    if (creation->model)
        config = *creation->model;
    config.name = request->conference_name;
    config.factory = FACTORY_NONE;
    config.is_generated = true;
    config.life = decision->params.life;
    config.hides_focus = decision->params.hide_focus;
    config.attendant = decision->params.attendant;
    config.language = decision->params.language;
    config.title = chosen(decision->params.title, request->params.title, config.title);
    config.policy = chosen(decision->params.policy, request->params.policy, config.policy);
    error = conference_make(focus, &config, &conference);
    if (error)
        return error;
    error = maker_note(conference, creation->from, creation->creator);
    if (!error)
        error = music_give(&conference->music, conference, &decision->params);
    if (error) {
        conference_end(conference, 500, "Out of memory");
        return error;
    }
    cause_note(&conference->made_cause, decision);
    conference_await(conference, conference->focus->patience);
    *conferencep = conference;
    return 0;
}

static void fill_params(struct request_params *params, const struct conference_config *model)
{
    const struct sound_config *sound = model ? model->sound : NULL;

    if (sound)
        music_tell(&(struct music){(char *)sound->hold_music, sound->shuffle, sound->music_gain},
                   params);
    if (!model)
        return;
    params->life = model->life;
    params->hide_focus = model->hides_focus;
    (void)snprintf(params->title, sizeof params->title, "%s", model->title ? model->title : "");
    (void)snprintf(params->attendant, sizeof params->attendant, "%s",
                   model->attendant ? model->attendant : "");
    (void)snprintf(params->language, sizeof params->language, "%s",
                   model->language ? model->language : "");
    (void)snprintf(params->policy, sizeof params->policy, "%s", model->policy ? model->policy : "");
}

int focus_make_conference(struct focus *focus, const struct creation *creation,
                          struct decision *decision, struct conference **conferencep)
{
    char name[MADE_NAME_SIZE];
    bool has_room = name_make(focus, creation->digits, name);
    struct request request = {
        .verb = VERB_CREATE,
        .actor = creation->actor,
        .conference_name = name,
        .factory = creation->factory,
        .call = creation->from ? creation->from->id : NULL,
        .params = {.life = focus->life},
    };
    int error;

    music_tell(&focus->sound.music, &request.params);
    fill_params(&request.params, creation->model);
    decide(focus, &request, decision);
    if (decision->verdict != DECISION_ACCEPT)
        return EPERM;
    decision->code = 503;
    if (!has_room)
        return EAGAIN;
    error = make(focus, creation, &request, decision, conferencep);
    if (!error)
        log_write(LOG_LEVEL_INFO, name, request.call, "made%s%s for %s (by %s)",
                  creation->factory ? " by factory " : "",
                  creation->factory ? creation->factory : "", creation->actor.uri, decision->by);
    return error;
}
