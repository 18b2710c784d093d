#include "focus/conference.h"
#include "focus/arrangement.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/sidebar.h"
#include "focus/sound.h"
#include "focus/visitor_parts.h"

#include "core/id.h"
#include "core/log.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static char *copy(const char *text)
{
    return strdup(text ? text : "");
}

void conference_free(struct conference *conference)
{
    struct focus *focus = conference->focus;
    uint64_t id = conference->id;

    loop_timer_stop(&conference->empty_timer);
    arrangement_drop(conference);
    loop_timer_stop(&conference->end_timer);
    loop_timer_stop(&conference->recheck_timer);
    loop_timer_stop(&conference->media_timer); /* also of one that has never begun */
    HASH_DELETE(hh_id, focus->by_id, conference);
    free(conference->name);
    free(conference->title);
    free(conference->policy);
    music_drop(&conference->sound.music);
    music_drop(&conference->music);
    maker_free(&conference->maker);
    about_free(&conference->about);
    incidents_free(conference);
    json_decref(conference->options);
    json_decref(conference->places);
    free(conference);
    if (focus->policy)
        focus->policy->forget(focus->policy->ctx, id);
}

static void take_language(struct conference *conference, const struct conference_config *config)
{
    (void)snprintf(conference->language, sizeof conference->language, "%s",
                   config->language ? config->language : "");
}

int conference_make(struct focus *focus, const struct conference_config *config,
                    struct conference **conferencep)
{
    struct conference *conference = calloc(1, sizeof *conference);

    if (!conference)
        return ENOMEM;
    conference->focus = focus;
    conference->id = id_next();
    conference->name = copy(config->name);
    conference->title = copy(config->title);
    conference->policy = copy(config->policy);
    conference->capacity = config->capacity;
    conference->factory = config->factory;
    conference->options = json_incref((json_t *)config->options);
    conference->places = json_incref((json_t *)config->places);
    conference->life = config->life;
    conference->is_generated = config->is_generated;
    conference->is_owned = config->is_owned;
    conference->hides_focus = config->hides_focus;
    attendant_take(conference, config);
    take_language(conference, config);
    conference->created_at = loop_time(focus->loop);
    HASH_ADD(hh_id, focus->by_id, id, sizeof conference->id, conference);
    if (!conference->name || !conference->title || !conference->policy ||
        about_set(&conference->about, &config->about) ||
        conference_set_sound(conference, config->sound)) {
        conference_free(conference);
        return ENOMEM;
    }
    HASH_ADD_KEYPTR(hh_name, focus->by_name, conference->name, strlen(conference->name),
                    conference);
    *conferencep = conference;
    return 0;
}

int conference_activate(struct conference *conference)
{
    struct focus *focus = conference->focus;
    int error;

    if (conference->active)
        return 0;
    error = conference->parent ? sidebar_activate(conference)
                               : focus->mixing->mix_create(focus->mixing->ctx, &conference->mix);
    if (error)
        return error;
    conference->active = true;
    conference->buses = (struct bus_set){.taken = 0};
    conference->has_announced = false;
    conference->created_at = loop_time(focus->loop);
    conference_start_clock(conference);
    log_write(LOG_LEVEL_INFO, conference->name, NULL, "conference begins");
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_CREATED,
                           .conference = conference->id,
                       });
    return 0;
}

/* All of it, or nothing. */
static int change(struct conference *conference, const struct conference_config *config)
{
    char *title = copy(config->title), *policy = copy(config->policy);
    struct session_about about = {0};

    if (!title || !policy || about_set(&about, &config->about) ||
        conference_set_sound(conference, config->sound)) {
        free(title);
        free(policy);
        about_free(&about);
        return ENOMEM;
    }
    free(conference->title);
    free(conference->policy);
    about_free(&conference->about);
    conference->title = title;
    conference->policy = policy;
    conference->about = about;
    json_decref(conference->options);
    conference->options = json_incref((json_t *)config->options);
    json_decref(conference->places);
    conference->places = json_incref((json_t *)config->places);
    conference->capacity = config->capacity;
    conference->factory = config->factory;
    conference->hides_focus = config->hides_focus;
    attendant_take(conference, config);
    take_language(conference, config);
    conference->life = config->life; /* the clock that runs already goes on as it was set */
    conference_update_music(conference);
    return 0;
}

