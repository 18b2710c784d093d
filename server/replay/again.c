/* Lines of the recording as the requests and the decisions that they were. */
#include "replay/private.h"

#include <stdio.h>
#include <string.h>

enum verb line_verb(const struct recorded_line *line)
{
    unsigned verb = 0;

    while (verb < VERB_COUNT - 1 &&
           strcmp(verb_name((enum verb)verb), line_text_of(line, "verb")) != 0)
        verb++;
    return (enum verb)verb;
}

enum proof proof_of(const json_t *actor)
{
    unsigned proof = PROOF_NONE;

    for (unsigned i = PROOF_NONE; i <= PROOF_REGISTRATION; i++) {
        if (strcmp(proof_name((enum proof)i), text_in(actor, "proof")) == 0)
            proof = i;
    }
    return (enum proof)proof;
}

void actor_again(struct replay *replay, const json_t *json, struct actor *actor)
{
    const char *kind = text_in(json, "kind"), *position = text_in(json, "position");

    *actor = (struct actor){
        .kind = strcmp(kind, "script") == 0   ? ACTOR_SCRIPT
                : strcmp(kind, "server") == 0 ? ACTOR_SERVER
                                              : ACTOR_CALLER,
        .uri = text_in(json, "uri"),
        .user = text_in(json, "user"),
        .host = text_in(json, "host"),
        .display_name = text_in(json, "name"),
        .user_agent = text_in(json, "agent"),
        .position = *position ? position : NULL,
        .peer = text_in(json, "peer"),
        .groups = text_in(json, "groups"),
        .referred_by = text_in(json, "referred_by"),
        .authenticated = json_is_true(json_object_get(json, "authenticated")),
        .proof = proof_of(json),
        .anonymous = json_is_true(json_object_get(json, "anonymous")),
        .is_focus = json_is_true(json_object_get(json, "focus")),
        .participant =
            person_now(replay, (uint64_t)json_integer_value(json_object_get(json, "participant"))),
    };
}

void request_again(struct replay *replay, const struct recorded_line *line,
                   struct request_again *again)
{
    struct request *request = &again->request;
    const json_t *json = line_json(line);
    struct request_params given;

    *again = (struct request_again){
        .request = {.verb = line_verb(line),
                    .conference = room_of(replay, line),
                    .conference_name = line_text_of(line, "conference"),
                    .factory = json_string_value(json_object_get(json, "factory")),
                    .package = json_string_value(json_object_get(json, "package")),
                    .is_name_given = json_is_true(json_object_get(json, "name_given")),
                    .by_dialog = json_is_true(json_object_get(json, "by_dialog")),
                    .call = line_text_of(line, "call")},
        .invitation = {.uri = line_text_of(line, "whom"),
                       .name = line_text_of(line, "invited_name"),
                       .replaces = line_text_of(line, "replaces"),
                       .by_refer = json_is_true(json_object_get(json, "by_refer"))},
        .sidebar = {.asks = json_is_true(json_object_get(json, "asks")),
                    .timeout = (unsigned)line_id(line, "patience"),
                    .options = json_object_get(json, "options")},
    };
    actor_again(replay, json_object_get(json, "actor"), &request->actor);
    request->target = request->verb == VERB_DECIDE ? pending_now(replay, line_id(line, "pending"))
                                                   : person_now(replay, line_id(line, "target"));
    if (request->verb == VERB_INVITE)
        request->invitation = &again->invitation;
    if (request->verb == VERB_SIDEBAR)
        request->sidebar = &again->sidebar;
    if (request->verb == VERB_MESSAGE)
        request->text = line_text_of(line, "text");
    journal_params(json, request->verb, &request->params, &given);
}

static void waiting_again(const struct recorded_line *line, struct waiting *waiting)
{
    char roles[sizeof waiting->decided_by], *rest = NULL, *role;
    unsigned count = 0;

    waiting->expires = (unsigned)line_id(line, "expires");
    for (unsigned i = 0; i < MEANWHILE_COUNT; i++) {
        if (strcmp(meanwhile_name((enum meanwhile)i), line_text_of(line, "meanwhile")) == 0)
            waiting->meanwhile = (enum meanwhile)i;
    }
    (void)snprintf(roles, sizeof roles, "%s", line_text_of(line, "waits_for"));
    for (role = strtok_r(roles, " ", &rest); role && count < DECIDERS_MAX;
         role = strtok_r(NULL, " ", &rest))
        (void)snprintf(waiting->decided_by[count++], sizeof waiting->decided_by[0], "%s", role);
}

void decision_again(const struct recorded_line *line, struct decision *decision)
{
    const char *verdict = line_text_of(line, "verdict");
    struct request_params asked;

    *decision = (struct decision){
        .verdict = strcmp(verdict, "accept") == 0    ? DECISION_ACCEPT
                   : strcmp(verdict, "pending") == 0 ? DECISION_PENDING
                                                     : DECISION_REJECT,
        .code = (int)line_id(line, "code"),
        .generation = (unsigned)line_id(line, "generation"),
    };
    journal_params(line_json(line), line_verb(line), &asked, &decision->params);
    decision->params.attendant[0] = '\0'; /* applications do not run */
    (void)snprintf(decision->reason, sizeof decision->reason, "%s", line_text_of(line, "reason"));
    (void)snprintf(decision->by, sizeof decision->by, "%s", line_text_of(line, "by"));
    waiting_again(line, &decision->waiting);
}
