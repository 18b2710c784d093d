/*
 * The dialog that an INVITE names, to join the conversation that it is part of (Join, RFC 3911) or
 * to take its place (Replaces, RFC 3891). The names are seen from us: to-tag is ours, from-tag the
 * peer's.
 */
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/dialog.h"
#include "sip/message.h"

#include "core/hash.h"

#include <ctype.h>
#include <sofia-sip/su_string.h>
#include <string.h>

enum {
    ENDED_TIME = 32 * 1000, /* ms that a dialog is known to have ended: as long as a request that
                               has crossed its BYE may take */
};

/* ---- dialogs that are over ------------------------------------------------------------------ */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_add(hash, text, strlen(text) + 1);
}

/* Tags compare without case, and one that is none is named "0". */
static uint64_t hash_tag(uint64_t hash, const char *tag)
{
    char lower[128];
    size_t length = 0;
    for (; tag && *tag && length + 1 < sizeof lower; tag++) {
        lower[length++] = (char)tolower((unsigned char)*tag);
    }
    lower[length] = '\0';
    return hash_text(hash, length > 0 ? lower : "0");
}

static uint64_t hash_of(const char *call_id, const char *local_tag, const char *remote_tag)
{
    return hash_tag(hash_tag(hash_text(HASH_EMPTY, call_id), local_tag), remote_tag);
}

static void remember(struct sip_agent *agent, const struct dialog *dialog, const char *remote_tag)
{
    struct ended_dialog *ended = &agent->ended[agent->ended_next++ % ENDED_DIALOGS];
    ended->hash = hash_of(dialog->call_id->i_id, dialog->local->a_tag, remote_tag);
    ended->until = loop_now(agent->loop) + ENDED_TIME;
}

void dialog_ended(const struct call *call)
{
    const struct dialog *dialog = call->dialog;
    if (!dialog->local || !dialog->remote) {
        return;
    }
    if (!dialog->is_ours || dialog->remote->a_tag) {
        remember(call->agent, dialog, dialog->remote->a_tag);
    }
    for (unsigned i = 0; i < call->early_tag_count; i++) {
        remember(call->agent, dialog, call->early_tags[i]);
    }
}

static bool has_ended(const struct sip_agent *agent, const sip_replaces_t *name)
{
    uint64_t hash = hash_of(name->rp_call_id, name->rp_to_tag, name->rp_from_tag);
    uint64_t now = loop_now(agent->loop);
    for (unsigned i = 0; i < ENDED_DIALOGS; i++) {
        if (agent->ended[i].hash == hash && agent->ended[i].until > now) {
            return true;
        }
    }
    return false;
}

/* ---- dialogs that are ----------------------------------------------------------------------- */

/* Both RFCs: a tag of 0 matches a tag of 0 and none at all, as a peer of RFC 2543 has it. */
static bool is_tag(const char *wanted, const char *tag)
{
    return tag && *tag ? su_casematch(wanted, tag) : strcmp(wanted, "0") == 0;
}

static bool is_remote_tag(const struct dialog *dialog, const char *wanted)
{
    const struct call *call = dialog->call;
    if (!call || !call_is_early(call)) {
        return is_tag(wanted, dialog->remote->a_tag);
    }
    for (unsigned i = 0; i < call->early_tag_count; i++) {
        if (is_tag(wanted, call->early_tags[i])) {
            return true;
        }
    }
    return false; /* nobody has answered: there is no dialog yet */
}

/* NULL: none, or more than one, which is the same. */
static const struct dialog *find(const struct incoming *in, const sip_replaces_t *name)
{
    const sip_call_id_t *call_id = sip_call_id_make(msg_home(in->msg), name->rp_call_id);
    const struct dialog *dialog = call_id ? dialogs_of(in->agent, call_id) : NULL;
    const struct dialog *found = NULL;

    for (; dialog; dialog = dialog->next) {
        if (strcmp(dialog->call_id->i_id, name->rp_call_id) == 0 &&
            is_tag(name->rp_to_tag, dialog->local->a_tag) &&
            is_remote_tag(dialog, name->rp_from_tag)) {
            if (found) {
                return NULL;
            }
            found = dialog;
        }
    }
    return found;
}

/* ---- the headers ---------------------------------------------------------------------------- */

