#include "focus/explain.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/focus.h"
#include "focus/participant.h"
#include "focus/pending.h"
#include "focus/plan.h"
#include "focus/visitor_parts.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    LABEL = 64,
    WISH = 160,
    PAUSE = 2000, /* ms without a packet that are more than a pause in speaking */
    PATIENCE = 3, /* s that a phone may take to send the first one */
};

/* One explanation in the making. */
struct explaining {
    struct explanation *explanation;
    bool is_silent; /* something said so far silences */
};

__attribute__((format(printf, 3, 4))) static void
add(struct explaining *explaining, const struct cause *cause, const char *format, ...)
{
    struct explanation *explanation = explaining->explanation;
    struct reason *reason = &explanation->reasons[explanation->count];
    va_list arguments;

    if (explanation->count == REASONS_MAX)
        return;
    explanation->count++;
    va_start(arguments, format);
    (void)vsnprintf(reason->text, sizeof reason->text, format, arguments);
    va_end(arguments);
    reason->is_caused = cause && cause->at;
    if (reason->is_caused)
        reason->cause = *cause;
}

#define add_silence(explaining, ...) ((explaining)->is_silent = true, add(explaining, __VA_ARGS__))

static bool differs(float one, float other)
{
    return one < other - 0.05f || one > other + 0.05f;
}

/* ---- what keeps anybody from it ------------------------------------------------------------- */

/* False: said why not. */
static bool is_in(struct explaining *explaining, const struct participant *participant,
                  const char *label)
{
    const struct cause *entry = participant_cause(participant, CAUSE_ENTRY);

    if (participant->joined)
        return true;
    add_silence(explaining, entry, "%s is not in yet: %s", label,
                participant->is_confirming ? "whoever has answered is asked whether they come in"
                : participant->alerting    ? "the phone rings"
                : participant->called      ? "the phone is being called"
                                           : "the phone has not confirmed the call");
    return false;
}

static void add_hold(struct explaining *explaining, const struct participant *participant,
                     const char *label)
{
    if (participant->main)
        participant = participant->main; /* it has one call for both */
    if (participant->held_by_us)
        add_silence(explaining, participant_cause(participant, CAUSE_HOLD), "%s is on hold", label);
    if (participant->held_by_phone)
        add_silence(explaining, NULL, "%s has put the conference on hold, by the phone", label);
    if (participant->visitor && participant->visitor->is_out)
        add_silence(explaining, NULL, "%s is out of the mix, talking with an application", label);
}

/* `needed`: the direction of our stream; `what`: who does it is the phone. */
static void add_stream(struct explaining *explaining, const struct participant *participant,
                       const char *label, enum stream_direction needed, const char *what)
{
    const struct conference *conference;

    if (participant->main)
        participant = participant->main;
    conference = participant->conference;
    if (!participant->has_audio)
        add_silence(explaining, NULL, "%s has no audio stream", label);
    else if (conference->withheld & needed)
        add_silence(explaining, &conference->media_cause, "the conference %s nobody's audio",
                    needed == STREAM_RECVONLY ? "takes" : "sends");
    else if (!(participant_direction(participant) & needed) && !participant_is_held(participant))
        add_silence(explaining, NULL, "the phone of %s %s (its stream is %s)", label, what,
                    participant_media(participant));
}

static void add_talker(struct explaining *explaining, const struct participant *talker,
                       const char *label)
{
    if (!is_in(explaining, talker, label))
        return;
    if (talker->muted)
        add_silence(explaining, participant_cause(talker, CAUSE_MUTE), "%s is muted%s", label,
                    talker->causes[CAUSE_MUTE].at ? "" : " since coming in");
    if (talker->listen_only)
        add_silence(explaining, participant_cause(talker, CAUSE_PERMIT), "%s may only listen",
                    label);
    add_hold(explaining, talker, label);
    add_stream(explaining, talker, label, STREAM_RECVONLY, "sends nothing");
}

/* Where it speaks and hears: who is in a sidebar does so there. */
static const struct participant *place_of(const struct participant *participant)
{
    return participant->aside && participant->aside->joined ? participant->aside : participant;
}

/* Who is asked into a sidebar by a prompt hears all else behind it. */
static float add_prompt(struct explaining *explaining, const struct participant *listener,
                        const char *label)
{
    const struct participant *aside = listener->aside;

    if (!aside || aside->joined || !aside->is_prompted || listener->ear_bus == MIX_MAIN)
        return 0;
    add(explaining, participant_cause(aside, CAUSE_ENTRY),
        "%s is asked into the sidebar %s, and hears all else at %+.1f dB meanwhile", label,
        aside->conference->name, (double)aside->background);
    return aside->background;
}

/* A sidebar is heard by those in it, who hear the conference in the background. Returns how loud
 * that is, dB. */
