/*
 * MESSAGEs of ours outside of any dialog (RFC 3428 §4, §8), by which somebody is answered who has
 * written from outside of the conference. There are at most 1300 bytes to each, however it travels
 * (§8), so a long text is said in several, one at a time. Who does not answer one gets no more.
 */
#include "sip/agent.h"
#include "sip/bindings.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/instant.h"
#include "sip/target.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGES_MOST = 500, /* under way at a time */
    PAGE_BYTES = 1300,
    /* Via, Max-Forwards, CSeq, Call-ID, User-Agent, Content-Type and -Length, names of headers. */
    HEADERS_BYTES = 480,
    CREDENTIALS_BYTES = 200, /* of the text, to keep free for an answered challenge */
    TEXT_LEAST = 60,
};

struct page {
    struct dialog *dialog;
    su_home_t home[1];
    nta_outgoing_t *request; /* not answered yet */
    unsigned tries;          /* of what is said now */
    const char *rest;        /* what is still to be said; on home */
    size_t most, size;       /* bytes: that one can say, and that the one under way says */
};

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip);

void page_close(struct page *page)
{
    struct dialog *dialog = page->dialog;

    nta_outgoing_destroy(page->request);
    if (dialog) {
        dialog->page = NULL;
        dialog->agent->page_count--;
        dialog_release(dialog);
    }
    su_home_deinit(page->home);
    free(page);
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* How much of the text goes into one: whole lines, else whole words, else whole characters. */
static size_t part_size(const char *text, size_t most)
{
    static const char ends[] = "\n ";
    size_t size = strlen(text);

    if (size <= most) {
        return size;
    }
    for (const char *end = ends; *end; end++) {
        const char *last = memrchr(text, *end, most);
        if (last && last > text) {
            return (size_t)(last - text);
        }
    }
    for (size = most; size > 1 && ((unsigned char)text[size] & 0xc0) == 0x80;) {
        size--;
    }
    return size;
}

static int send_part(struct page *page)
{
    struct dialog *dialog = page->dialog;
    char *part;

    if (++page->tries > TRIES_MAX) {
        return ELOOP;
    }
    page->size = part_size(page->rest, page->most);
    part = su_strndup(page->home, page->rest, (isize_t)page->size);
    if (!part) {
        return ENOMEM;
    }
    page->request = dialog_request(dialog, on_response, page, SIP_METHOD_MESSAGE, 0,
                                   SIPTAG_CONTENT_TYPE_STR("text/plain;charset=utf-8"),
                                   SIPTAG_PAYLOAD_STR(part), TAG_END());
    su_free(page->home, part);
    return page->request ? 0 : EHOSTUNREACH;
}

/* Nobody but the peer is told what was not taken: whoever has written can write again. */
static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct page *page = arg;
    int status = sip ? sip->sip_status->st_status : 408;
    bool goes_on = false;

    if (status < 200) {
        return 0;
    }
    page->request = NULL;
    if (status < 300) {
        page->rest += page->size;
        page->rest += strspn(page->rest, "\n ");
        page->tries = 0;
        goes_on = *page->rest && send_part(page) == 0;
    } else if ((status == 401 || status == 407) && sip && digest_challenged(page->dialog, sip)) {
        goes_on = send_part(page) == 0;
    }
    nta_outgoing_destroy(request);
    if (!goes_on) {
        if (status >= 300) {
            log_warn("an answer by MESSAGE was not taken: %d", status);
        }
        page_close(page);
    }
    return 0;
}

/* ---- where it goes --------------------------------------------------------------------------- */

/* Where "192.0.2.1:5060;udp" is; NULL: no request of ours gets there. */
static const url_t *source_of(su_home_t *home, const url_t *wanted, const char *peer)
{
    const char *user = wanted->url_user ? wanted->url_user : "";
    const char *transport = strrchr(peer, ';');
    const char *uri = transport
                          ? su_sprintf(home, "sip:%s%s%.*s;transport=%s", user, *user ? "@" : "",
                                       (int)(transport - peer), peer, transport + 1)
                          : NULL;
    return uri ? target_parse(home, uri) : NULL;
}

/* A registration is proven, as they are. */
static int find_way(struct sip_agent *agent, su_home_t *home, const url_t *wanted,
                    const struct message_reply *reply, struct target *target)
{
    const struct binding *binding = *reply->account ? bindings_find(agent, reply->account) : NULL;
    const url_t *uri = binding ? binding->target : source_of(home, wanted, reply->peer);

    return uri ? target_resolve(agent, home, uri, binding ? reply->account : NULL, target)
               : EHOSTUNREACH;
}

static size_t length_of(su_home_t *home, const url_t *url)
{
    const char *text = url_as_string(home, url);
    return text ? strlen(text) : PAGE_BYTES;
}

/* How much text fits beside what the headers have to say; 0: none. */
static size_t text_room(struct page *page)
{
    const struct dialog *dialog = page->dialog;
    size_t used = HEADERS_BYTES + CREDENTIALS_BYTES + length_of(page->home, dialog->target) +
                  length_of(page->home, dialog->local->a_url) +
                  length_of(page->home, dialog->remote->a_url);

    used += dialog->local->a_display ? strlen(dialog->local->a_display) : 0;
    used += dialog->route ? length_of(page->home, dialog->route->r_url) : 0;
    return used + TEXT_LEAST <= PAGE_BYTES ? PAGE_BYTES - used : 0;
}

static int prepare(struct page *page, struct sip_agent *agent, const struct message_reply *reply)
{
    const struct outgoing_call names = {
        .conference = reply->conference, .title = reply->title, .name = ""};
    const url_t *wanted = target_parse(page->home, reply->uri);
    struct target target = {0};
    int error = wanted ? find_way(agent, page->home, wanted, reply, &target) : EINVAL;

    page->rest = su_strdup(page->home, reply->text);
    if (!error && !page->rest) {
        error = ENOMEM;
    }
    if (!error) {
        error = dialog_begin(agent, wanted, &names, target.listener, &page->dialog);
    }
    if (error) {
        return error;
    }
    page->dialog->page = page;
    agent->page_count++;
    error = dialog_aim(page->dialog, &target);
    page->most = error ? 0 : text_room(page);
    return error ? error : page->most == 0 ? EMSGSIZE : 0;
}

int page_send(void *ctx, const struct message_reply *reply)
{
    struct sip_agent *agent = ctx;
    struct page *page;

    if (agent->page_count >= PAGES_MOST) {
        return EAGAIN;
    }
    page = calloc(1, sizeof *page);
    if (!page) {
        return ENOMEM;
    }
    su_home_init(page->home);
    int error = prepare(page, agent, reply);
    if (!error) {
        error = send_part(page);
    }
    if (error) {
        page_close(page);
    }
    return error;
}
