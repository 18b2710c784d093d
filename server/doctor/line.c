/* A phone's dialogs (RFC 3261 §12). */
#include "doctor/private.h"

#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_uniqueid.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CSEQ_MAX = 1 << 16 };

static struct line *line_make(struct phone *phone)
{
    struct line *line = calloc(1, sizeof *line);
    if (line) {
        su_home_init(line->home);
        line->phone = phone;
        line->rtp = -1;
        line->cseq = (uint32_t)su_randint(1, FIRST_CSEQ_MAX);
        line->next = phone->lines;
        phone->lines = line;
    }
    return line;
}

/* Out of memory there is no line; it goes with its phone's others. */
static struct line *checked(struct line *line)
{
    const char *tag = nta_agent_newtag(line->home, NULL, line->phone->nta);
    if (!tag || !line->call_id || !line->local || !line->remote ||
        sip_from_tag(line->home, line->local, tag) < 0) {
        return NULL;
    }
    return line;
}

struct line *line_create(struct phone *phone, const url_t *target)
{
    struct line *line = line_make(phone);
    if (!line) {
        return NULL;
    }
    /* RFC 3261 table 1: neither port nor transport stands in a To; nor do headers. */
    url_t to = *target;
    to.url_headers = NULL;
    to.url_params = NULL;
    line->call_id = sip_call_id_create(line->home, NULL);
    line->local = sip_from_make(line->home, su_sprintf(line->home, "<%s>", phone->uri));
    line->remote = sip_to_create(line->home, (const url_string_t *)&to);
    line->target = url_hdup(line->home, target);
    return line->target ? checked(line) : NULL;
}

struct line *line_answer(struct phone *phone, const sip_t *sip)
{
    struct line *line = line_make(phone);
    if (!line) {
        return NULL;
    }
    line->call_id = sip_call_id_dup(line->home, sip->sip_call_id);
    line->local = sip_from_dup(line->home, sip->sip_to);
    line->remote = sip_to_dup(line->home, sip->sip_from);
    line->route = sip_route_fixdup(line->home, sip->sip_record_route);
    line->target =
        url_hdup(line->home, sip->sip_contact ? sip->sip_contact->m_url : sip->sip_from->a_url);
    return line->target ? checked(line) : NULL;
}

struct line *line_find(struct phone *phone, const sip_t *sip)
{
    for (struct line *line = phone->lines; line; line = line->next) {
        const char *remote = line_remote_tag(line);
        if (line->call_id && strcmp(line->call_id->i_id, sip->sip_call_id->i_id) == 0 &&
            line_tag(line) && su_casematch(line_tag(line), sip->sip_to->a_tag) &&
            (!remote || su_casematch(remote, sip->sip_from->a_tag))) {
            return line;
        }
    }
    return NULL;
}

const char *line_tag(const struct line *line)
{
    return line->local ? line->local->a_tag : NULL;
}

const char *line_remote_tag(const struct line *line)
{
    return line->remote ? line->remote->a_tag : NULL;
}

void line_learn(struct line *line, const sip_t *sip, bool is_request)
{
    const sip_addr_t *far = is_request ? sip->sip_from : sip->sip_to;
    if (!line_remote_tag(line) && far->a_tag) {
        line->remote = sip_to_dup(line->home, far);
        line->route = is_request ? sip_route_fixdup(line->home, sip->sip_record_route)
                                 : sip_route_reverse(line->home, sip->sip_record_route);
    }
    if (sip->sip_contact) {
        url_t *target = url_hdup(line->home, sip->sip_contact->m_url);
        line->target = target ? target : line->target;
    }
}

void line_free(struct line *line)
{
    line_close_media(line);
    nta_outgoing_destroy(line->ack);
    if (line->invited) {
        nta_incoming_destroy(line->invited);
    }
    free(line->remote_sdp);
    su_home_deinit(line->home);
    free(line);
}
