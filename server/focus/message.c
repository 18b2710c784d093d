/* What people write to a conference (RFC 3428): decided, relayed to those whose phones take it, and
 * told. Who says it is what signalling has found out, never what the message says of itself. */
#include "focus/message.h"
#include "focus/admit.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"

#include "core/log.h"
#include "core/texts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who writes more is told to wait: each participant, and all together who are not in. */
enum {
    MESSAGES_MOST = 20,
    MESSAGES_WINDOW = 10000, /* ms */
};

struct sender {
    char name[160], uri[64];
    const char *shown_uri; /* `uri`, or what lives longer */
};

/* ---- the message as an object --------------------------------------------------------------- */

static struct message *message_make(const struct actor *actor, const char *text, const char *name)
{
    struct message *message = calloc(1, sizeof *message);
    struct actor *own = message ? &message->actor : NULL;

    if (!message)
        return NULL;
    *message = (struct message){.references = 1, .actor = *actor, .text = text, .name = name};
    message->strings =
        texts_own((const char **[]){&own->uri, &own->user, &own->host, &own->display_name,
                                    &own->user_agent, &own->peer, &own->groups, &own->position,
                                    &own->referred_by, &message->text, &message->name},
                  11);
    if (message->strings)
        return message;
    free(message);
    return NULL;
}

struct message *message_ref(struct message *message)
{
    message->references++;
    return message;
}

void message_unref(struct message *message)
{
    if (!message || --message->references > 0)
        return;
    free(message->strings);
    free(message);
}

/* ---- who says it ---------------------------------------------------------------------------- */

/* As the roster shows them: whom it does not name, nobody is told of. */
static void sender_show(struct focus *focus, const struct actor *actor, struct sender *sender)
{
    const struct participant *participant = focus_participant(focus, actor->participant);
    unsigned number = participant ? participant->anonymous : 0;
    const char *name = participant ? participant_shown_name(participant) : actor->display_name;
    char nobody[32] = "anonymous";

    *sender = (struct sender){.shown_uri = ""};
    if (actor->kind != ACTOR_CALLER)
        return;
    if (!actor_is_secret(focus, actor)) {
        (void)snprintf(sender->name, sizeof sender->name, "%s", name && *name ? name : actor->user);
        sender->shown_uri = actor->uri;
        return;
    }
    if (number)
        (void)snprintf(nobody, sizeof nobody, "anonymous%u", number);
    (void)snprintf(sender->name, sizeof sender->name, "%s", number && *name ? name : nobody);
    (void)snprintf(sender->uri, sizeof sender->uri, "sip:%s@anonymous.invalid", nobody);
    sender->shown_uri = sender->uri;
}

/* ---- effect --------------------------------------------------------------------------------- */

static int deliver(struct participant *participant, const struct outgoing_message *outgoing)
{
    const struct signalling *signalling = participant->conference->focus->signalling;
    struct call *call = participant_own(participant)->call;

    return call ? signalling->message(call, outgoing) : ENOPROTOOPT;
}

static void relay(struct conference *conference, uint64_t sender,
                  const struct outgoing_message *outgoing)
{
    unsigned others = 0, told = 0;

    for (struct participant *one = conference->members; one; one = one->next) {
        if (!one->joined || one->id == sender)
            continue;
        others++;
        told += deliver(one, outgoing) == 0;
    }
    log_write(LOG_LEVEL_INFO, conference->name, NULL, "%s writes, to %u of %u others",
              *outgoing->name ? outgoing->name : "the conference", told, others);
}

int conference_tell_message(struct conference *conference, struct participant *target,
                            const struct request *request, const struct decision *decision)
{
    struct focus *focus = conference->focus;
    struct outgoing_message outgoing = {.text = request->text};
    struct message *message;
    struct sender sender;
    int error;

    sender_show(focus, &request->actor, &sender);
    outgoing.name = sender.name;
    outgoing.uri = sender.shown_uri;
    if (target) {
        error = deliver(target, &outgoing);
        return error == EAGAIN ? EMSGSIZE : error;
    }
    message = message_make(&request->actor, request->text, sender.name);
    if (!message)
        return ENOMEM;
    message->is_relayed = !decision->params.unrelayed;
    if (message->is_relayed)
        relay(conference, request->actor.participant, &outgoing);
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_MESSAGED,
                           .conference = conference->id,
                           .participant = request->actor.participant,
                           .message = message,
                       });
    message_unref(message);
    return 0;
}

