/*
 * Where accounts can be reached: what register.c was told, until it expires. Lost when the server
 * ends; phones register again.
 */
#include "sip/bindings.h"
#include "sip/caller.h"
#include "sip/dialog.h"

#include "core/log.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum {
    BINDINGS_MAX = 20000, /* of all accounts */
    SWEEP_LEAST = 1000,   /* ms between two looks at all of them */
};

/* An account with at least one binding. */
struct registered {
    char *user;
    struct binding *bindings; /* best first */
    UT_hash_handle hh;
};

/* ---- one ------------------------------------------------------------------------------------ */

static void binding_free(struct binding *binding)
{
    tport_unref(binding->tport);
    su_home_deinit(binding->home);
    free(binding);
}

void bindings_free(struct binding *list)
{
    while (list) {
        struct binding *next = list->next;
        binding_free(list);
        list = next;
    }
}

struct binding *binding_create(const struct incoming *in, const sip_contact_t *contact,
                               unsigned expires)
{
    const sip_t *sip = in->sip;
    uint64_t now = loop_now(in->agent->loop);
    struct binding *binding = calloc(1, sizeof *binding);
    if (!binding) {
        return NULL;
    }
    su_home_init(binding->home);
    binding->target = url_hdup(binding->home, contact->m_url);
    binding->q = sip_q_value(contact->m_q);
    binding->call_id = su_strdup(binding->home, sip->sip_call_id->i_id);
    binding->cseq = sip->sip_cseq->cs_seq;
    binding->user_agent = su_strdup(binding->home, in->caller.user_agent);
    binding->peer_text = su_strdup(binding->home, in->caller.peer);
    binding->refreshed_at = now;
    binding->expires_at = now + (uint64_t)expires * 1000;
    binding->tport = tport_ref(in->tport);
    message_source(in->msg, &binding->peer);
    bool is_direct = !sip->sip_via->v_next && tport_is_udp(in->tport);
    if (is_direct) {
        binding->source = message_source_uri(binding->home, in->msg);
    }
    if (!binding->target || !binding->call_id || !binding->user_agent || !binding->peer_text ||
        (is_direct && !binding->source)) {
        binding_free(binding);
        return NULL;
    }
    return binding;
}

unsigned binding_seconds_left(const struct sip_agent *agent, const struct binding *binding)
{
    uint64_t now = loop_now(agent->loop);
    return binding->expires_at > now ? (unsigned)((binding->expires_at - now + 999) / 1000) : 0;
}

/* ---- all of an account ---------------------------------------------------------------------- */

static struct registered *find(const struct sip_agent *agent, const char *user)
{
    struct registered *registered;
    HASH_FIND_STR(agent->registered, user, registered);
    return registered;
}

const struct binding *bindings_find(const struct sip_agent *agent, const char *user)
{
    const struct registered *registered = find(agent, user);
    return registered ? registered->bindings : NULL;
}

bool bindings_have_room(const struct sip_agent *agent)
{
    return agent->binding_count < BINDINGS_MAX;
}

static void tell(const char *user, const struct binding *binding, const char *what)
{
    char contact[256];
    char *text = url_as_string(NULL, binding->target);
    text_clean(contact, sizeof contact, text, false);
    free(text);
    log_info("%s %s: %s from %s, %s", user, what, contact, binding->peer_text,
             *binding->user_agent ? binding->user_agent : "no User-Agent");
}

/* Takes it out of its list, whose place it is in. */
static void drop(struct sip_agent *agent, struct binding **place)
{
    struct binding *binding = *place;
    *place = binding->next;
    agent->binding_count--;
    binding_free(binding);
}

static void drop_if_empty(struct sip_agent *agent, struct registered *registered)
{
    if (!registered->bindings) {
        HASH_DEL(agent->registered, registered); // NOLINT(clang-analyzer-*)
        free(registered->user);
        free(registered);
    }
}

static bool is_same(const struct binding *binding, const url_t *target)
{
    return url_cmp_all(binding->target, target) == 0;
}

void bindings_remove(struct sip_agent *agent, const char *user, const url_t *target)
{
    struct registered *registered = find(agent, user);
    for (struct binding **place = registered ? &registered->bindings : NULL; place && *place;) {
        if (!target || is_same(*place, target)) {
            tell(user, *place, "unregistered");
            drop(agent, place);
        } else {
            place = &(*place)->next;
        }
    }
    if (registered) {
        drop_if_empty(agent, registered);
    }
}

