/*
 * Decisions and events as lines of the journal. Keys are stable, what does not apply is left out.
 *
 *   at                 when; kind: "decision", "failure", "event", "gap", "fact", "start", "stop",
 *                      "moved" (to another file, or from one); in recordings also "recording",
 *                      "person", "queued": an event whose hooks are told later; and "end"
 *                      (reason: "stop", "full", "over")
 *   conference, conference_id   its name, and which of those that ever had it
 *
 *   of a decision, and of the failure to do what was accepted, or what no policy is asked about any
 *   more, since hooks answer each other without end:
 *   verb               as the hooks are called
 *   actor              { kind, uri, position, name, proof, groups, peer, participant, anonymous }
 *   call               as the log names it
 *   target, whom       the id and the URI of the participant whom it is about, or who is called
 *   pending, of        decide: the id of what waits, and { verb, uri } of what and whose that is
 *   asked              the parameters, but for those that are nothing, or as for all who come in;
 *                      of a PIN only that there was one
 *   verdict            "accept", "reject", "pending"
 *   given              the parameters that the policy has changed
 *   code, reason       of a refusal
 *   waits_for          pending: the roles that are to decide, with blanks between them
 *   by, generation     who decided: "policy/open.lua:12" or "default"; failed: by a script's error
 *   event, event_participant, event_who, digit   what was being told to the hook that has asked,
 * the id and the URI of whom that is about
 *
 *   recordings have more (struct teller): of the actor user, host, agent, referred_by,
 * authenticated, focus; of the request by_dialog, name_given, invited_name, replaces, by_refer,
 * asks, patience (ms), options, text; of what is pending meanwhile, expires (ms), announce; of an
 * event, and in `of`, the call; of who is aside main, the id in the parent; sidebar_id; and the PIN
 * (secrets.c)
 *
 *   of an event:
 *   event              as the hooks are called
 *   participant, who   the id and the URI
 *   on, paused, digit, duration (ms), code, reason, file, role, other, sidebar, pending, of
 *
 *   fact, value, actor fact: what scripts may look at is so from now on; no value: is unknown
 *   lost               gap: so many lines
 */
#include "journal/private.h"

#include "core/clock.h"
#include "core/text.h"
#include "focus/cause.h"
#include "focus/params.h"
#include "focus/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void entry_begin(struct line *line, const char *kind)
{
    char at[TEXT_TIME];

    text_time(clock_wall_ms(), at);
    line_text(line, "at", at);
    line_text(line, "kind", kind);
}

static void set_conference(struct line *line, const char *name, const struct conference *conference)
{
    line_text(line, "conference", name);
    if (conference)
        line_number(line, "conference_id", (int64_t)conference_id(conference));
}

/* As all come in unless somebody says otherwise. */
static const struct request_params plain_entry = {.role = "participant", .background = GAIN_OFF};

const struct request_params *entry_plain(enum verb verb)
{
    static const struct request_params nothing;

    return verb_params(verb) & PARAM(BACKGROUND) ? &plain_entry : &nothing;
}

/* ---- parameters ----------------------------------------------------------------------------- */

static void set_param(struct line *line, const struct param *param, const void *field)
{
    switch (param->kind) {
    case KIND_TEXT:
    case KIND_FILES:
    case KIND_QUESTION:
    case KIND_POLICIES:
    case KIND_LANGUAGE:
    case KIND_FILE:
    case KIND_CODECS:
        line_text(line, param->name, field);
        return;
    case KIND_FLAG:
    case KIND_UNLESS:
        line_flag(line, param->name, *(const bool *)field != (param->kind == KIND_UNLESS));
        return;
    case KIND_NUMBER:
        line_decimal(line, param->name, *(const float *)field);
        return;
    case KIND_BACKGROUND:
        if (*(const float *)field <= GAIN_OFF)
            line_flag(line, param->name, false);
        else
            line_decimal(line, param->name, *(const float *)field);
        return;
    case KIND_TIME:
        line_decimal(line, param->name, (float)*(const unsigned *)field / 1000);
        return;
    case KIND_VIEW:
        line_text(line, param->name, view_name(*(const enum view *)field));
        return;
    case KIND_SHOWN:
        line_text(line, param->name, sidebar_shown_name(*(const enum sidebar_shown *)field));
        return;
    case KIND_DIRECTION:
        line_text(line, param->name, stream_direction_name(*(const enum stream_direction *)field));
        return;
    }
}