static float add_sidebar(struct explaining *explaining, const struct participant *listener,
                         const char *listener_label, const struct participant *talker,
                         const char *talker_label)
{
    const struct cause *entry = participant_cause(listener, CAUSE_ENTRY);

    if (listener->conference == talker->conference) {
        if (talker->conference->parent)
            add(explaining, entry, "both are in the sidebar %s", talker->conference->name);
        return add_prompt(explaining, listener, listener_label);
    }
    if (talker->conference->parent)
        add_silence(explaining, participant_cause(talker, CAUSE_ENTRY), "%s is in the sidebar %s",
                    talker_label, talker->conference->name);
    if (!listener->conference->parent)
        return 0;
    if (listener->background <= GAIN_OFF)
        add_silence(explaining, entry,
                    "%s is in the sidebar %s, which hears nothing of the conference",
                    listener_label, listener->conference->name);
    else
        add(explaining, entry, "%s is in the sidebar %s, and hears the conference at %+.1f dB",
            listener_label, listener->conference->name, (double)listener->background);
    return listener->background;
}

/* A line of the hook `mix`; "": nobody has said it. */
static struct cause cause_of_place(const struct arrangement *arrangement, const char *place)
{
    struct cause cause = arrangement->cause;

    cause.verb = VERB_COUNT;
    if (!*place)
        cause.at = 0;
    (void)snprintf(cause.who, sizeof cause.who, "%s", place);
    (void)snprintf(cause.by, sizeof cause.by, "%s", place);
    return cause;
}

static void add_path(struct explaining *explaining, const struct arrangement *arrangement,
                     const struct plan_path *path, const char *listener_label,
                     const char *talker_label)
{
    struct cause cause = cause_of_place(arrangement, path->speaks_place);

    if (path->speaks <= GAIN_OFF)
        add(explaining, &cause, "%s does not speak to the bus %s", talker_label, path->bus);
    else
        add(explaining, &cause, "%s speaks to the bus %s at %+.1f dB", talker_label, path->bus,
            (double)path->speaks);
    cause = cause_of_place(arrangement, path->hears_place);
    if (path->hears <= GAIN_OFF)
        add(explaining, &cause, "%s does not hear the bus %s", listener_label, path->bus);
    else
        add(explaining, &cause, "%s hears the bus %s at %+.1f dB", listener_label, path->bus,
            (double)path->hears);
}

static void add_exception(struct explaining *explaining, const struct arrangement *arrangement,
                          const struct plan_reason *reason, const char *listener_label,
                          const char *talker_label)
{
    const struct cause cause = cause_of_place(arrangement, reason->exception);

    if (reason->gain <= GAIN_OFF)
        add(explaining, &cause, "an exception keeps %s from hearing %s", listener_label,
            talker_label);
    else
        add(explaining, &cause, "by an exception %s hears %s at %+.1f dB", listener_label,
            talker_label, (double)reason->gain);
}

/* What the policies' plan for the mix says of the two. Returns the gain, dB. */
static float add_plan(struct explaining *explaining, const struct participant *listener,
                      const char *listener_label, const struct participant *talker,
                      const char *talker_label)
{
    const struct arrangement *arrangement = &talker->conference->arrangement;
    struct plan_reason reason;

    if (!arrangement->plan || talker->conference->parent || listener == talker)
        return 0;
    plan_explain(arrangement->plan, listener->id, talker->id, &reason);
    explaining->is_silent |= reason.gain <= GAIN_OFF;
    if (reason.exception)
        add_exception(explaining, arrangement, &reason, listener_label, talker_label);
    else if (reason.path_count == 0)
        add(explaining, NULL, "the hook mix gives %s no bus to speak to", talker_label);
    for (unsigned i = 0; !reason.exception && i < reason.path_count; i++)
        add_path(explaining, arrangement, &reason.paths[i], listener_label, talker_label);
    return reason.gain;
}

/* Then the plan is not what the policies want now. */
static void add_fault(struct explaining *explaining, const struct conference *conference)
{
    const struct conference *whole = conference->parent ? conference->parent : conference;

    if (whole->arrangement.fault)
        add(explaining, NULL, "%s: the mix stays as it was", whole->arrangement.fault);
}

static void add_listener(struct explaining *explaining, const struct participant *listener,
                         const char *label)
{
    if (!is_in(explaining, listener, label))
        return;
    add_hold(explaining, listener, label);
    add_stream(explaining, listener, label, STREAM_SENDONLY, "takes nothing");
}

/* ---- who is let through --------------------------------------------------------------------- */

static void add_gains(struct explaining *explaining, const struct participant *listener,
                      const char *listener_label, const struct participant *talker,
                      const char *talker_label)
{
    if (differs(talker->speaks, 0))
        add(explaining, participant_cause(talker, CAUSE_VOLUME), "%s is heard at %+.1f dB",
            talker_label, (double)talker->speaks);
    if (differs(listener->hears, 0))
        add(explaining, participant_cause(listener, CAUSE_VOLUME), "%s hears all at %+.1f dB",
            listener_label, (double)listener->hears);
}

/* Its phone sends nothing, or nothing that can be heard, though it may. False: it does, or is in
 * for less than so many seconds. */
