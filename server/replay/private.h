/*
 * Inside the replay. Nobody outside this folder includes this.
 *
 *   replay.c    the whole: put together, led from line to line
 *   recorded.c  the recording's lines
 *   people.c    who of the recording is who now
 *   rooms.c     which conference of the recording is which now: it, and its sidebars
 *   again.c     lines as requests and decisions
 *   perform.c   what a line says is done
 *   sidebars.c  and what happens in sidebars by itself
 *   between.c   between focus and scripts: what was decided is decided, what was told is told
 */
#ifndef REPLAY_PRIVATE_H
#define REPLAY_PRIVATE_H

#include "journal/journal.h"
#include "lua/lua_engine.h"
#include "replay/replay.h"
#include "simulate/world.h"

#include <uthash.h>

/* ---- recorded.c ----------------------------------------------------------------------------- */

/* Kept as text, of which a hundred thousand lines may be: an object takes ten times as much. */
struct recorded_line {
    struct written *written;
    int64_t at;    /* ms since 1970 */
    char kind[12]; /* "decision" */
    bool is_done;  /* asked, or told, in this replay */
};

struct recording {
    struct recorded_line *lines; /* the first is of the kind "recording" */
    unsigned count;
};

/* EINVAL: it is none; errno of reading it; ENOMEM. How many lines are none that can be read goes to
 * *strangep. */
int recorded_read(const char *file, struct recording *recording, unsigned *strangep, char *error,
                  size_t error_size);
void recorded_free(struct recording *recording);
/* Good until the line is released; NULL: out of memory. */
json_t *line_json(const struct recorded_line *line);
/* Nobody looks at it for the moment. */
void line_release(const struct recorded_line *line);
bool line_is(const struct recorded_line *line, const char *kind);
/* "" and 0 when there is none. */
const char *text_in(const json_t *json, const char *key);
const char *line_text_of(const struct recorded_line *line, const char *key);
uint64_t line_id(const struct recorded_line *line, const char *key);

/* ---- people.c ------------------------------------------------------------------------------- */

/* A phone of the recording, by its call's name there. */
struct phone {
    char name[64];
    struct call *call; /* NULL: not yet */
    bool is_up;
    unsigned updates; /* of the call, that it has answered */
    UT_hash_handle hh;
};

/* A participant, or a pending request, of the recording. */
struct known {
    uint64_t recorded, now; /* ids; `now` 0: not yet */
    char phone[64];         /* of a participant */
    uint64_t room;          /* the same: the id of its conference in the recording */
    UT_hash_handle hh;
};

/* The conference, or one of its sidebars. */
struct room {
    uint64_t recorded, now; /* ids; `now` 0: not yet */
    json_t *policies; /* array, of a sidebar: the files of those that are its; NULL: not yet */
    struct room *next;
};

struct replay {
    struct recording recording;
    struct loop *loop;
    struct focus *focus;
    struct lua_engine *engine;
    struct world world;
    const struct policy *scripts; /* who are asked by the side */
    struct policy between;
    struct journalling watch;
    struct conference *conference;
    struct room *rooms;    /* list, in the order in which they are made */
    struct phone *phones;  /* hash by name */
    struct known *people;  /* hash by their recorded ids */
    struct known *pending; /* the same */
    int64_t now;           /* of the replay, ms since 1970 */
    bool has_untold;       /* something has happened, of which hooks are to be told */
    unsigned at;           /* the line that is performed */
    unsigned telling;      /* the one that hooks are told of; 0: none */
    /* What is asked is decided so, and nobody is asked or told; NULL: they are. */
    const struct decision *quietly;
    bool has_other_policy; /* than was asked then, for the site */
    FILE *out;
    struct replay_result *result;
};

/* Notes whose phone the participant of the line has. ENOMEM. */
int person_note(struct replay *replay, const struct recorded_line *line);
void people_free(struct replay *replay);
struct phone *phone_find(struct replay *replay, const char *name);
/* The participant's id; 0: it is not there (yet). */
uint64_t person_now(struct replay *replay, uint64_t recorded);
/* NULL: it has none. */
struct phone *person_phone(struct replay *replay, uint64_t recorded);
/* The same of what waits. */
uint64_t pending_now(const struct replay *replay, uint64_t recorded);
void pending_note(struct replay *replay, uint64_t recorded, uint64_t now);

/* ---- rooms.c -------------------------------------------------------------------------------- */

/* Notes that there will be the conference of the line: that of the first is `now`. ENOMEM. */
int room_note(struct replay *replay, const struct recorded_line *line);
void rooms_free(struct replay *replay);
/* By its recorded id; NULL: it is not there (yet, or any more). */
struct conference *room_now(const struct replay *replay, uint64_t recorded);
/* The one that the line is about; the same. */
struct conference *room_of(const struct replay *replay, const struct recorded_line *line);
/* Whether the line is about the one with this id. */
bool room_is(const struct replay *replay, const struct recorded_line *line, uint64_t conference);
/* Whether this file is one of the policies that decide there. */
bool room_has_policy(const struct replay *replay, const struct recorded_line *line,
                     const char *file);

/* ---- again.c -------------------------------------------------------------------------------- */

enum verb line_verb(const struct recorded_line *line);
/* Of an actor's object. */
enum proof proof_of(const json_t *actor);
void actor_again(struct replay *replay, const json_t *json, struct actor *actor);

/* The request as it was, with the ids of now; its strings are the line's. */
struct request_again {
    struct request request;
    struct invitation invitation;
    struct sidebar_wish sidebar;
};
void request_again(struct replay *replay, const struct recorded_line *line,
                   struct request_again *again);
/* As it was decided. */
void decision_again(const struct recorded_line *line, struct decision *decision);

/* ---- perform.c ------------------------------------------------------------------------------ */

/* Whose line it is comes in, without being asked about; `is_in`: and has joined. */
void perform_person(struct replay *replay, const struct recorded_line *line, bool is_in);
void perform_decision(struct replay *replay, struct recorded_line *line);
/* Whatever has caused the event. */
void perform_cause(struct replay *replay, const struct recorded_line *line);
/* What others than policies have told the scripts is told again. */
void perform_fact(struct replay *replay, const struct recorded_line *line);
/* The hooks are told of it. */
void perform_event(struct replay *replay, struct recorded_line *line);

/* ---- sidebars.c ----------------------------------------------------------------------------- */

/* Whose line it is was there when the recording began. */
void sidebar_make(struct replay *replay, const struct recorded_line *line);
/* Comes into its sidebar, or, with `asks`, is asked to; without being asked about. */
void aside_take_again(struct replay *replay, const struct recorded_line *line, bool asks);
/* Of somebody who is aside, the line says that it has joined, left or failed. */
void aside_act(struct replay *replay, const struct recorded_line *line);
/* The sidebar is over. */
void sidebar_end_again(struct replay *replay, const struct recorded_line *line);

/* ---- between.c ------------------------------------------------------------------------------ */

const struct policy *between_open(struct replay *replay);
/* Asks the scripts what they were asked in this line, and tells whether they say the same. */
void between_ask(struct replay *replay, struct recorded_line *line);
/* Tells the hooks of the line's event, which is `event` now. */
void between_tell(struct replay *replay, struct recorded_line *line,
                  const struct conference_event *event);
/* They have not asked for it. */
void between_miss(struct replay *replay, const struct recorded_line *line);

#endif