int focus_reserve(struct focus *focus, const struct conference_config *config)
{
    struct conference *conference;
    int error;

    if (!config || !config->name || !text_is_conference_name(config->name))
        return EINVAL;
    conference = focus_conference_by_name(focus, config->name);
    if (conference && config->factory && conference_is_in_use(conference))
        return EBUSY;
    error = conference ? change(conference, config) : conference_make(focus, config, &conference);
    if (!error)
        conference->reserved = true;
    return error;
}

void focus_unreserve(struct focus *focus, const char *name)
{
    struct conference *conference = focus_conference_by_name(focus, name);

    if (!conference || !conference->reserved)
        return;
    conference->reserved = false;
    conference_end_if_over(conference);
}

struct conference *focus_conference(struct focus *focus, uint64_t id)
{
    struct conference *conference;

    HASH_FIND(hh_id, focus->by_id, &id, sizeof id, conference);
    return conference;
}

struct conference *focus_conference_by_name(struct focus *focus, const char *name)
{
    struct conference *conference;

    HASH_FIND(hh_name, focus->by_name, name, strlen(name), conference);
    return conference;
}

struct conference *focus_next_conference(struct focus *focus, const struct conference *after)
{
    return after ? after->hh_name.next : focus->by_name;
}

struct participant *conference_next_participant(const struct conference *conference,
                                                const struct participant *after)
{
    return after ? after->next : conference->members;
}

uint64_t conference_id(const struct conference *conference)
{
    return conference->id;
}

const char *conference_name(const struct conference *conference)
{
    return conference->name;
}

const char *conference_language(const struct conference *conference)
{
    return (conference->parent ? conference->parent : conference)->language;
}

const char *conference_title(const struct conference *conference)
{
    return conference->title;
}

const struct session_about *conference_about(const struct conference *conference)
{
    return &conference->about;
}

const char *conference_policy(const struct conference *conference)
{
    return conference->policy;
}

const json_t *conference_places(const struct conference *conference)
{
    return conference->places;
}

json_t *focus_describe_policies(const struct focus *focus, const struct conference *conference)
{
    const struct policy *policy = focus->policy;

    return policy && policy->describe ? policy->describe(policy->ctx, conference) : NULL;
}

const json_t *conference_options(const struct conference *conference)
{
    return conference->options;
}

unsigned conference_capacity(const struct conference *conference)
{
    return conference->capacity;
}

bool conference_is_locked(const struct conference *conference)
{
    return conference->locked;
}

enum stream_direction conference_direction(const struct conference *conference)
{
    return (enum stream_direction)(STREAM_SENDRECV & ~conference->withheld);
}

const char *conference_codecs(const struct conference *conference)
{
    return conference->codecs;
}

bool conference_is_in_use(const struct conference *conference)
{
    return conference->active || conference->pending;
}

bool conference_is_reserved(const struct conference *conference)
{
    return conference->reserved;
}

enum factory conference_factory(const struct conference *conference)
{
    return conference->factory;
}

time_t conference_created_at(const struct conference *conference)
{
    return conference->created_at;
}

const struct conference_life *conference_life(const struct conference *conference)
{
    return &conference->life;
}

time_t conference_ends_at(const struct conference *conference)
{
    return conference->ends_at;
}

uint64_t conference_creator(const struct conference *conference)
{
    return conference->creator;
}

unsigned conference_participant_count(const struct conference *conference)
{
    return conference->member_count - conference->called_count;
}
