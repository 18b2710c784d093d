/*
 * The URIs that a call or a REFER of ours is to try: the one that was asked for or those that its
 * account has registered, and what redirections add (RFC 3261 §8.1.3.4, §13.2.2.2). Each is tried
 * once, and never more than a few.
 */
#include "sip/agent.h"
#include "sip/bindings.h"
#include "sip/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_known(const struct redirection *redirection, const char *uri)
{
    for (unsigned i = 0; i < redirection->count; i++) {
        if (strcmp(redirection->targets[i], uri) == 0) {
            return true;
        }
    }
    return false;
}

/* In thousandths; without one it is 1 (RFC 3261 §20.10 leaves it open). */
static long preference(const sip_contact_t *contact)
{
    return contact->m_q ? (long)(1000 * strtod(contact->m_q, NULL)) : 1000;
}

/* Behind those of the same or of higher preference in this response; `first` is where they begin.
 */
static void insert(struct redirection *redirection, unsigned first, const char *uri, long q)
{
    unsigned at = redirection->count++;
    while (at > first && redirection->preferences[at - 1] < q) {
        redirection->targets[at] = redirection->targets[at - 1];
        redirection->preferences[at] = redirection->preferences[at - 1];
        at--;
    }
    redirection->targets[at] = uri;
    redirection->preferences[at] = q;
}

/* Unless it is known, or one too many. */
static void add(struct redirection *redirection, unsigned first, const char *uri, long q)
{
    if (uri && !is_known(redirection, uri) && redirection->count < REDIRECT_TARGETS) {
        insert(redirection, first, uri, q);
    }
}

int redirect_begin(struct redirection *redirection, const struct sip_agent *agent, su_home_t *home,
                   const url_t *wanted)
{
    *redirection = (struct redirection){.agent = agent, .home = home};
    int error = target_account(agent, wanted, redirection->account, sizeof redirection->account);
    if (error) {
        return error;
    }
    const struct binding *binding =
        redirection->account[0] ? bindings_find(agent, redirection->account) : NULL;
    if (!binding) {
        add(redirection, 0, target_spell(home, wanted), 0);
    }
    for (; binding; binding = binding->next) {
        add(redirection, 0, target_spell(home, binding->target), (long)binding->q);
    }
    return redirection->count > 0 ? 0 : ENOMEM;
}

int redirect_begin_at(struct redirection *redirection, const struct sip_agent *agent,
                      su_home_t *home, const url_t *wanted, const char *device)
{
    const url_t *url = target_parse(home, device);

    *redirection = (struct redirection){.agent = agent, .home = home};
    if (!url) {
        return EINVAL;
    }
    /* If it has registered, its registration says by which way it is reached. */
    (void)target_account(agent, wanted, redirection->account, sizeof redirection->account);
    add(redirection, 0, target_spell(home, url), 0);
    return redirection->count > 0 ? 0 : ENOMEM;
}

bool redirect_take(struct redirection *redirection, const sip_t *sip)
{
    unsigned first = redirection->count;

    if (redirection->followed >= redirection->agent->redirects) {
        return false;
    }
    redirection->followed++;
    for (const sip_contact_t *contact = sip->sip_contact; contact; contact = contact->m_next) {
        add(redirection, first, target_spell(redirection->home, contact->m_url),
            preference(contact));
    }
    return redirection->count > first;
}

int redirect_next(struct redirection *redirection, struct target *target)
{
    int error = ENOENT;

    while (redirection->next < redirection->count) {
        const url_t *next =
            target_parse(redirection->home, redirection->targets[redirection->next++]);
        error = next ? target_resolve(redirection->agent, redirection->home, next,
                                      redirection->account, target)
                     : ENOMEM;
        if (!error) {
            break;
        }
    }
    return error;
}
