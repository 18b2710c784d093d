/*
 * Who sends a request: by a password (auth.c), by the word of a proxy that we trust (RFC 3325), or
 * just by what From says. What From says is enough for strangers only: the name of an account of
 * ours must be proven by every request that uses it.
 */
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/message.h"

#include "core/text.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <string.h>

bool host_is_ours(const struct sip_agent *agent, const tport_t *tport, const char *host)
{
    struct sockaddr_storage local;

    local_address(tport, &local);
    return !agent->domain[0] || su_casematch(host, agent->domain) || host_is_at(host, &local);
}

static bool fail(struct incoming *in)
{
    respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
    return false;
}

/* The account that this URI names. Errors as account_find. */
static int find_named(const struct incoming *in, struct account *account)
{
    return host_is_ours(in->agent, in->tport, in->caller.host)
               ? account_find(in->agent, in->caller.user, in->caller.peer, account)
               : ENOENT;
}

/* The sender has the account whose name in->caller has by now. ENOMEM. */
static int take_account(struct incoming *in, const struct account *account)
{
    struct caller *caller = &in->caller;
    su_home_t *home = msg_home(in->msg);

    caller->authenticated = true;
    caller->groups = su_strdup(home, account->groups);
    if (account->name[0]) {
        caller->display_name = su_strdup(home, account->name);
    }
    return caller->groups && caller->display_name ? 0 : ENOMEM;
}

/* Calls the sender by the account, whatever From says. ENOMEM. */
static int take_name(struct incoming *in, const char *user)
{
    const struct sip_agent *agent = in->agent;
    const char *called = in->sip->sip_request->rq_url->url_host;
    char escaped[3 * USER_SIZE], text[4 * USER_SIZE];

    text_escape_user(escaped, sizeof escaped, user);
    snprintf(text, sizeof text, "sip:%s@%s", escaped,
             agent->domain[0] ? agent->domain
             : called         ? called
                              : auth_realm(agent));
    const url_t *uri = url_make(msg_home(in->msg), text);
    return uri ? caller_name(in, uri, NULL) : ENOMEM;
}

static bool by_password(struct incoming *in, const sip_authorization_t *authorization,
                        struct account *account)
{
    struct account named;
    const char *user = NULL;

    if (!authorization_verify(in, authorization, &user, account)) {
        return false;
    }
    bool is_own =
        host_is_ours(in->agent, in->tport, in->caller.host) && strcmp(in->caller.user, user) == 0;
    if (!is_own) {
        int status = find_named(in, &named);
        account_wipe(&named);
        if (status == 0) {
            respond(in, 403, "From Is Another Account", TAG_END());
            return false;
        }
        if (status != ENOENT || take_name(in, user)) {
            return fail(in);
        }
    }
    in->caller.proof = PROOF_PASSWORD;
    return take_account(in, account) == 0 || fail(in);
}

/* RFC 3325 §5 and §9.1: one URI or two, of which one is SIP. NULL: none that is to be believed. */
static const sip_contact_t *find_asserted(const struct incoming *in)
{
    const sip_contact_t *asserted = NULL;
    for (const sip_unknown_t *one = in->sip->sip_unknown; one && !asserted; one = one->un_next) {
        if (su_casematch(one->un_name, "P-Asserted-Identity") && peer_is_trusted(in)) {
            asserted = sip_contact_make(msg_home(in->msg), one->un_value);
            while (asserted && !contact_is_usable(asserted)) {
                asserted = asserted->m_next;
            }
        }
    }
    return asserted;
}

static bool by_assertion(struct incoming *in, const sip_contact_t *asserted,
                         struct account *account)
{
    const char *display = asserted->m_display && *asserted->m_display ? asserted->m_display : NULL;
    if (caller_name(in, asserted->m_url, display)) {
        return fail(in);
    }
    in->caller.authenticated = true;
    in->caller.proof = PROOF_PEER;
    int status = find_named(in, account);
    return status == ENOENT || (status == 0 && take_account(in, account) == 0) || fail(in);
}

/* Nobody uses the name of an account without its password. */
static bool by_from(struct incoming *in, struct account *account)
{
    int status = find_named(in, account);
    if (status == 0) {
        return authorization_ask(in, account_has_secret(account) ? account : NULL, false);
    }
    return status == ENOENT || fail(in);
}

/* "192.0.2.1:5060;udp" without the port. */
static size_t host_length(const char *peer)
{
    const char *port = strrchr(peer, ':');
    return port ? (size_t)(port - peer) : strlen(peer);
}

/* Tags can be learned, as from the dialog package: from elsewhere they prove nothing. */
static bool is_by_caller(const struct incoming *in, const struct call *call)
{
    const char *was = call->info.caller.peer;
    const char *is = peer_address(msg_home(in->msg), in->msg, in->tport);
    size_t length = host_length(was);

    return (is && host_length(is) == length && strncmp(is, was, length) == 0) ||
           peer_is_trusted(in);
}

bool identify_in_dialog(struct incoming *in, const struct dialog *dialog)
{
    const struct call *call = dialog ? dialog_call(dialog) : NULL;
    bool is_proven = call && call->info.caller.authenticated;

    if (call && (is_proven ? is_by_caller(in, call) : !authorization_find(in))) {
        in->caller = call->info.caller;
        return true;
    }
    return !dialog || identify(in);
}

bool identify(struct incoming *in)
{
    const sip_authorization_t *authorization = authorization_find(in);
    struct account account = {.password = ""};

    if (caller_read(in)) {
        return fail(in);
    }
    const sip_contact_t *asserted = authorization ? NULL : find_asserted(in);
    bool is_known = authorization ? by_password(in, authorization, &account)
                    : asserted    ? by_assertion(in, asserted, &account)
                                  : by_from(in, &account);
    account_wipe(&account);
    return is_known;
}
