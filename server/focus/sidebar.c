/*
 * Sidebars: conferences within a conference (RFC 4353 §2, framework 5.6). Each has a URI, a policy
 * and a roster of its own. Its members are legs of the parent's mix: they speak on a bus that only
 * they hear, and hear the parent in the background.
 */
#include "focus/sidebar.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/private.h"
#include "focus/sound.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <utlist.h>

const char *sidebar_shown_name(enum sidebar_shown shown)
{
    static const char *const names[SIDEBAR_SHOWN_COUNT] = {
#define X(name, text) [(name)] = (text),
        SIDEBAR_SHOWN(X)
#undef X
    };
    return shown < SIDEBAR_SHOWN_COUNT ? names[shown] : "?";
}

/* ---- its place in the parent's mix ---------------------------------------------------------- */

int sidebar_activate(struct conference *sidebar)
{
    int error = conference_take_bus(sidebar->parent, &sidebar->bus);

    if (!error)
        sidebar->mix = sidebar->parent->mix;
    return error;
}

/* What still plays there fades out unheard, in the parent's care. */
void sidebar_deactivate(struct conference *sidebar)
{
    struct conference *parent = sidebar->parent;
    struct playback *playback, *next;

    DL_FOREACH_SAFE(sidebar->playbacks, playback, next)
    {
        playback->is_silent = true;
        playback_stop(playback, "stopped");
    }
    DL_FOREACH(sidebar->playbacks, playback)
    {
        playback->conference = parent;
    }
    DL_CONCAT(parent->playbacks, sidebar->playbacks);
    sidebar->playbacks = NULL;
    conference_give_bus(parent, sidebar->bus, MIX_RAMP);
    DL_DELETE2(parent->sidebars, sidebar, prev_sidebar, next_sidebar);
}

/* ---- making one ----------------------------------------------------------------------------- */

static int fail(struct conference *conference, const struct request *request,
                struct decision *decision, int code, const char *reason)
{
    decision->code = code;
    (void)snprintf(decision->reason, sizeof decision->reason, "%s", reason);
    log_write(LOG_LEVEL_INFO, conference->name, request->call, "no sidebar: %d %s", code, reason);
    return ECANCELED;
}

/* RFC 5239 §9.4: it begins as its parent is, as far as nothing else is wished. */
static struct conference_config describe(const struct conference *parent, const char *name,
                                         const struct request *request,
                                         const struct decision *decision)
{
    const char *policy = decision->params.policy;
    const json_t *options = request->sidebar->options;

    return (struct conference_config){
        .name = name,
        .title = decision->params.title,
        .policy = *policy ? policy : parent->policy,
        .options = options || *policy ? options : parent->options,
        .hides_focus = parent->hides_focus,
        .is_generated = true,
    };
}

static int begin(struct conference *parent, struct conference *made,
                 const struct request_params *params)
{
    int error;

    made->parent = parent;
    made->background = params->background;
    made->shown = params->shown;
    DL_APPEND2(parent->sidebars, made, prev_sidebar, next_sidebar);
    error = conference_activate(made);
    if (!error) {
        conference_await(made, parent->focus->patience);
        return 0;
    }
    DL_DELETE2(parent->sidebars, made, prev_sidebar, next_sidebar);
    made->parent = NULL;
    conference_end(made, 503, "It has no place in the mix");
    return error;
}

static int make(struct conference *parent, const struct request *request, struct decision *decision)
{
    char name[MADE_NAME_SIZE];
    struct conference_config config;
    struct conference *made;
    int error;

    if (parent->parent)
        return fail(parent, request, decision, 403, "A sidebar has no sidebars");
    if (!parent->active)
        return fail(parent, request, decision, 480, "The conference has not begun");
    if (!name_make(parent->focus, 0, name))
        return fail(parent, request, decision, 503, "There are too many conferences");
    config = describe(parent, name, request, decision);
    error = conference_make(parent->focus, &config, &made);
    if (!error)
        error = begin(parent, made, &decision->params);
    if (error)
        return fail(parent, request, decision, 503,
                    error == ENOSR ? "The conference has as many sidebars as it can have"
                                   : "Out of memory");
    decision->sidebar = made->id;
    cause_note(&made->made_cause, decision);
    log_write(LOG_LEVEL_INFO, parent->name, request->call, "has a sidebar %s for %s (by %s)", name,
              request->actor.uri, decision->by);
    return 0;
}

int sidebar(struct conference *conference, struct participant *target,
            const struct request *request, struct decision *decision)
{
    return target ? aside_take(conference, target, &decision->params, request, decision)
                  : make(conference, request, decision);
}

void sidebars_end(struct conference *conference, int code, const char *reason)
{
    struct conference *sidebar, *next;

    DL_FOREACH_SAFE2(conference->sidebars, sidebar, next, next_sidebar)
    {
        conference_end(sidebar, code, reason);
    }
}

/* ---- reading -------------------------------------------------------------------------------- */

struct conference *conference_parent(const struct conference *conference)
{
    return conference->parent;
}

struct conference *conference_next_sidebar(const struct conference *conference,
                                           const struct conference *after)
{
    return after ? after->next_sidebar : conference->sidebars;
}

enum sidebar_shown sidebar_shown(const struct conference *conference)
{
    return conference->shown;
}

float sidebar_background(const struct conference *conference)
{
    return conference->background;
}
