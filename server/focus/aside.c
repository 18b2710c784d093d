/*
 * Who comes from a conference into its sidebar, by the call that it has (framework 5.6): a
 * participant of the sidebar who has neither call nor leg, but a place in the parent. There it
 * keeps its place in the roster, and what is done to it there holds again when it is back.
 *
 * Its dialog stays that of the parent's URI, and nothing is sent in it: the sidebar's URI is for
 * who calls it, subscribes to it, refers to it, and is told by the conference package.
 */
#include "focus/admit.h"
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/question.h"
#include "focus/sidebar.h"
#include "focus/wishes.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

/* What is heard by who is asked, when nobody says otherwise: two notes, twice. */
#define CHIME "tone:523/200,659/300,0/500,523/200,659/300"

struct participant *participant_main(const struct participant *participant)
{
    return participant->main;
}

struct participant *participant_aside(const struct participant *participant)
{
    return participant->aside;
}

float participant_background(const struct participant *participant)
{
    return participant->background;
}

struct participant *participant_own(struct participant *participant)
{
    return participant->main ? participant->main : participant;
}

struct participant *participant_here(struct participant *participant)
{
    return participant->aside && participant->aside->joined ? participant->aside : participant;
}

/* ---- the question --------------------------------------------------------------------------- */

/* Who is asked goes on speaking in the parent, which it hears in the background meanwhile. Without
 * the prompt there are still the keys, and the package. */
static void prompt(struct participant *aside, const char *file)
{
    (void)question_prompt(aside, file);
    if (!aside->is_prompted)
        return;
    aside->alerting = true;
    events_post(aside->conference->focus, &(struct conference_event){
                                              .kind = EVENT_ALERTING,
                                              .conference = aside->conference->id,
                                              .participant = aside->id,
                                          });
}

static void ask(struct participant *aside, const struct sidebar_wish *wish, const char *file)
{
    struct conference *sidebar = aside->conference;
    struct focus *focus = sidebar->focus;

    aside->called = true;
    sidebar->called_count++;
    aside->accept = wish->accept;
    aside->decline = wish->decline;
    question_wait(aside, wish->timeout ? wish->timeout : focus->answer_timeout);
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_DIALING,
                           .conference = sidebar->id,
                           .participant = aside->id,
                       });
    prompt(aside, file);
}

/* ---- in and back ---------------------------------------------------------------------------- */

void sidebar_wish_entry(const struct conference *sidebar, const struct participant *main,
                        struct request_params *params)
{
    (void)snprintf(params->role, sizeof params->role, "%s", main->role);
    (void)snprintf(params->file, sizeof params->file, "%s", CHIME);
    (void)snprintf(params->language, sizeof params->language, "%s", main->language);
    params->anonymous = main->anonymous != 0;
    params->hidden = main->hidden;
    params->speaks = main->speaks;
    params->hears = main->hears;
    params->background = sidebar->background;
}

static int fail(const struct participant *main, const struct conference *sidebar,
                struct decision *decision, int code, const char *reason)
{
    decision->code = code;
    (void)snprintf(decision->reason, sizeof decision->reason, "%s", reason);
    log_write(LOG_LEVEL_INFO, sidebar->name, main->info.id, "%s does not come aside: %d %s",
              main->info.caller.uri, code, reason);
    return ECANCELED;
}

/* Who is in, or is being asked, already. Bringing in who is asked is an answer. */
static int take_again(struct participant *aside, bool asks, struct referral *referral,
                      struct decision *decision)
{
    decision->participant = aside->id;
    if (!aside->joined && !asks) {
        question_accept(aside);
        return 0;
    }
    (void)fail(aside->main, aside->conference, decision, 486, "already in");
    referrer_add_to(aside, referral);
    return EALREADY;
}

