/*
 * Inside the sip room: dialogs (RFC 3261 §12), those that others begin and those that we do. Focus
 * thread.
 */
#ifndef SIP_DIALOG_H
#define SIP_DIALOG_H

#include "sip/agent.h"

struct target;

/* It lasts as long as one of its usages (RFC 5057 §3): an INVITE, subscriptions.
 * Header objects live on its home. */
struct dialog {
    struct sip_agent *agent;
    struct dialog *next; /* in its bucket */
    su_home_t home[1];
    struct call *call;                  /* the INVITE usage; NULL: none, or none any more */
    struct subscription *subscriptions; /* that the peer has */
    struct errand *errand;              /* that the peer does for us; NULL: none */
    struct page *page; /* MESSAGEs of ours outside of any dialog, which have only its names */

    uint32_t first_cseq; /* of the request that began it */
    char *first_branch;
    sip_call_id_t *call_id;
    sip_from_t *local;  /* with our tag, as our requests say it */
    sip_to_t *local_to; /* the same, as our responses say it */
    sip_to_t *remote;
    sip_route_t *route;     /* route set; NULL: none */
    url_t *target;          /* the peer's Contact */
    sip_contact_t *contact; /* ours */
    uint32_t local_cseq, remote_cseq;
    struct sockaddr_storage peer; /* where its last request came from */
    char *source;     /* "sip:192.0.2.1:5060;transport=udp", where a direct peer sends from; NULL:
                         follow route and target */
    tport_t *tport;   /* what the peer's last request came by; ours to unref */
    bool is_ours;     /* begun by us */
    bool is_direct;   /* no proxy is between the phone that we call and us */
    bool is_referred; /* a REFER came in it */
    struct challenge *challenges; /* of requests of ours, that we can answer; on home */
};

/* dialog.c */
/* Known by its Call-ID, and nothing else set. NULL: out of memory. */
struct dialog *dialog_make(struct sip_agent *agent, const sip_call_id_t *call_id);
/* Begun by this request; `contact_user` stands in our Contact. ENOMEM. */
int dialog_create(const struct incoming *in, const char *contact_user, struct dialog **dialogp);
/* Frees the dialog when no usage is left. */
void dialog_release(struct dialog *dialog);
/* The dialog that the request says it is in; NULL: none. */
struct dialog *dialog_find(struct sip_agent *agent, const sip_t *sip);
/* For a NOTIFY that is faster than the 2xx to our REFER: the dialog that both begin (RFC 6665
 * §4.4.1), with its peer from now on. NULL: none. */
struct dialog *dialog_begun_by_notify(struct sip_agent *agent, const sip_t *sip);
/* The dialog that was begun by the same request as this one without To tag: the same one again, a
 * merged one (other branch), or a CANCEL of it. */
struct dialog *dialog_of_first_request(struct sip_agent *agent, const sip_t *sip);
/* Whether this first request of somebody's is one of ours that came back. */
bool dialog_is_looped(struct sip_agent *agent, const sip_t *sip);
/* Those in the bucket of this Call-ID; more follow by `next`. */
struct dialog *dialogs_of(struct sip_agent *agent, const sip_call_id_t *call_id);
/* Its call; NULL: none, not yet, or over. */
struct call *dialog_call(const struct dialog *dialog);
/* A request in the dialog came: by which way. */
void dialog_heard(struct dialog *dialog, const struct incoming *in);
/* Changes the remote target to `contact`, when that is usable: after a 2xx to a request that
 * refreshes it (RFC 3261 §12.2). */
void dialog_retarget(struct dialog *dialog, const sip_contact_t *contact);
/* Sends a request in the dialog; an ACK has the CSeq of `invite_cseq`, others a new one. NULL
 * when it cannot be sent (RFC 3261 §8.1.3.1 would say 503). `arg` is the handler's. */
nta_outgoing_t *dialog_request(struct dialog *dialog, nta_response_f *handler, void *arg,
                               sip_method_t method, const char *name, uint32_t invite_cseq,
                               tag_type_t tag, tag_value_t value, ...);

/* Where a message came from, and as a URI to reach that by UDP. */
void message_source(msg_t *msg, struct sockaddr_storage *address);
char *message_source_uri(su_home_t *home, msg_t *msg);
/* Whether a URI's host is an address, and this one. */
bool host_is_at(const char *host, const struct sockaddr_storage *address);

/* The ACK of a 2xx to an INVITE of ours. */
void dialog_acknowledge(struct dialog *dialog, const sip_t *sip);

/* named_dialog.c */
/* Where Join and Replaces may stand. False: the request was refused with 400. */
bool check_named_dialog(struct incoming *in);
/* What the INVITE names; *is_namedp false: nothing. False: the request was refused. */
bool named_dialog_read(struct incoming *in, struct named_dialog *named, bool *is_namedp);
/* The call is over, and its dialog with it. */
void dialog_ended(const struct call *call);

/* dialog_client.c */
/* A dialog that we begin, with Call-ID, tags and names, and no usage yet. ENOMEM. */
int dialog_begin(struct sip_agent *agent, const url_t *target, const struct outgoing_call *outgoing,
                 const tport_t *listener, struct dialog **dialogp);
/* Where the request that begins it goes next. ENOMEM. */
int dialog_aim(struct dialog *dialog, const struct target *target);
/* The 2xx to it makes the dialog. ENOMEM. */
int dialog_confirm(struct dialog *dialog, nta_outgoing_t *request, const sip_t *sip);

/* digest_client.c */
/* Takes the challenges of a 401 or 407. False: none of them is new and can be answered. */
bool digest_challenged(struct dialog *dialog, const sip_t *sip);
/* Adds the credentials for all that has challenged us in this dialog. */
void digest_answer(const struct dialog *dialog, msg_t *msg, sip_t *sip);

#endif
