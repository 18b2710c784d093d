#include "replay/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { UNTOLD_MOST = 1000 }; /* ms */

/* ---- putting it together -------------------------------------------------------------------- */

/* The time of day is that of the place where it was recorded. */
static void set_zone(const struct recorded_line *head)
{
    if (*line_text_of(head, "zone"))
        (void)setenv("TZ", line_text_of(head, "zone"), 1);
}

static int make_conference(struct replay *replay)
{
    const struct recorded_line *head = &replay->recording.lines[0];
    struct conference_config config = {
        .name = line_text_of(head, "conference"),
        .title = line_text_of(head, "title"),
        .policy = line_text_of(head, "policy"),
        .capacity = (unsigned)line_id(head, "capacity"),
        .options = json_object_get(line_json(head), "options"),
    };
    int error = focus_reserve(replay->focus, &config);

    if (!error)
        replay->conference = focus_conference_by_name(replay->focus, config.name);
    return error;
}

static int load_scripts(struct replay *replay, const struct replay_config *config, char *error,
                        size_t error_size)
{
    const json_t *scripts = json_object_get(line_json(&replay->recording.lines[0]), "scripts");
    const char *policy = json_string_value(json_object_get(scripts, "site_policy"));
    const char *file = json_string_value(json_object_get(scripts, "config"));
    struct lua_engine_config engine = {
        .loop = replay->loop,
        .focus = replay->focus,
        .site_policy = config->site_policy ? config->site_policy : policy,
        .config_file = config->config_file ? config->config_file : file,
    };

    if (!engine.site_policy) {
        (void)snprintf(error, error_size, "%s: it does not say which policy was asked",
                       config->file);
        return EINVAL;
    }
    return lua_engine_create(&engine, &replay->engine, error, error_size);
}

/* Who will be where: an answer may come before the line that names whose it is. */
static int note_all(struct replay *replay)
{
    const struct recording *recording = &replay->recording;
    int status = 0;

    for (unsigned i = 0; !status && i < recording->count; i++) {
        status = room_note(replay, &recording->lines[i]);
        if (!status)
            status = person_note(replay, &recording->lines[i]);
        if (i > 0)
            line_release(&recording->lines[i]);
    }
    return status;
}

static int start(struct replay *replay, const struct replay_config *config, char *error,
                 size_t error_size)
{
    const struct recorded_line *head;
    int status = recorded_read(config->file, &replay->recording, &replay->result->unreadable, error,
                               error_size);

    if (status)
        return status;
    head = &replay->recording.lines[0];
    set_zone(head);
    (void)snprintf(error, error_size, "out of memory");
    status = loop_create_virtual((time_t)(head->at / 1000), &replay->loop);
    if (!status)
        status = focus_create(&(struct focus_config){.loop = replay->loop, .domain = ""},
                              &replay->focus);
    if (!status)
        status = make_conference(replay);
    if (!status)
        status = note_all(replay);
    if (!status)
        status = load_scripts(replay, config, error, error_size);
    if (status)
        return status;
    replay->world =
        (struct world){.focus = replay->focus}; /* its phones do as they are told here */
    focus_connect(replay->focus, world_signals(&replay->world), world_mixer(&replay->world),
                  between_open(replay));
    return lua_engine_restore(replay->engine, replay->conference,
                              json_object_get(line_json(head), "scripts"));
}

static void finish(struct replay *replay)
{
    static const struct decision nothing;

    replay->quietly = &nothing; /* what ends now concerns nobody */
    focus_destroy(replay->focus);
    world_close(&replay->world);
    lua_engine_destroy(replay->engine);
    loop_destroy(replay->loop);
    people_free(replay);
    rooms_free(replay);
    recorded_free(&replay->recording);
}

/* ---- from line to line ---------------------------------------------------------------------- */