/* The one whose phone has been silent for the longest time makes room for one that is there. */
static void limit(struct sip_agent *agent, struct registered *registered)
{
    struct binding **oldest = &registered->bindings;
    unsigned count = 0;
    for (struct binding **place = &registered->bindings; *place; place = &(*place)->next) {
        count++;
        if ((*place)->refreshed_at <= (*oldest)->refreshed_at) {
            oldest = place;
        }
    }
    if (count >= BINDINGS_OF_ACCOUNT) {
        tell(registered->user, *oldest, "has too many registrations and loses the oldest");
        drop(agent, oldest);
    }
}

static struct registered *find_or_add(struct sip_agent *agent, const char *user)
{
    struct registered *registered = find(agent, user);
    if (registered) {
        return registered;
    }
    registered = calloc(1, sizeof *registered);
    char *copy = strdup(user);
    if (!registered || !copy) {
        free(registered);
        free(copy);
        return NULL;
    }
    registered->user = copy;
    HASH_ADD_KEYPTR(hh, agent->registered, registered->user, strlen(registered->user), registered);
    return registered;
}

/* ---- time ----------------------------------------------------------------------------------- */

static void watch_expiry(struct sip_agent *agent);

static void on_expiry(void *arg)
{
    struct sip_agent *agent = arg;
    uint64_t now = loop_now(agent->loop);
    struct registered *registered, *next;
    HASH_ITER(hh, agent->registered, registered, next)
    {
        for (struct binding **place = &registered->bindings; *place;) {
            if ((*place)->expires_at <= now) {
                tell(registered->user, *place, "is no longer registered, time is over");
                drop(agent, place);
            } else {
                place = &(*place)->next;
            }
        }
        drop_if_empty(agent, registered);
    }
    watch_expiry(agent);
}

/* Until the next one expires. */
static void watch_expiry(struct sip_agent *agent)
{
    uint64_t now = loop_now(agent->loop);
    uint64_t first = UINT64_MAX;
    const struct registered *registered;
    for (registered = agent->registered; registered; registered = registered->hh.next) {
        for (const struct binding *one = registered->bindings; one; one = one->next) {
            first = one->expires_at < first ? one->expires_at : first;
        }
    }
    if (first == UINT64_MAX) {
        loop_timer_stop(&agent->bindings_timer);
        return;
    }
    uint64_t left = first > now + SWEEP_LEAST ? first - now : SWEEP_LEAST;
    agent->bindings_checked_at = now + left;
    /* Without memory for a timer they expire with the next REGISTER's. */
    (void)loop_timer_start(agent->loop, &agent->bindings_timer, left, on_expiry, agent);
}

int bindings_add(struct sip_agent *agent, const char *user, struct binding *binding)
{
    struct registered *registered = find_or_add(agent, user);
    if (!registered) {
        binding_free(binding);
        return ENOMEM;
    }
    bool is_new = true;
    for (struct binding **place = &registered->bindings; *place;) {
        if (is_same(*place, binding->target)) {
            is_new = false;
            drop(agent, place);
        } else {
            place = &(*place)->next;
        }
    }
    limit(agent, registered);
    struct binding **place = &registered->bindings;
    while (*place && (*place)->q > binding->q) {
        place = &(*place)->next;
    }
    binding->next = *place;
    *place = binding;
    agent->binding_count++;
    if (is_new) {
        tell(user, binding, "registered");
    }
    if (!agent->bindings_timer || binding->expires_at < agent->bindings_checked_at) {
        watch_expiry(agent);
    }
    return 0;
}

void sip_agent_accounts_changed(struct sip_agent *agent)
{
    struct account account;
    struct registered *registered, *next;
    HASH_ITER(hh, agent->registered, registered, next)
    {
        int status = account_find(agent, registered->user, NULL, &account);
        account_wipe(&account);
        if (status == ENOENT) {
            bindings_remove(agent, registered->user, NULL);
        }
    }
}

void bindings_close(struct sip_agent *agent)
{
    struct registered *registered = agent->registered;
    loop_timer_stop(&agent->bindings_timer);
    HASH_CLEAR(hh, agent->registered);
    while (registered) {
        struct registered *next = registered->hh.next;
        bindings_free(registered->bindings);
        free(registered->user);
        free(registered);
        registered = next;
    }
}

json_t *sip_agent_registrations(const struct sip_agent *agent)
{
    json_t *all = json_array();
    const struct registered *registered;
    for (registered = agent->registered; registered; registered = registered->hh.next) {
        for (const struct binding *one = registered->bindings; one; one = one->next) {
            char contact[512];
            char *text = url_as_string(NULL, one->target);
            text_clean(contact, sizeof contact, text, false);
            free(text);
            (void)json_array_append_new(
                all,
                json_pack("{s:s, s:s, s:s, s:s, s:f, s:i}", "account", registered->user, "contact",
                          contact, "peer", one->peer_text, "user_agent", one->user_agent, "q",
                          one->q / 1000.0, "expires", (int)binding_seconds_left(agent, one)));
        }
    }
    return all;
}