static void set_pin(struct line *line, const struct teller *teller, const char *pin)
{
    if (teller->secrets)
        line_text(line, "pin", secret_text(teller->secrets, pin));
    else
        line_flag(line, "pin", true);
}

static void set_params(struct line *line, const struct teller *teller, const char *key,
                       param_set which, const struct request_params *params)
{
    if (!which)
        return;
    line_open(line, key);
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        const struct param *param = param_at(i);

        if (!(which >> i & 1))
            continue;
        if (i == PARAM_PIN)
            set_pin(line, teller, params->pin);
        else
            set_param(line, param, (const char *)params + param->offset);
    }
    line_close(line);
}

/* ---- who, and whom -------------------------------------------------------------------------- */

static void set_actor(struct line *line, const struct teller *teller, const struct actor *actor)
{
    static const char *const kinds[] = {
        [ACTOR_CALLER] = "caller",
        [ACTOR_SCRIPT] = "script",
        [ACTOR_SERVER] = "server",
    };

    line_open(line, "actor");
    line_text(line, "kind", kinds[actor->kind]);
    line_text(line, "uri", actor->uri);
    line_text(line, "position", actor->position);
    line_text(line, "name", actor->display_name);
    if (actor->kind == ACTOR_CALLER)
        line_text(line, "proof", proof_name(actor->proof));
    line_text(line, "groups", actor->groups);
    line_text(line, "peer", actor->peer);
    if (actor->participant)
        line_number(line, "participant", (int64_t)actor->participant);
    if (actor->anonymous)
        line_flag(line, "anonymous", true);
    if (teller->is_full) {
        line_text(line, "user", actor->user);
        line_text(line, "host", actor->host);
        line_text(line, "agent", actor->user_agent);
        line_text(line, "referred_by", actor->referred_by);
        line_flag(line, "authenticated", actor->authenticated);
        line_flag(line, "focus", actor->is_focus);
    }
    line_close(line);
}

/* Whose call it has, when it is aside. */
static void set_main(struct line *line, const struct participant *participant)
{
    const struct participant *main = participant_main(participant);

    if (main)
        line_number(line, "main", (int64_t)participant_id(main));
}

static void set_person(struct line *line, const struct teller *teller, const char *id_key,
                       const char *uri_key, uint64_t id)
{
    const struct participant *participant = focus_participant(teller->focus, id);

    if (id)
        line_number(line, id_key, (int64_t)id);
    if (participant)
        line_text(line, uri_key, participant_call(participant)->caller.uri);
}

/* What waits, or has waited. */
static void set_pending(struct line *line, const struct teller *teller, uint64_t id)
{
    const struct pending *pending = focus_pending(teller->focus, id);

    line_number(line, "pending", (int64_t)id);
    if (!pending)
        return;
    line_open(line, "of");
    line_text(line, "verb", verb_name(pending_request(pending)->verb));
    line_text(line, "uri", pending_request(pending)->actor.uri);
    if (teller->is_full)
        line_text(line, "call", pending_request(pending)->call);
    line_close(line);
}

static void set_target(struct line *line, const struct teller *teller,
                       const struct request *request)
{
    if (request->verb == VERB_DECIDE)
        set_pending(line, teller, request->target);
    else
        set_person(line, teller, "target", "whom", request->target);
    if (request->invitation)
        line_text(line, "whom", request->invitation->uri);
}

/* ---- decisions ------------------------------------------------------------------------------ */

static void set_sidebar(struct line *line, const struct teller *teller,
                        const struct request *request)
{
    const struct sidebar_wish *wish = request->sidebar;
    json_t *options = NULL;

    line_flag(line, "asks", wish->asks);
    if (wish->timeout)
        line_number(line, "patience", wish->timeout);
    if (wish->options && teller->secrets) {
        secrets_learn_options(teller->secrets, wish->options, *request->params.policy != '\0');
        options = secrets_mask(teller->secrets, wish->options);
    }
    line_value(line, "options", options);
    json_decref(options);
}

/* What a policy may look at besides. */
static void set_rest(struct line *line, const struct teller *teller, const struct request *request)
{
    line_flag(line, "by_dialog", request->by_dialog);
    line_flag(line, "name_given", request->is_name_given);
    if (request->invitation) {
        line_text(line, "invited_name", request->invitation->name);
        line_text(line, "replaces", request->invitation->replaces);
        line_flag(line, "by_refer", request->invitation->by_refer);
    }
    line_text(line, "text", request->text);
    if (request->sidebar)
        set_sidebar(line, teller, request);
}

