/* Conferences that are made while the server runs, for a call to a factory (RFC 4579 §5.4), a
 * script, the operator. Their names are opaque, and unique in the domain (§5.3). */
#include "focus/private.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_SIZE = 24 + 1,   /* hexadecimal digits, 96 bits; and a NUL */
    PATIENCE = 60 * 1000, /* ms that a conference waits for its first participant */
    WAITING_MAX = 1000,   /* conferences that do, at a time */
};

static bool is_taken(struct focus *focus, const char *name)
{
    return focus_conference_by_name(focus, name) ||
           (focus->is_taken && focus->is_taken(focus->is_taken_arg, name));
}

static void make_name(struct focus *focus, char *name)
{
    do
        id_random(name, NAME_SIZE);
    while (is_taken(focus, name));
}

/* ---- who has it made ------------------------------------------------------------------------ */

void creator_free(struct creator *creator)
{
    free(creator->uri);
    free(creator->peer);
    free(creator->call_id);
}

static int creator_set(struct creator *creator, const struct creation *creation)
{
    const struct call_info *from = creation->from;
    const char *uri = from ? from->caller.uri : creation->creator ? creation->creator : "";

    creator->uri = strdup(uri);
    creator->peer = strdup(from ? from->caller.peer : "");
    creator->call_id = strdup(from ? from->dialog.call_id : "");
    creator->authenticated = from && from->caller.authenticated;
    return creator->uri && creator->peer && creator->call_id ? 0 : ENOMEM;
}

/* A stranger's name proves nothing, but who is redirected calls again with the same Call-ID
 * (RFC 3261 §8.1.3.4), and if not that, from the same host. */
static bool is_creator(const struct creator *creator, const struct call_info *info)
{
    const struct caller *caller = &info->caller;

    if (!creator->uri || strcmp(creator->uri, caller->uri) != 0)
        return false;
    if (creator->authenticated)
        return caller->authenticated || info->is_outgoing;
    return info->is_outgoing || !*creator->peer ||
           strcmp(creator->call_id, info->dialog.call_id) == 0 ||
           is_same_host(creator->peer, caller->peer);
}

void creator_arrives(struct participant *participant)
{
    struct creator *creator = &participant->conference->creator;

    if (!creator->participant && is_creator(creator, &participant->info))
        creator->participant = participant->id;
}

const char *conference_creator(const struct conference *conference)
{
    return conference->creator.uri ? conference->creator.uri : "";
}

bool participant_is_creator(const struct participant *participant)
{
    return participant->conference->creator.participant == participant->id;
}

/* ---- waiting for the first one -------------------------------------------------------------- */

static void on_nobody_came(void *arg)
{
    struct conference *conference = arg;

    conference_wait_no_more(conference);
    log_write(LOG_LEVEL_INFO, conference->name, NULL, "nobody has come");
    conference_end_if_empty(conference);
}

void conference_wait_no_more(struct conference *conference)
{
    if (!conference->is_waiting)
        return;
    conference->is_waiting = false;
    conference->focus->waiting--;
    loop_timer_stop(&conference->patience);
}

static int wait_for_first(struct conference *conference)
{
    struct focus *focus = conference->focus;
    int error =
        loop_timer_start(focus->loop, &conference->patience, PATIENCE, on_nobody_came, conference);

    if (!error) {
        conference->is_waiting = true;
        focus->waiting++;
    }
    return error;
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
    config.title = chosen(decision->params.title, request->params.title, config.title);
    config.policy = chosen(decision->params.policy, request->params.policy, config.policy);
    error = conference_make(focus, &config, &conference);
    if (error)
        return error;
    error = creator_set(&conference->creator, creation);
    if (!error)
        error = wait_for_first(conference);
    if (error)
        conference_end(conference, 500, "Out of memory");
    else
        *conferencep = conference;
    return error;
}

static void fill_params(struct request_params *params, const struct conference_config *model)
{
    if (!model)
        return;
    (void)snprintf(params->title, sizeof params->title, "%s", model->title ? model->title : "");
    (void)snprintf(params->policy, sizeof params->policy, "%s", model->policy ? model->policy : "");
}

int focus_make_conference(struct focus *focus, const struct creation *creation,
                          struct decision *decision, struct conference **conferencep)
{
    char name[NAME_SIZE];
    struct request request = {
        .verb = VERB_CREATE,
        .actor = creation->actor,
        .conference_name = name,
        .factory = creation->factory,
        .call = creation->from ? creation->from->id : NULL,
    };
    int error;

    make_name(focus, name);
    fill_params(&request.params, creation->model);
    decide(focus, &request, decision);
    if (decision->verdict != DECISION_ACCEPT)
        return EPERM;
    decision->code = 503;
    if (focus->waiting >= WAITING_MAX)
        return EAGAIN;
    error = make(focus, creation, &request, decision, conferencep);
    if (!error)
        log_write(LOG_LEVEL_INFO, name, request.call, "made%s%s for %s (by %s)",
                  creation->factory ? " by factory " : "",
                  creation->factory ? creation->factory : "",
                  *conference_creator(*conferencep) ? conference_creator(*conferencep) : "nobody",
                  decision->by);
    return error;
}
