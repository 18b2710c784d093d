/*
 * Inside the simulation. Nobody outside this folder includes this.
 *
 *   world.h       phones and a mixer that only remember: calls.c, legs.c, files.c, hearing.c
 *   phones.c      what phones do; asking.c: what they ask for besides calls
 *   simulation.c  one simulated server, put together
 *   decisions.c   what has been decided
 *   store.c       what they keep; web.c: what they ask the web for
 *   documents.c   what subscribers would be told; sight.c: the same as data
 */
#ifndef SIMULATE_PRIVATE_H
#define SIMULATE_PRIVATE_H

#include "focus/journalling.h"
#include "lua/lua_engine.h"
#include "ports/simulating.h"
#include "simulate/simulate.h"
#include "simulate/world.h"
#include "state/state.h"

/* ---- decisions.c ---------------------------------------------------------------------------- */

struct decision_log {
    struct journalling journalling; /* what the focus is connected with */
    struct simulated_decision *entries;
    unsigned count;
    struct text *strings; /* of the entries */
};

const struct journalling *decisions_journalling(struct decision_log *log);
void decisions_free(struct decision_log *log);

/* ---- store.c -------------------------------------------------------------------------------- */

struct simulated_store {
    struct loop *loop;
    struct storing storing;
    struct entry *entries; /* list, in the order of store and key */
    struct store_errand *errands;
};

const struct storing *store_open(struct simulated_store *store, struct loop *loop);
void store_close(struct simulated_store *store);

/* ---- web.c ---------------------------------------------------------------------------------- */

struct simulated_web {
    struct loop *loop;
    struct fetching fetching;
    void (*handler)(const struct fetch_request *request, struct fetch_answer *answer, void *arg);
    void *arg;
    struct fetch *fetches; /* list */
};

const struct fetching *web_open(struct simulated_web *web, struct loop *loop);
void web_close(struct simulated_web *web);

/* ---- documents.c ---------------------------------------------------------------------------- */

const struct notifying *documents_notifying(void);
struct body *document_of(struct call *call, struct state *state, const char *package,
                         struct subscriber *subscriber);

/* ---- sight.c -------------------------------------------------------------------------------- */

/* What an XML document says; NULL: out of memory, or it is none. */
json_t *sight_of(const struct body *document);

/* ---- simulation.c --------------------------------------------------------------------------- */

struct simulation {
    struct simulation_config config;
    struct loop *loop;
    struct focus *focus;
    struct lua_engine *engine;
    struct state *state;
    struct world world;
    struct decision_log decisions;
    struct simulated_store store;
    struct simulated_web web;
};

struct simulation *simulation_of(struct call *call);

/* ---- phones.c ------------------------------------------------------------------------------- */

/* As struct simulating has them. */
int phone_dial(struct simulation *simulation, const struct simulated_caller *caller,
               struct call **callp);
bool phone_answer(struct call *call);
bool phone_refuse(struct call *call, int code);
bool phone_hang_up(struct call *call);
bool phone_hold(struct call *call, bool on);
bool phone_press(struct call *call, char key);
bool phone_speak(struct call *call, float level);
bool phone_lose(struct call *call, unsigned ms);
bool phone_judge(struct call *call, const struct leg_quality *quality);
int phone_write(struct call *call, const char *text, char reason[96]);
const char *phone_read(const struct call *call, unsigned index);
float phone_hears(const struct call *listener, const struct call *talker);
const char *phone_heard(const struct call *call, unsigned index);
const char *phone_plays(const struct call *call, unsigned index);
void phone_look(const struct call *call, struct simulated_call *view);

/* ---- asking.c: the same --------------------------------------------------------------------- */

bool phone_refer(struct call *call, enum reference_method method, const char *uri,
                 struct reference *reference);
int phone_initiate(struct simulation *simulation, const struct simulated_caller *caller,
                   struct initiation *initiation);

#endif