static void set_request(struct line *line, const struct teller *teller,
                        const struct request *request)
{
    set_conference(line, request->conference_name, request->conference);
    line_text(line, "verb", verb_name(request->verb));
    set_actor(line, teller, &request->actor);
    line_text(line, "call", request->call);
    set_target(line, teller, request);
    line_text(line, "factory", request->factory);
    line_text(line, "package", request->package);
    if (teller->is_full)
        set_rest(line, teller, request);
    set_params(
        line, teller, "asked",
        params_differing(verb_params(request->verb), &request->params, entry_plain(request->verb)),
        &request->params);
}

static void set_cause(struct line *line, const struct teller *teller, const struct cause *cause)
{
    if (cause->event == EVENT_COUNT)
        return;
    line_text(line, "event", event_name(cause->event));
    set_person(line, teller, "event_participant", "event_who", cause->event_participant);
    if (cause->event == EVENT_DIGIT)
        line_text(line, "digit", (const char[]){cause->digit, '\0'});
}

static void set_waiting(struct line *line, const struct teller *teller,
                        const struct waiting *waiting)
{
    char roles[DECIDERS_MAX * sizeof waiting->decided_by[0]];
    size_t length = 0;

    roles[0] = '\0';
    for (unsigned i = 0; i < DECIDERS_MAX && *waiting->decided_by[i]; i++)
        length += (size_t)snprintf(roles + length, sizeof roles - length, "%s%s", length ? " " : "",
                                   waiting->decided_by[i]);
    line_text(line, "waits_for", roles);
    if (!teller->is_full)
        return;
    line_text(line, "meanwhile", meanwhile_name(waiting->meanwhile));
    line_number(line, "expires", waiting->expires);
    line_text(line, "announce", waiting->announce);
}

static void set_outcome(struct line *line, const struct decision *decision)
{
    if (decision->code)
        line_number(line, "code", decision->code);
    line_text(line, "reason", decision->reason);
}

void entry_decision(struct line *line, const struct teller *teller, const struct request *request,
                    const struct decision *decision)
{
    static const char *const verdicts[] = {
        [DECISION_ACCEPT] = "accept",
        [DECISION_REJECT] = "reject",
        [DECISION_PENDING] = "pending",
    };

    entry_begin(line, "decision");
    set_request(line, teller, request);
    line_text(line, "verdict", verdicts[decision->verdict]);
    if (decision->verdict == DECISION_REJECT)
        set_outcome(line, decision);
    else
        set_params(
            line, teller, "given",
            params_differing(verb_params(request->verb), &decision->params, &request->params),
            &decision->params);
    if (decision->verdict == DECISION_PENDING)
        set_waiting(line, teller, &decision->waiting);
    line_text(line, "by", decision->by);
    if (decision->generation)
        line_number(line, "generation", decision->generation);
    if (decision->failed)
        line_flag(line, "failed", true);
    set_cause(line, teller, &decision->cause);
}

json_t *journal_decision(struct focus *focus, const struct request *request,
                         const struct decision *decision)
{
    const struct teller teller = {.focus = focus, .is_full = true};
    char *bytes = malloc(LINE_MOST);
    struct line line;
    json_t *json;

    if (!bytes)
        return NULL;
    line_begin(&line, bytes, LINE_MOST);
    entry_decision(&line, &teller, request, decision);
    json = json_loadb(bytes, line_end(&line), 0, NULL);
    free(bytes);
    return json;
}

void entry_failure(struct line *line, const struct teller *teller, const struct request *request,
                   const struct decision *decision)
{
    entry_begin(line, "failure");
    set_request(line, teller, request);
    set_outcome(line, decision);
}

/* ---- events --------------------------------------------------------------------------------- */

static bool has_switch(enum conference_event_kind kind)
{
    return kind == EVENT_MUTED || kind == EVENT_HELD || kind == EVENT_FLOOR ||
           kind == EVENT_PERMITTED || kind == EVENT_LOCKED || kind == EVENT_ASIDE ||
           kind == EVENT_RECORDED || kind == EVENT_DECIDED || kind == EVENT_SPEAKING;
}