/* Join is none that the parser knows; it has the syntax of Replaces. */
static const sip_unknown_t *find_join(const sip_t *sip, const sip_unknown_t *after)
{
    const sip_unknown_t *one = after ? after->un_next : sip->sip_unknown;
    while (one && !su_casematch(one->un_name, "Join")) {
        one = one->un_next;
    }
    return one;
}

static unsigned count_params(const sip_replaces_t *name, const char *param)
{
    unsigned count = 0;
    size_t length = strlen(param);
    for (const msg_param_t *p = name->rp_params; p && *p; p++) {
        count += su_casenmatch(*p, param, length) && (*p)[length] == '=' && (*p)[length + 1];
    }
    return count;
}

/* The parser takes a comma, and another value behind it, for part of a parameter. */
static bool has_comma(const char *param)
{
    bool is_quoted = false;
    for (; *param; param++) {
        if (*param == '\\' && is_quoted && param[1]) {
            param++;
        } else if (*param == '"') {
            is_quoted = !is_quoted;
        } else if (*param == ',' && !is_quoted) {
            return true;
        }
    }
    return false;
}

/* One value, with exactly one of each tag (RFC 3911 §7.1, RFC 3891 §6.1). */
static bool is_complete(const sip_replaces_t *name)
{
    for (const msg_param_t *param = name ? name->rp_params : NULL; param && *param; param++) {
        if (has_comma(*param)) {
            return false;
        }
    }
    return name && name->rp_call_id && count_params(name, "to-tag") == 1 &&
           count_params(name, "from-tag") == 1;
}

/* Where the parser puts a second one, and one that it cannot read. */
static bool has_odd_replaces(const sip_t *sip)
{
    for (const sip_header_t *one = (const sip_header_t *)sip->sip_error; one; one = one->sh_next) {
        bool is_unread = one->sh_class == sip_error_class;
        if (is_unread ? su_casematch(one->sh_error->er_name, "Replaces")
                      : one->sh_class == sip_replaces_class) {
            return true;
        }
    }
    return false;
}

bool check_named_dialog(struct incoming *in)
{
    const sip_unknown_t *join = find_join(in->sip, NULL);
    const sip_replaces_t *replaces = in->sip->sip_replaces;

    if (has_odd_replaces(in->sip)) {
        respond(in, 400, "Bad Replaces Header", TAG_END());
        return false;
    }
    if (!join && !replaces) {
        return true;
    }
    if (in->sip->sip_request->rq_method != sip_method_invite || in->sip->sip_to->a_tag) {
        respond(in, 400, "Join Or Replaces Begins A Call", TAG_END());
        return false;
    }
    if ((join && replaces) || (join && find_join(in->sip, join))) {
        respond(in, 400, "More Than One Join Or Replaces", TAG_END());
        return false;
    }
    return true;
}

/* ---- what comes of it ----------------------------------------------------------------------- */

/* RFC 3891 §3: an early dialog that we have not begun cannot be taken over. */
static bool can_be_replaced(const struct call *call)
{
    return call->state != CALL_INCOMING;
}

static bool is_over(const struct call *call)
{
    return call->state == CALL_CANCELLING || call->state == CALL_ENDING ||
           call->state == CALL_ENDED;
}

bool named_dialog_read(struct incoming *in, struct named_dialog *named, bool *is_namedp)
{
    const sip_unknown_t *join = find_join(in->sip, NULL);
    const sip_replaces_t *name =
        join ? sip_replaces_make(msg_home(in->msg), join->un_value) : in->sip->sip_replaces;

    *named = (struct named_dialog){.is_replaced = !join};
    *is_namedp = name || join;
    if (!*is_namedp) {
        return true;
    }
    if (!is_complete(name)) {
        respond(in, 400, join ? "Bad Join Header" : "Bad Replaces Header", TAG_END());
        return false;
    }
    const struct dialog *dialog = find(in, name);
    if (dialog ? dialog->call && is_over(dialog->call) : has_ended(in->agent, name)) {
        respond(in, SIP_603_DECLINE, TAG_END());
        return false;
    }
    named->is_early_only = !join && name->rp_early_only;
    named->call = dialog ? dialog->call : NULL;
    bool is_usable = named->call && (join || can_be_replaced(named->call));
    /* A Join that matches nothing may still have come to a conference's URI. */
    if (!is_usable && (dialog || !join)) {
        bool has_call_ended = dialog && !dialog->call && has_ended(in->agent, name);
        respond(in, has_call_ended ? 603 : 481, NULL, TAG_END());
        return false;
    }
    return true;
}
