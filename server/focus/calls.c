/* What signalling tells about calls, once they are let in. */
#include "focus/admit.h"
#include "focus/arrangement.h"
#include "focus/cascade.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/message.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/question.h"
#include "focus/visitor_parts.h"
#include "focus/wishes.h"

#include "core/log.h"

static void on_incoming(struct call *call, void *arg)
{
    admit(arg, call);
}

static struct participant *participant_on(const struct focus *focus, const struct call *call)
{
    return participant_of(focus->signalling->user(call));
}

static struct visitor *visitor_on(const struct focus *focus, const struct call *call)
{
    return visitor_of(focus->signalling->user(call));
}

static void on_session(struct call *call, const struct session *session, void *arg)
{
    struct participant *participant = participant_on(arg, call);
    struct visitor *visitor = visitor_on(arg, call);

    if (visitor)
        visitor_session(visitor, session);
    if (participant)
        participant_session(participant, session);
}

/* RFC 4575 §5.6.3: alerting is what a 180 says. */
static void on_progress(struct call *call, int code, const char *reason, void *arg)
{
    struct focus *focus = arg;
    struct participant *participant = participant_on(focus, call);

    if (!participant || !participant->called)
        return;
    referrers_tell(participant, code, reason);
    if (participant->alerting || code != 180)
        return;
    participant->alerting = true;
    participant_learn(participant);
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_ALERTING,
                           .conference = participant->conference->id,
                           .participant = participant->id,
                       });
}

static void on_established(struct call *call, void *arg)
{
    struct participant *participant = participant_on(arg, call);
    struct visitor *visitor = visitor_on(arg, call);

    if (visitor)
        visitor_established(visitor);
    else if (participant)
        question_answered(participant);
}

static void on_updated(struct call *call, int code, const char *reason, void *arg)
{
    struct participant *participant = participant_on(arg, call);

    if (participant)
        participant_updated(participant, code, reason);
}

static void on_transferred(struct call *call, int code, const char *reason, void *arg)
{
    struct visitor *visitor = visitor_on(arg, call);

    if (visitor)
        visitor_transferred(visitor, code, reason);
}

static enum departure_method departure_method(const struct participant *participant, int code)
{
    if (code == 0)
        return DEPARTED;
    return participant->called && (code == 486 || code == 600) ? BUSY : FAILED;
}

static void on_ended(struct call *call, int code, const char *reason, void *arg)
{
    struct focus *focus = arg;
    struct participant *participant = participant_on(focus, call);
    struct visitor *visitor = visitor_on(focus, call);
    const char *what = code == 0 ? "hung up" : reason && *reason ? reason : "lost";
    struct conference *conference;

    if (visitor) {
        visitor_tell_left(visitor, code, what);
        visitor_leave(visitor, code, what);
    }
    if (participant) {
        conference = participant->conference;
        participant_leave(participant, departure_method(participant, code), code, what);
        conference_end_if_over(conference);
    }
    if (focus->signalling->user(call))
        focus_call_gone(focus);
}

/* OPTIONS tells what an INVITE would meet (RFC 3261 §11.2), so the policy is asked, too. */
static void on_query(struct query *query, void *arg)
{
    struct focus *focus = arg;
    struct request request = {
        .verb = VERB_CREATE,
        .conference_name = query->requested_user,
        .is_name_given = true,
    };
    const struct conference *conference;
    struct decision decision;
    const char *reason;
    int missing = gone_code(focus, query->requested_user, &reason);

    query->code = 200;
    query->is_focus = false;
    if (focus_is_full(focus, query->requested_user)) {
        query->code = 503;
        query->retry_after = RETRY_AFTER;
        return;
    }
    if (!*query->requested_user)
        return; /* about the server, not a conference */
    if (focus_has_application(focus, query->requested_user, query->requested_host))
        return;
    query->is_focus = true;
    if (missing == 404 && focus_may_serve(focus, query->requested_user, query->requested_host)) {
        conference = focus_conference_by_name(focus, query->requested_user);
        if (conference) {
            query->is_focus = !conference->factory && !conference->hides_focus;
            query->subject = conference->title;
            if (query->is_focus)
                query->about = conference->about;
            return;
        }
        actor_of_caller(&request.actor, query->caller);
        decide(focus, &request, &decision);
        if (decision.verdict == DECISION_ACCEPT) {
            query->is_focus = !decision.params.hide_focus;
            return;
        }
        if (decision.code == 401) {
            query->code = 401;
            return;
        }
    }
    query->code = missing;
    query->is_focus = false;
}

static void on_initiate(struct initiation *initiation, void *arg)
{
    initiate(arg, initiation);
}

static void on_initiated(struct initiation *initiation, bool is_accepted, void *arg)
{
    initiated(arg, initiation, is_accepted);
}

static void on_key(struct call *call, char key, unsigned duration, void *arg)
{
    struct focus *focus = arg;

    key_press(focus, focus->signalling->user(call), key, duration, KEY_BY_INFO);
}

static void on_message(struct incoming_message *message, void *arg)
{
    message_receive(arg, message);
}

static void on_cascade(struct call *call, void *arg)
{
    struct participant *participant = participant_on(arg, call);

    if (!participant)
        return;
    participant_learn(participant);
    cascade_changed(participant);
}

static void on_refer(struct reference *reference, void *arg)
{
    refer(arg, reference);
}

const struct signalling_events *focus_signalling_events(void)
{
    static const struct signalling_events events = {
        .on_incoming = on_incoming,
        .on_session = on_session,
        .on_progress = on_progress,
        .on_established = on_established,
        .on_updated = on_updated,
        .on_transferred = on_transferred,
        .on_ended = on_ended,
        .on_query = on_query,
        .on_refer = on_refer,
        .on_key = on_key,
        .on_message = on_message,
        .on_cascade = on_cascade,
        .on_initiate = on_initiate,
        .on_initiated = on_initiated,
    };
    return &events;
}