/* Who wrote as somebody who is in may be gone since, and may be answered all the same. */
int message_answer(struct focus *focus, uint64_t conference, const struct message *message,
                   const char *text)
{
    const struct outgoing_message outgoing = {.text = text, .name = "", .uri = ""};
    const struct conference *from = focus_conference(focus, conference);
    struct participant *writer = focus_participant(focus, message->actor.participant);
    const struct message_reply reply = {
        .conference = from ? from->name : "",
        .title = from ? from->title : "",
        .uri = message->actor.uri,
        .account = message->actor.proof == PROOF_PASSWORD ? message->actor.user : "",
        .peer = message->actor.peer,
        .text = text,
    };
    int error = from && writer ? deliver(writer, &outgoing) : ENOPROTOOPT;

    if (!from)
        return ENOENT;
    if (error != ENOPROTOOPT)
        return error;
    if (message->actor.kind != ACTOR_CALLER || !message->actor.authenticated)
        return EACCES;
    return focus->signalling->reply(focus->signalling->ctx, &reply);
}

/* ---- what comes in -------------------------------------------------------------------------- */

static void refuse(struct incoming_message *incoming, int code, const char *reason)
{
    incoming->code = code;
    (void)snprintf(incoming->reason, sizeof incoming->reason, "%s", reason);
}

/* NULL: refused. */
static struct conference *find(struct focus *focus, struct incoming_message *incoming)
{
    const struct call_info *from = &incoming->from;
    struct conference *conference = NULL;
    const char *reason;
    int code = gone_code(focus, from->requested_user, &reason);

    if (focus_may_serve(focus, from->requested_user, from->requested_host))
        conference = focus_conference_by_name(focus, from->requested_user);
    if (!conference || conference->factory) {
        refuse(incoming, code, reason);
        return NULL;
    }
    /* Where nobody is to know that others are in, nobody is told what they write. */
    if (conference->hides_focus) {
        refuse(incoming, 405, "");
        return NULL;
    }
    return conference;
}

/* Strangers do not use up what accounts may write. */
static bool is_flood(struct conference *conference, struct participant *participant,
                     const struct actor *actor)
{
    struct ration *ration = participant            ? &participant->messages
                            : actor->authenticated ? &conference->account_messages
                                                   : &conference->stranger_messages;

    return ration_is_used_up(ration, loop_now(conference->focus->loop), MESSAGES_WINDOW,
                             MESSAGES_MOST);
}

/* Whoever may yet prove to be somebody else than those strangers is asked to. */
static void refuse_flood(struct incoming_message *incoming, bool is_known)
{
    if (!is_known) {
        refuse(incoming, 401, "");
        return;
    }
    refuse(incoming, 480, "Too Many Messages, Please Wait");
    incoming->retry_after = MESSAGES_WINDOW / 1000;
}

void message_receive(struct focus *focus, struct incoming_message *incoming)
{
    const struct call_info *from = &incoming->from;
    struct request request = {.verb = VERB_MESSAGE, .call = from->id, .text = incoming->text};
    struct participant *participant;
    struct decision decision;
    int error;

    events_catch_up(focus);
    request.conference = find(focus, incoming);
    if (!request.conference)
        return;
    request.conference_name = request.conference->name;
    participant = conference_find_caller(request.conference, incoming->call, &from->caller);
    actor_of_call(&request.actor, from, participant ? participant->id : 0);
    if (is_flood(request.conference, participant, &request.actor)) {
        refuse_flood(incoming, participant || request.actor.authenticated);
        return;
    }
    error = focus_submit(focus, &request, &decision);
    incoming->code = decision.params.unrelayed ? 200 : 202;
    if (error == ENOENT)
        refuse(incoming, 404, "");
    else if (error == EINPROGRESS)
        incoming->code = 202;
    else if (error)
        refuse(incoming, decision.code, decision.reason);
}