static bool add_phone(struct explaining *explaining, const struct participant *talker,
                      const char *label, const struct leg_stats *stats, int patience)
{
    if (stats->received == 0 && stats->rejected > 0)
        add(explaining, NULL,
            "the phone of %s sends nothing that can be played: %llu packets were of a codec that "
            "was not agreed on, or not from there",
            label, (unsigned long long)stats->rejected);
    else if (stats->received == 0 && difftime(time(NULL), talker->joined_at) >= patience)
        add(explaining, NULL, "the phone of %s has sent no audio so far", label);
    else if (stats->received > 0 && stats->pause >= PAUSE)
        add(explaining, NULL, "the phone of %s has sent no audio for %u s", label,
            stats->pause / 1000);
    else
        return false;
    return true;
}

/* Who could be heard may have nothing to say. */
static void add_voice(struct explaining *explaining, const struct participant *talker,
                      const char *label)
{
    struct leg_stats stats;

    participant_stats(talker->main ? talker->main : talker, &stats);
    if (add_phone(explaining, talker, label, &stats, 0))
        return;
    if (talker->speaking)
        add(explaining, NULL, "%s speaks at the moment", label);
    else
        add(explaining, NULL, "%s does not speak at the moment: %.0f dBov come in", label,
            (double)stats.level);
}

void explain_pair(const struct participant *listener, const struct participant *talker,
                  struct explanation *explanation)
{
    struct explaining explaining = {.explanation = explanation};
    const struct participant *from = place_of(talker), *to = place_of(listener);
    char listener_label[LABEL], talker_label[LABEL];
    float background = 0, planned;

    explanation->count = 0;
    participant_label(listener, listener_label, sizeof listener_label);
    participant_label(talker, talker_label, sizeof talker_label);
    if (listener == talker)
        add_silence(&explaining, NULL, "nobody hears their own voice");
    add_talker(&explaining, from, talker_label);
    if (listener != talker) {
        add_listener(&explaining, to, listener_label);
        background = add_sidebar(&explaining, to, listener_label, from, talker_label);
    }
    /* The conference behind a sidebar is as loud as it would be without. */
    if (from->conference != to->conference && to->main)
        to = to->main;
    planned = add_plan(&explaining, to, listener_label, from, talker_label);
    add_fault(&explaining, from->conference);
    explanation->is_audible = !explaining.is_silent;
    explanation->gain =
        explaining.is_silent ? GAIN_OFF : from->speaks + to->hears + background + planned;
    if (explaining.is_silent)
        return;
    add_gains(&explaining, to, listener_label, from, talker_label);
    add_voice(&explaining, from, talker_label);
}

/* ---- one alone ------------------------------------------------------------------------------ */

static void add_standing(struct explaining *explaining, const struct participant *participant,
                         const char *label)
{
    const struct cause *entry = participant_cause(participant, CAUSE_ENTRY);
    const struct cause *role = participant_cause(participant, CAUSE_ROLE);

    if (role == entry)
        add(explaining, entry, "%s is in as %s", label, participant->role);
    else
        add(explaining, entry, "%s is in", label);
    if (role != entry)
        add(explaining, role, "%s has the role %s", label, participant->role);
    if (*participant->display_name)
        add(explaining, participant_cause(participant, CAUSE_NAME), "%s is shown as \"%s\"", label,
            participant->display_name);
    if (participant->has_floor)
        add(explaining, participant_cause(participant, CAUSE_FLOOR), "%s has the floor", label);
}

/* What it has asked for, or somebody has about it, and nobody has decided. */
static void add_pending(struct explaining *explaining, const struct participant *participant,
                        const char *label)
{
    const struct conference *conference = participant->conference;
    const struct pending *pending = NULL;

    while ((pending = conference_next_pending(conference, pending))) {
        const struct request *request = pending_request(pending);
        bool is_asker = request->actor.participant == participant->id;
        struct cause cause;
        char line[WISH];

        if (!is_asker && request->target != participant->id)
            continue;
        cause_note(&cause, pending_decision(pending));
        pending_line(conference->focus, pending, line, sizeof line);
        add(explaining, &cause, "%s%s waits for a decision of %s",
            is_asker ? "" : "what is asked about ", label, line);
    }
}

void explain_one(const struct participant *participant, struct explanation *explanation)
{
    struct explaining explaining = {.explanation = explanation};
    const struct cause *entry = participant_cause(participant, CAUSE_ENTRY);
    struct leg_stats stats;
    char label[LABEL];

    explanation->count = 0;
    explanation->is_audible = false;
    explanation->gain = GAIN_OFF;
    participant_label(participant, label, sizeof label);
    if (is_in(&explaining, participant, label))
        add_standing(&explaining, participant, label);
    if (participant->hidden)
        add(&explaining, entry, "%s is hidden: only moderators are shown that they are in", label);
    if (participant->anonymous)
        add(&explaining, entry, "%s is anonymous: nobody is shown the name", label);
    if (participant->joined)
        add_talker(&explaining, participant, label);
    add_gains(&explaining, participant, label, participant, label);
    if (participant->joined && !explaining.is_silent) {
        participant_stats(participant->main ? participant->main : participant, &stats);
        (void)add_phone(&explaining, participant, label, &stats, PATIENCE);
    }
    add_pending(&explaining, participant, label);
}
