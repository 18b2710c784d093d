/* One simulated server, put together as main/serve.c does it with a real one. */
#include "simulate/private.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

enum { NOTIFY_INTERVAL = 1000 }; /* ms, as the option notify.interval has it */

struct simulation *simulation_of(struct call *call)
{
    return (struct simulation *)((char *)call->world - offsetof(struct simulation, world));
}

static bool is_taken(void *arg, const char *name)
{
    const struct simulation *simulation = arg;
    const struct accounts *accounts = simulation->config.accounts;
    struct account account = {.password = ""};
    bool is = accounts && !accounts->find(accounts->ctx, name, "", NULL, &account);

    account_wipe(&account);
    return is || json_object_get(simulation->config.applications, name);
}

static int start(struct simulation *simulation, char *error, size_t error_size)
{
    const struct simulation_config *config = &simulation->config;
    int status = loop_create_virtual(config->when, &simulation->loop);

    if (!status)
        status = focus_create(&(struct focus_config){.loop = simulation->loop,
                                                     .domain = config->domain ? config->domain : "",
                                                     .is_taken = is_taken,
                                                     .is_taken_arg = simulation},
                              &simulation->focus);
    if (!status)
        status = state_create(&(struct state_config){.loop = simulation->loop,
                                                     .focus = simulation->focus,
                                                     .notifying = documents_notifying(),
                                                     .interval = NOTIFY_INTERVAL},
                              &simulation->state);
    if (!status && config->prepare)
        status = config->prepare(config->prepare_arg, simulation->focus);
    if (status) {
        (void)snprintf(error, error_size, "out of memory");
        return ENOMEM;
    }
    return lua_engine_create(
        &(struct lua_engine_config){
            .loop = simulation->loop,
            .focus = simulation->focus,
            .site_policy = config->site_policy,
            .config_file = config->config_file,
            .applications = config->applications,
            .fetching = web_open(&simulation->web, simulation->loop),
            .storing = store_open(&simulation->store, simulation->loop),
            .language = config->language,
        },
        &simulation->engine, error, error_size);
}

/* The same order as in main/serve.c. */
static void destroy(struct simulation *simulation)
{
    if (!simulation)
        return;
    focus_destroy(simulation->focus);
    world_close(&simulation->world);
    state_destroy(simulation->state);
    lua_engine_destroy(simulation->engine);
    web_close(&simulation->web);
    store_close(&simulation->store);
    decisions_free(&simulation->decisions);
    loop_destroy(simulation->loop);
    free(simulation);
}

static int create(void *ctx, const struct simulation_config *config,
                  struct simulation **simulationp, char *error, size_t error_size)
{
    struct simulation *simulation = calloc(1, sizeof *simulation);
    int status;

    (void)ctx;
    if (!simulation) {
        (void)snprintf(error, error_size, "out of memory");
        return ENOMEM;
    }
    simulation->config = *config;
    status = start(simulation, error, error_size);
    if (status) {
        destroy(simulation);
        return status;
    }
    simulation->world = (struct world){
        .focus = simulation->focus, .loop = simulation->loop, .sounds = config->sounds};
    focus_connect(simulation->focus, world_signals(&simulation->world),
                  world_mixer(&simulation->world), lua_engine_policy(simulation->engine));
    focus_connect_journal(simulation->focus, decisions_journalling(&simulation->decisions));
    focus_connect_applications(simulation->focus, lua_engine_application(simulation->engine));
    *simulationp = simulation;
    return 0;
}

static struct focus *focus_of(struct simulation *simulation)
{
    return simulation->focus;
}

static struct lua_engine *engine_of(struct simulation *simulation)
{
    return simulation->engine;
}

static struct loop *loop_of(struct simulation *simulation)
{
    return simulation->loop;
}

static const struct simulated_decision *decision_at(const struct simulation *simulation,
                                                    unsigned index)
{
    return index < simulation->decisions.count ? &simulation->decisions.entries[index] : NULL;
}

static void answer_web(struct simulation *simulation,
                       void (*handler)(const struct fetch_request *request,
                                       struct fetch_answer *answer, void *arg),
                       void *arg)
{
    simulation->web.handler = handler;
    simulation->web.arg = arg;
}

static struct call *next(const struct simulation *simulation, const struct call *after)
{
    return after ? after->next : simulation->world.phones;
}

static uint64_t id(const struct call *call)
{
    return call->number;
}

static struct call *find(const struct simulation *simulation, uint64_t wanted)
{
    struct call *call;

    DL_SEARCH_SCALAR(simulation->world.phones, call, number, wanted);
    return call;
}

static const struct call_info *info(const struct call *call)
{
    return &call->info;
}

static uint64_t participant(const struct call *call)
{
    struct participant *one = NULL;
    struct conference *conference = NULL;
    struct focus *focus = call->world->focus;

    if (call->is_over || !call->user)
        return 0;
    while ((conference = focus_next_conference(focus, conference))) {
        for (one = conference_next_participant(conference, NULL); one && (void *)one != call->user;)
            one = conference_next_participant(conference, one);
        if (one)
            return participant_id(one);
    }
    return 0;
}

static uint64_t visitor(const struct call *call)
{
    struct visitor *one = NULL;

    if (call->is_over || !call->user)
        return 0;
    while ((one = focus_next_visitor(call->world->focus, one))) {
        if ((void *)one == call->user)
            return visitor_id(one);
    }
    return 0;
}

static struct body *document(struct call *call, const char *package, struct subscriber *subscriber)
{
    return document_of(call, simulation_of(call)->state, package, subscriber);
}

static unsigned *heeded(struct call *call)
{
    return &call->heeded;
}

static json_t *sees(struct call *call, struct subscriber *subscriber)
{
    struct body *body = document(call, "conference", subscriber);
    json_t *json = body ? sight_of(body) : NULL;

    body_unref(body);
    return json;
}

const struct simulating *simulate_simulating(void)
{
    static const struct simulating simulating = {
        .create = create,
        .destroy = destroy,
        .focus = focus_of,
        .engine = engine_of,
        .loop = loop_of,
        .decision = decision_at,
        .answer_web = answer_web,
        .dial = phone_dial,
        .next = next,
        .id = id,
        .find = find,
        .look = phone_look,
        .info = info,
        .participant = participant,
        .visitor = visitor,
        .answer = phone_answer,
        .refuse = phone_refuse,
        .hang_up = phone_hang_up,
        .hold = phone_hold,
        .press = phone_press,
        .speak = phone_speak,
        .lose = phone_lose,
        .judge = phone_judge,
        .refer = phone_refer,
        .initiate = phone_initiate,
        .write = phone_write,
        .read = phone_read,
        .hears = phone_hears,
        .heard = phone_heard,
        .heeded = heeded,
        .plays = phone_plays,
        .document = document,
        .sees = sees,
    };
    return &simulating;
}
