/*
 * Media policy: when a conference's policies are asked what its mix is to be like, and how their
 * plan comes in force.
 *
 * They are asked anew, once a turn of the loop however much has happened, when somebody has come,
 * gone, or is not what they were before; and some times a second for what changes all the time, if
 * the plan was made from that. A plan that cannot be carried out, and a policy that fails, leave
 * the one before in force.
 */
#include "core/loop.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/focus.h"
#include "focus/participant.h"
#include "focus/sidebar.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

enum {
    WATCH_MS = 200,  /* for what changes all the time */
    RETRY_MS = 1000, /* for routes that there was no memory for */
    /* Policies are not asked for that many times as long as the last answer was computed. */
    IDLE_SHARE = 9,
};

/* ---- carrying out --------------------------------------------------------------------------- */

static unsigned ramp_of(const struct arrangement *arrangement)
{
    return arrangement->plan ? plan_ramp(arrangement->plan) : MIX_RAMP;
}

/* The routes that led there have been changed, as the arrangement is now. */
static void give_buses(struct conference *conference, uint64_t buses)
{
    for (; buses; buses &= buses - 1)
        conference_give_bus(conference, (unsigned)__builtin_ctzll(buses),
                            ramp_of(&conference->arrangement));
}

/* The buses of the mix that the arrangement has, but for the main one. */
static uint64_t buses_of(const struct arrangement *arrangement)
{
    uint64_t buses = 0;

    for (unsigned i = 1; arrangement->plan && i < plan_bus_count(arrangement->plan); i++) {
        if (arrangement->buses[i] != BUS_NONE)
            buses |= UINT64_C(1) << arrangement->buses[i];
    }
    return buses;
}

/* Whether there are buses for the plan once those of the one before are free again. */
static bool has_room(const struct conference *conference, const struct plan *plan)
{
    const struct arrangement *last = &conference->arrangement;
    uint64_t others = conference->buses.taken & ~(buses_of(last) | last->stale);

    return plan_bus_count(plan) - 1 <= (unsigned)(PLAN_BUSES - 1 - __builtin_popcountll(others));
}

/* The bus that the plan's is now. What the plan before had, too, goes on where it is: so nothing
 * changes for who speaks to it. */
static unsigned choose_bus(struct conference *conference, const struct plan *plan, unsigned index)
{
    const struct arrangement *last = &conference->arrangement;
    unsigned same = last->plan ? plan_find_same_bus(last->plan, plan, index) : PLAN_BUSES;
    unsigned bus;

    if (same < PLAN_BUSES && last->buses[same] != BUS_NONE)
        return last->buses[same];
    return conference_take_bus(conference, &bus) ? BUS_NONE : bus;
}

/* As far as there are any: the rest follows when the buses of the plan before have rested. Until
 * then nobody is heard there, as on any other bus those would hear it who must not. */
static void take_buses(struct conference *conference, struct arrangement *next)
{
    next->buses[PLAN_MAIN] = MIX_MAIN;
    for (unsigned i = 1; i < plan_bus_count(next->plan); i++) {
        next->buses[i] = (uint8_t)choose_bus(conference, next->plan, i);
        next->lacks_buses |= next->buses[i] == BUS_NONE;
    }
}

/* ENOMEM: it has the old route. */
static int change_route(const struct participant *participant, const struct arrangement *last,
                        const struct arrangement *next)
{
    const struct mixing *mixing = participant->conference->focus->mixing;
    uint64_t before = buses_of(last), after = buses_of(next);
    struct leg_route old, new;

    routing_compute(participant, last, &old);
    routing_compute(participant, next, &new);
    if (memcmp(old.speaks, new.speaks, sizeof old.speaks) == 0 &&
        memcmp(old.hears, new.hears, sizeof old.hears) == 0)
        return 0;
    new.ramp = ramp_of(next);
    new.at_once = after & ~before;
    new.at_last = before & ~after;
    return mixing->leg_route(participant->leg, &new);
}

static int change_members(const struct conference *conference, const struct arrangement *last,
                          const struct arrangement *next)
{
    const struct participant *participant;
    int error = 0;

    DL_FOREACH(conference->members, participant)
    {
        /* Who has come aside has the leg of who it is in the parent. */
        if (participant->joined && !participant->main && change_route(participant, last, next))
            error = ENOMEM;
    }
    return error;
}

static int change_routes(const struct conference *conference, const struct arrangement *last,
                         const struct arrangement *next)
{
    const struct conference *sidebar;
    int error = change_members(conference, last, next);

    DL_FOREACH2(conference->sidebars, sidebar, next_sidebar)
    {
        if (change_members(sidebar, last, next))
            error = ENOMEM;
    }
    return error;
}

static void note_cause(struct cause *cause, const struct loop *loop,
                       const struct mix_answer *answer)
{
    *cause = (struct cause){
        .asker = ACTOR_SERVER,
        .generation = answer->generation,
        .at = loop_time(loop),
        .event = EVENT_COUNT,
    };
}

static void ask_at(struct conference *conference, uint64_t when);

/* Buses that rest are free in a while: without another question the mix would stay as it is until
 * something happens. */
void arrangement_supply(struct conference *conference)
{
    unsigned rest = conference->arrangement.lacks_buses ? conference_bus_rest(conference) : 0;

    if (rest)
        ask_at(conference, loop_now(conference->focus->loop) + rest);
}