static int come(struct conference *sidebar, struct participant *main,
                const struct request_params *params, const struct request *request,
                const struct sidebar_wish *wish, struct decision *decision)
{
    struct participant *aside;

    if (participant_make_aside(sidebar, main, params, &aside))
        return fail(main, sidebar, decision, 503, "Out of memory");
    decision->participant = aside->id;
    cause_note(&aside->causes[CAUSE_ENTRY], decision);
    aside->brought_by = actor_name(sidebar->focus, &request->actor);
    log_write(LOG_LEVEL_INFO, sidebar->name, aside->info.id, "%s of %s is %s (by %s)",
              aside->info.caller.uri, main->conference->name,
              wish->asks ? "asked in" : "brought in", decision->by);
    if (request->invitation && request->invitation->referral)
        referrer_add(aside, request->invitation->referral);
    if (wish->asks)
        ask(aside, wish, params->file);
    else
        participant_established(aside);
    return 0;
}

int aside_take(struct conference *sidebar, struct participant *main,
               const struct request_params *params, const struct request *request,
               struct decision *decision)
{
    const struct invitation *invitation = request->invitation;
    const struct sidebar_wish asked = {
        .asks = true,
        .timeout = invitation ? invitation->timeout : 0,
        .accept = KEY_ACCEPT,
        .decline = KEY_DECLINE,
    };
    const struct sidebar_wish *wish = request->sidebar ? request->sidebar : &asked;

    if (main->aside && main->aside->conference == sidebar)
        return take_again(main->aside, wish->asks, invitation ? invitation->referral : NULL,
                          decision);
    if (main->aside)
        return fail(main, sidebar, decision, 486, "In another sidebar, or asked into one");
    if (!main->joined)
        return fail(main, sidebar, decision, 480, "Is not in the conference yet");
    if (sidebar->capacity && sidebar->member_count >= sidebar->capacity)
        return fail(main, sidebar, decision, 486, "Conference is full");
    return come(sidebar, main, params, request, wish, decision);
}

static void tell_aside(const struct participant *aside, bool on)
{
    const struct participant *main = aside->main;

    events_post(main->conference->focus, &(struct conference_event){
                                             .kind = EVENT_ASIDE,
                                             .conference = main->conference->id,
                                             .participant = main->id,
                                             .sidebar = aside->conference->id,
                                             .on = on,
                                         });
}

/* Who speaks does so in one place. */
static void move_voice(struct participant *from, struct participant *to)
{
    if (!from->speaking)
        return;
    participant_set_speaking(from, false);
    participant_set_speaking(to, true);
}

void aside_enter(struct participant *aside, bool is_new)
{
    if (is_new)
        tell_aside(aside, true);
    move_voice(aside->main, aside);
}

void aside_leave(struct participant *aside, bool was_in, bool is_replaced)
{
    struct participant *main = aside->main;

    question_stop(aside);
    main->aside = NULL;
    if (main->left)
        return;
    participant_route_or_remove(main);
    if (was_in && !is_replaced && !main->left) {
        tell_aside(aside, false);
        move_voice(aside, main);
    }
}

void aside_hand_over(struct participant *participant, struct participant *predecessor)
{
    struct participant *old = predecessor->aside, *aside;
    struct request_params params;

    if (!old || !old->joined)
        return;
    participant_params(old, &params);
    if (participant_make_aside(old->conference, participant, &params, &aside)) {
        log_write(LOG_LEVEL_ERROR, old->conference->name, participant->info.id,
                  "out of memory: %s goes on in the parent", participant->info.caller.uri);
        return;
    }
    replace_link(aside, old);
    participant_established(aside);
}

/* ---- who is meant --------------------------------------------------------------------------- */

struct participant *aside_find(const struct conference *sidebar, const char *uri)
{
    struct participant *participant;

    if (!sidebar->parent)
        return NULL;
    DL_FOREACH(sidebar->parent->members, participant)
    {
        if (participant->joined && participant_is_named(participant, uri))
            return participant;
    }
    return NULL;
}
