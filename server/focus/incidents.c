/* Who was lately kept or put out of a conference: so many, and the same one again is one. */
#include "focus/cause.h"
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct incidents {
    unsigned count;
    struct incident list[INCIDENTS_KEPT]; /* newest first */
};

static bool is_same(const struct incident *one, const struct incident *other)
{
    return one->is_removal == other->is_removal && one->cause.verb == other->cause.verb &&
           one->cause.asker == other->cause.asker && one->code == other->code &&
           strcmp(one->cause.who, other->cause.who) == 0 &&
           strcmp(one->cause.by, other->cause.by) == 0 && strcmp(one->whom, other->whom) == 0;
}

/* It becomes the newest, in place of one like it or of the oldest. Without memory only the log
 * knows of it. */
static void add(struct conference *conference, const struct incident *incident)
{
    struct incidents *incidents = conference->incidents;
    unsigned at = 0, before = 0;

    if (!incidents)
        incidents = conference->incidents = calloc(1, sizeof *incidents);
    if (!incidents)
        return;
    while (at < incidents->count && !is_same(&incidents->list[at], incident))
        at++;
    if (at < incidents->count)
        before = incidents->list[at].count;
    else if (incidents->count < INCIDENTS_KEPT)
        incidents->count++;
    else
        at--; /* the oldest is forgotten */
    memmove(&incidents->list[1], &incidents->list[0], at * sizeof *incident);
    incidents->list[0] = *incident;
    incidents->list[0].count = before + 1;
}

static void describe(struct incident *incident, const struct decision *decision)
{
    cause_note(&incident->cause, decision);
    incident->code = decision->code;
    (void)snprintf(incident->reason, sizeof incident->reason, "%s", decision->reason);
}

void incident_refused(const struct request *request, const struct decision *decision)
{
    struct incident incident = {.count = 1};

    bool is_recheck = request->verb == VERB_JOIN && request->actor.participant; /* recheck.c */

    if (!request->conference || is_recheck)
        return;
    describe(&incident, decision);
    add(request->conference, &incident);
}

void incident_turned_away(struct conference *conference, const struct call_info *from, int code,
                          const char *reason)
{
    struct request request = {.verb = VERB_JOIN, .conference = conference};
    struct decision decision = {.verdict = DECISION_REJECT, .code = code, .by = "default"};

    if (!conference)
        return;
    actor_of_call(&request.actor, from, 0);
    (void)snprintf(decision.reason, sizeof decision.reason, "%s", reason);
    cause_take(&decision.cause, conference->focus, &request);
    incident_refused(&request, &decision);
}

void incident_moderated(const struct pending *pending, int code, const char *reason,
                        const struct decision *moderation)
{
    struct incident incident = {.code = code, .count = 1};

    cause_note(&incident.cause, &pending->decision);
    if (moderation) {
        cause_moderate(&incident.cause, moderation);
        (void)snprintf(incident.cause.by, sizeof incident.cause.by, "%s", moderation->by);
        incident.cause.generation = moderation->generation;
    }
    (void)snprintf(incident.reason, sizeof incident.reason, "%s", reason);
    add(pending->request.conference, &incident);
}

void incident_removed(const struct participant *target, const struct decision *decision)
{
    struct incident incident = {.is_removal = true, .count = 1};

    describe(&incident, decision);
    if (decision->verdict == DECISION_ACCEPT)
        (void)snprintf(incident.reason, sizeof incident.reason, "%s", decision->params.reason);
    if (!target->anonymous && !target->hidden)
        (void)snprintf(incident.whom, sizeof incident.whom, "%s", target->info.caller.uri);
    add(target->conference, &incident);
}

const struct incident *conference_next_incident(const struct conference *conference,
                                                const struct incident *after)
{
    const struct incidents *incidents = conference->incidents;
    unsigned next;

    if (!incidents)
        return NULL;
    next = after ? (unsigned)(after - incidents->list) + 1 : 0;
    return next < incidents->count ? &incidents->list[next] : NULL;
}

void incidents_free(struct conference *conference)
{
    free(conference->incidents);
}