static void set_event(struct line *line, const struct teller *teller,
                      const struct conference_event *event)
{
    const struct participant *participant = focus_participant(teller->focus, event->participant);
    const struct conference *sidebar = focus_conference(teller->focus, event->sidebar);

    line_text(line, "event", event_name(event->kind));
    set_person(line, teller, "participant", "who", event->participant);
    if (participant && teller->is_full) {
        line_text(line, "call", participant_call(participant)->id);
        set_main(line, participant);
    }
    if (participant && event->kind == EVENT_JOINED && participant_call(participant)->is_focus)
        line_flag(line, "focus", true);
    if (participant && (event->kind == EVENT_JOINED || event->kind == EVENT_ROLE))
        line_text(line, "role", participant_role(participant));
    if (event->other)
        line_number(line, "other", (int64_t)event->other);
    if (sidebar)
        line_text(line, "sidebar", conference_name(sidebar));
    if (event->sidebar && teller->is_full)
        line_number(line, "sidebar_id", (int64_t)event->sidebar);
    if (event->pending)
        set_pending(line, teller, event->pending);
    if (has_switch(event->kind))
        line_flag(line, "on",
                  event->kind == EVENT_SPEAKING &&
                          participant /* which may change until it is told */
                      ? participant_is_speaking(participant)
                      : event->on);
    if (event->kind == EVENT_DIGIT)
        line_text(line, "digit", (const char[]){event->digit, '\0'});
    if (event->duration)
        line_number(line, "duration", event->duration);
    if (event->code)
        line_number(line, "code", event->code);
    line_text(line, "reason", event->reason);
    line_text(line, "file", event->file);
    if (event->is_paused)
        line_flag(line, "paused", true);
    if (participant)
        line_text(line, "removed_by", participant_removed_by(participant));
}

void entry_event(struct line *line, const struct teller *teller, const char *kind,
                 const struct conference_event *event)
{
    const struct conference *conference = focus_conference(teller->focus, event->conference);

    entry_begin(line, kind);
    set_conference(line, conference ? conference_name(conference) : NULL, conference);
    set_event(line, teller, event);
}

/* ---- facts ---------------------------------------------------------------------------------- */

void entry_fact(struct line *line, const struct teller *teller, const struct actor *actor,
                const char *name, const json_t *value)
{
    json_t *told =
        teller->secrets ? secrets_mask(teller->secrets, value) : json_incref((json_t *)value);

    entry_begin(line, "fact");
    set_actor(line, teller, actor);
    line_text(line, "fact", name);
    line_value(line, "value", told);
    json_decref(told);
}

/* ---- recordings ----------------------------------------------------------------------------- */

/* As which somebody is in. */
static void params_of(const struct participant *participant, struct request_params *params)
{
    const char *name = participant_display_name(participant);
    const struct leg_voice *voice = participant_voice(participant);
    const char *own = participant_call(participant)->caller.display_name;

    *params = (struct request_params){
        .muted = participant_is_muted(participant),
        .held = participant_is_held(participant),
        .listen_only = !participant_may_speak(participant),
        .floor = participant_has_floor(participant),
        .anonymous = participant_anonymous(participant) != 0,
        .hidden = participant_is_hidden(participant),
        .agc = voice->agc,
        .denoise = voice->denoise,
        .vad = voice->vad,
        .speaks = participant_speaks(participant),
        .hears = participant_hears(participant),
        .background = participant_background(participant),
    };
    (void)snprintf(params->role, sizeof params->role, "%s", participant_role(participant));
    if (strcmp(name, own) != 0)
        (void)snprintf(params->display_name, sizeof params->display_name, "%s", name);
}

void entry_person(struct line *line, const struct teller *teller,
                  const struct participant *participant)
{
    struct request_params params;
    struct actor actor;

    actor_of_participant(&actor, participant);
    params_of(participant, &params);
    entry_begin(line, "person");
    set_conference(line, NULL, participant_conference(participant));
    set_actor(line, teller, &actor);
    line_text(line, "call", participant_call(participant)->id);
    set_main(line, participant);
    line_flag(line, "outgoing", participant_call(participant)->is_outgoing);
    line_flag(line, "joined", participant_has_joined(participant));
    set_params(line, teller, "given",
               params_differing(verb_params(VERB_JOIN), &params, &plain_entry), &params);
}