static void refuse(struct conference *conference, struct plan *plan)
{
    log_write(LOG_LEVEL_ERROR, conference->name, NULL,
              "hook mix wants %u buses, more than are free; the mix stays as it was",
              plan_bus_count(plan));
    plan_destroy(plan);
    conference->arrangement.lacks_buses = true;
    conference->arrangement.fault = "the hook mix wants more buses than are free";
}

/* Whom the route could not be changed of still has the old one: its buses stay taken until all
 * routes are as they should be. */
static void retire(struct conference *conference, uint64_t buses, bool is_behind)
{
    struct arrangement *arrangement = &conference->arrangement;

    if (is_behind) {
        arrangement->is_behind = true;
        arrangement->stale |= buses;
        ask_at(conference, loop_now(conference->focus->loop) + RETRY_MS);
    } else {
        give_buses(conference, buses);
    }
}

static void mend_routes(struct conference *conference)
{
    uint64_t stale = conference->arrangement.stale;

    if (!conference->arrangement.is_behind)
        return;
    conference->arrangement.is_behind = false;
    conference->arrangement.stale = 0;
    retire(conference, stale, conference_route(conference));
}

/* Takes the plan, NULL: none. */
static void arrange(struct conference *conference, const struct mix_answer *answer)
{
    struct plan *plan = answer->plan;
    struct arrangement last = conference->arrangement, next = {.plan = plan};

    if (!plan && !last.plan)
        return;
    if (plan && !has_room(conference, plan)) {
        refuse(conference, plan);
        return;
    }
    if (plan)
        take_buses(conference, &next);
    if (next.lacks_buses && !last.lacks_buses)
        log_write(LOG_LEVEL_WARN, conference->name, NULL,
                  "the mix of %u buses comes in force in steps: those before it still rest",
                  plan_bus_count(plan));
    memcpy(conference->arrangement.buses, next.buses, sizeof next.buses);
    conference->arrangement.plan = plan;
    conference->arrangement.lacks_buses = next.lacks_buses;
    note_cause(&conference->arrangement.cause, conference->focus->loop, answer);
    retire(conference, buses_of(&last) & ~buses_of(&next), change_routes(conference, &last, &next));
    plan_destroy(last.plan);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void ask(void *arg)
{
    struct conference *conference = arg;
    struct arrangement *arrangement = &conference->arrangement;
    const struct policy *policy = conference->focus->policy;
    uint64_t now = loop_now(conference->focus->loop), began = clock_computed_ns();
    struct mix_answer answer = {.plan = NULL};
    int error;

    mend_routes(conference);
    error = policy->mix(policy->ctx, conference, &answer);
    arrangement->fault = error ? "the hook mix has failed, the log says how" : NULL;
    if (!error)
        arrange(conference, &answer);
    arrangement_supply(conference);
    arrangement->asked_at = now;
    arrangement->idle_until = now + IDLE_SHARE * (clock_computed_ns() - began) / 1000000;
    arrangement->watched = answer.watched;
    if (answer.watched & WATCH_LEVEL)
        ask_at(conference, now + WATCH_MS);
    if (answer.again)
        ask_at(conference, now + answer.again);
}

/* Not before `when`, in ms. */
static void ask_at(struct conference *conference, uint64_t when)
{
    struct arrangement *arrangement = &conference->arrangement;
    const struct policy *policy = conference->focus->policy;
    struct loop *loop = conference->focus->loop;
    uint64_t now = loop_now(loop);

    /* A sidebar is one bus of its parent's mix. */
    if (!conference->active || conference->ending || conference->parent || !policy || !policy->mix)
        return;
    when = when > arrangement->idle_until ? when : arrangement->idle_until;
    if (arrangement->timer && arrangement->asks_at <= when)
        return;
    arrangement->asks_at = when;
    if (loop_timer_start(loop, &arrangement->timer, when > now ? when - now : 0, ask, conference))
        log_write(LOG_LEVEL_ERROR, conference->name, NULL,
                  "out of memory: the mix is not arranged anew");
}

void conference_arrange(struct conference *conference)
{
    ask_at(conference, 0);
}

unsigned arrangement_find_bus(const struct conference *conference, const char *name)
{
    const struct arrangement *arrangement = &conference->arrangement;
    unsigned bus;

    if (!arrangement->plan && strcmp(name, "main") != 0)
        return BUS_NONE;
    if (!arrangement->plan)
        return conference->parent ? conference->bus : MIX_MAIN;
    bus = plan_find_bus(arrangement->plan, name);
    return bus < PLAN_BUSES ? arrangement->buses[bus] : BUS_NONE;
}

void conference_changed(struct conference *conference, enum mix_watch what)
{
    if (conference->arrangement.watched & what)
        ask_at(conference, conference->arrangement.asked_at + WATCH_MS);
}

void arrange_after(struct focus *focus, const struct conference_event *event)
{
    struct conference *conference = focus_conference(focus, event->conference);

    if (!conference)
        return;
    switch (event->kind) {
    case EVENT_JOINED:
    case EVENT_LEFT:
    case EVENT_REPLACED:
    case EVENT_MUTED:
    case EVENT_HELD:
    case EVENT_ROLE:
    case EVENT_FLOOR:
    case EVENT_PERMITTED:
    case EVENT_RELOADED:
        conference_arrange(conference);
        break;
    case EVENT_SPEAKING:
        conference_changed(conference, WATCH_SPEAKING);
        break;
    default:
        break;
    }
}

void arrangement_drop(struct conference *conference)
{
    struct arrangement *arrangement = &conference->arrangement;

    loop_timer_stop(&arrangement->timer);
    plan_destroy(arrangement->plan);
    *arrangement = (struct arrangement){.plan = NULL};
}
