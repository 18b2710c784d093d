/* The doctor's phones: their ports, and what they have got. */
#include "doctor/private.h"

#include <errno.h>
#include <sofia-sip/nta_tag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SIZE = 1 << 20 /* bytes; documents of big conferences are long */ };

int phone_create(struct doctor *doctor, const char *name, const char *host, const char *user,
                 struct phone **phonep)
{
    char any_port[NAME_SIZE];
    struct phone *phone = calloc(1, sizeof *phone);
    if (!phone) {
        return ENOMEM;
    }
    phone->doctor = doctor;
    snprintf(any_port, sizeof any_port, "sip:%s:*", host);
    phone->nta = nta_agent_create(doctor->root, URL_STRING_MAKE(any_port), phone_receive, phone,
                                  NTATAG_UA(1), NTATAG_MAXSIZE(MESSAGE_SIZE), NTATAG_UDP_MTU(65535),
                                  TAG_END());
    const sip_contact_t *bound = phone->nta ? nta_agent_contact(phone->nta) : NULL;
    if (!bound) {
        int error = phone->nta ? EADDRNOTAVAIL : errno ? errno : EADDRNOTAVAIL;
        phone_destroy(phone);
        return error;
    }
    url_t url = *bound->m_url;
    url.url_user = name;
    char *text = url_as_string(doctor->home, &url);
    char *contact = text ? su_sprintf(doctor->home, "<%s>", text) : NULL;
    phone->contact = contact ? sip_contact_make(doctor->home, contact) : NULL;
    if (!phone->contact) {
        phone_destroy(phone);
        return ENOMEM;
    }
    snprintf(phone->at, sizeof phone->at, "%s", text);
    if (user) {
        phone->has_account = true;
        snprintf(phone->uri, sizeof phone->uri, "sip:%s@%s", user, doctor->conference->url_host);
    } else {
        snprintf(phone->uri, sizeof phone->uri, "%s", text);
    }
    *phonep = phone;
    return 0;
}

static void forget(struct phone *phone)
{
    while (phone->arrivals) {
        struct arrival *arrival = phone->arrivals;
        phone->arrivals = arrival->next;
        msg_destroy(arrival->msg);
        free(arrival);
    }
    while (phone->lines) {
        struct line *line = phone->lines;
        phone->lines = line->next;
        line_free(line);
    }
    while (phone->exchanges) {
        struct exchange *exchange = phone->exchanges;
        phone->exchanges = exchange->next;
        nta_outgoing_destroy(exchange->orq);
        msg_destroy(exchange->msg);
        free(exchange);
    }
}

void phone_destroy(struct phone *phone)
{
    if (!phone) {
        return;
    }
    forget(phone);
    if (phone->nta) {
        nta_agent_destroy(phone->nta);
    }
    free(phone);
}

static void end_call(struct line *line)
{
    if (line->call == CALL_UP) {
        (void)line_bye(line);
    } else if (line->call == CALL_BEGUN && line->invite && !line->invite->is_over) {
        nta_outgoing_cancel(line->invite->orq);
        uint64_t deadline = doctor_deadline(line->phone->doctor);
        while (!line->invite->is_over && doctor_step(line->phone->doctor, deadline)) {
        }
        /* The CANCEL crossed with a 200: then there is a call to hang up (RFC 3261 §9.1). */
        if (is_success(line->invite->sip)) {
            line_learn(line, line->invite->sip, false);
            (void)line_bye(line);
        }
    }
    line->call = CALL_OVER;
}

void phone_tidy(struct phone *phone)
{
    phone->refuses = 0;
    for (struct line *line = phone->lines; line; line = line->next) {
        end_call(line);
    }
    for (struct line *line = phone->lines; line; line = line->next) {
        if (line->event) {
            (void)line_subscribe(line, line->event, 0);
        }
    }
    forget(phone);
}

/* ---- what has arrived ----------------------------------------------------------------------- */

static bool is_meant(const struct arrival *arrival, const struct line *line, sip_method_t method)
{
    return !arrival->is_seen && arrival->sip->sip_request->rq_method == method &&
           (!line || arrival->line == line);
}

const struct arrival *phone_seen(struct phone *phone, const struct line *line, sip_method_t method)
{
    for (struct arrival *arrival = phone->arrivals; arrival; arrival = arrival->next) {
        if (is_meant(arrival, line, method)) {
            arrival->is_seen = true;
            return arrival;
        }
    }
    return NULL;
}

const struct arrival *phone_await(struct phone *phone, const struct line *line, sip_method_t method)
{
    uint64_t deadline = doctor_deadline(phone->doctor);
    const struct arrival *arrival;
    while (!(arrival = phone_seen(phone, line, method)) && doctor_step(phone->doctor, deadline)) {
    }
    return arrival;
}

const struct arrival *phone_await_call(struct phone *phone)
{
    const struct arrival *arrival;
    do {
        arrival = phone_await(phone, NULL, sip_method_invite);
    } while (arrival && arrival->sip->sip_to->a_tag);
    return arrival;
}

static bool is_of_event(const sip_t *sip, const char *event, const char *id)
{
    const sip_event_t *given = sip->sip_event;
    return given && su_casematch(given->o_type, event) &&
           (!id || (given->o_id && strcmp(given->o_id, id) == 0));
}

const sip_t *line_seen_notify(struct line *line, const char *event, const char *id)
{
    for (struct arrival *arrival = line->phone->arrivals; arrival; arrival = arrival->next) {
        if (is_meant(arrival, line, sip_method_notify) && is_of_event(arrival->sip, event, id)) {
            arrival->is_seen = true;
            return arrival->sip;
        }
    }
    return NULL;
}

const sip_t *line_await_notify(struct line *line, const char *event, const char *id)
{
    struct doctor *doctor = line->phone->doctor;
    uint64_t deadline = doctor_deadline(doctor);
    const sip_t *notify;
    while (!(notify = line_seen_notify(line, event, id)) && doctor_step(doctor, deadline)) {
    }
    return notify;
}

bool line_await_bye(struct line *line)
{
    return phone_await(line->phone, line, sip_method_bye) != NULL;
}

bool notify_is_last(const sip_t *notify)
{
    const sip_subscription_state_t *state = notify->sip_subscription_state;
    return state && su_casematch(state->ss_substate, "terminated");
}