/* As it was when the recording began. */
static void lock(struct replay *replay, const struct recorded_line *line)
{
    struct conference *conference = room_of(replay, line);
    struct request request = {.verb = VERB_LOCK,
                              .conference = conference,
                              .conference_name = line_text_of(line, "conference")};
    struct decision decision = {.verdict = DECISION_ACCEPT, .params = {.locked = true}}, outcome;

    if (!conference || !json_is_true(json_object_get(line_json(line), "locked")))
        return;
    actor_of_server(&request.actor);
    replay->quietly = &decision;
    (void)focus_submit(replay->focus, &request, &outcome);
    loop_advance(replay->loop, 0);
    replay->quietly = NULL;
}

/* What the scripts know of a sidebar; without memory they know nothing. */
static void restore(const struct replay *replay, const struct recorded_line *line)
{
    const struct conference *sidebar = room_of(replay, line);

    if (sidebar)
        (void)lua_engine_restore(replay->engine, sidebar,
                                 json_object_get(line_json(line), "scripts"));
}

/* Who was in already, and which sidebars there were. */
static void assemble(struct replay *replay)
{
    static const struct decision nothing;

    replay->quietly = &nothing;
    for (unsigned i = 1; i < replay->recording.count; i++) {
        const struct recorded_line *line = &replay->recording.lines[i];

        if (line_is(line, "sidebar"))
            sidebar_make(replay, line);
        else if (line_is(line, "person"))
            perform_person(replay, line, json_is_true(json_object_get(line_json(line), "joined")));
    }
    loop_advance(replay->loop, 0);
    replay->quietly = NULL;
    for (unsigned i = 0; i < replay->recording.count; i++) {
        const struct recorded_line *line = &replay->recording.lines[i];

        if (line_is(line, "sidebar"))
            restore(replay, line);
        if (i == 0 || line_is(line, "sidebar"))
            lock(replay, line);
    }
}

static void perform(struct replay *replay, struct recorded_line *line)
{
    if (line_is(line, "decision"))
        perform_decision(replay, line);
    else if (line_is(line, "queued"))
        perform_cause(replay, line);
    else if (line_is(line, "event"))
        perform_event(replay, line);
    else if (line_is(line, "fact"))
        perform_fact(replay, line);
    else if (line_is(line, "gap"))
        replay->result->lost += line_id(line, "lost");
    else if (line_is(line, "end"))
        replay->result->was_full = strcmp(line_text_of(line, "reason"), "full") == 0;
}

/* Moves the clock on to the line's time. What has happened is told by that, which a request may
 * have come before: the moment that lies between can wait. */
static void move_on(struct replay *replay, const struct recorded_line *line)
{
    bool can_wait =
        replay->has_untold && !line_is(line, "event") && line->at - replay->now < UNTOLD_MOST;

    if (line->at <= replay->now || can_wait)
        return;
    loop_advance(replay->loop, (uint64_t)(line->at - replay->now));
    replay->now = line->at;
    replay->has_untold = false;
}

static void lead(struct replay *replay)
{
    struct recorded_line *lines = replay->recording.lines;

    replay->now = lines[0].at / 1000 * 1000;
    assemble(replay);
    for (replay->at = 1; replay->at < replay->recording.count; replay->at++) {
        struct recorded_line *line = &lines[replay->at];

        move_on(replay, line);
        if (!line->is_done)
            perform(replay, line);
        line_release(line);
    }
}

int replay_run(const struct replay_config *config, struct replay_result *result, char *error,
               size_t error_size)
{
    struct replay *replay = calloc(1, sizeof *replay);
    int status;

    if (!replay) {
        (void)snprintf(error, error_size, "out of memory");
        return ENOMEM;
    }
    *result = (struct replay_result){.requests = 0};
    replay->out = config->out;
    replay->result = result;
    replay->has_other_policy = config->site_policy != NULL;
    status = start(replay, config, error, error_size);
    if (!status)
        lead(replay);
    finish(replay);
    free(replay);
    return status;
}
