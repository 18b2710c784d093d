/* Sidebars that were there before, and what happens in them without anybody's wish: an answer by a
 * key, time that is over. */
#include "replay/private.h"

#include <string.h>

/* As it was decided then, without a word to the scripts. */
static void submit_quietly(struct replay *replay, struct request *request,
                           const struct decision *decision)
{
    const struct decision *before = replay->quietly;
    struct decision outcome;

    if (!request->conference)
        return;
    actor_of_server(&request->actor);
    request->conference_name = conference_name(request->conference);
    replay->quietly = decision;
    (void)focus_submit(replay->focus, request, &outcome);
    replay->quietly = before;
}

void sidebar_make(struct replay *replay, const struct recorded_line *line)
{
    const struct sidebar_wish wish = {.options = json_object_get(line_json(line), "options")};
    struct decision decision = {.verdict = DECISION_ACCEPT};
    struct request request = {
        .verb = VERB_SIDEBAR, .conference = replay->conference, .sidebar = &wish};
    struct request_params asked;

    journal_params(line_json(line), VERB_SIDEBAR, &asked, &decision.params);
    submit_quietly(replay, &request, &decision);
}

void aside_take_again(struct replay *replay, const struct recorded_line *line, bool asks)
{
    const struct sidebar_wish wish = {.asks = asks};
    struct decision decision = {.verdict = DECISION_ACCEPT};
    struct request request = {.verb = VERB_SIDEBAR,
                              .conference = room_of(replay, line),
                              .target = person_now(replay, line_id(line, "main")),
                              .sidebar = &wish};
    struct request_params asked;

    journal_params(line_json(line), VERB_SIDEBAR, &asked, &decision.params);
    if (request.target)
        submit_quietly(replay, &request, &decision);
}

static void leave(struct replay *replay, const struct recorded_line *line)
{
    const struct decision decision = {.verdict = DECISION_ACCEPT};
    struct request request = {.verb = VERB_REMOVE,
                              .conference = room_of(replay, line),
                              .target = person_now(replay, line_id(line, "participant"))};

    submit_quietly(replay, &request, &decision);
}

void aside_act(struct replay *replay, const struct recorded_line *line)
{
    if (strcmp(line_text_of(line, "event"), event_name(EVENT_JOINED)) == 0)
        aside_take_again(replay, line, false);
    else
        leave(replay, line);
}

void sidebar_end_again(struct replay *replay, const struct recorded_line *line)
{
    const struct decision decision = {.verdict = DECISION_ACCEPT};
    struct request request = {.verb = VERB_END, .conference = room_of(replay, line)};

    if (request.conference != replay->conference)
        submit_quietly(replay, &request, &decision);
}
