/*
 * Inside the doctor's room: its phones, what they send and get, and how a check is written.
 *
 * A check is a function that reads as a dialogue: whatever waits runs the loop meanwhile, so that
 * the other phones answer by themselves. What is received in a check is kept until its end, when
 * all its calls and subscriptions are ended. One thread.
 */
#ifndef DOCTOR_PRIVATE_H
#define DOCTOR_PRIVATE_H

#define NTA_AGENT_MAGIC_T struct phone
#define NTA_OUTGOING_MAGIC_T struct exchange
#define NTA_INCOMING_MAGIC_T struct line

struct phone;
struct line;
struct exchange;

#include "doctor/doctor.h"
#include "ports/session.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_string.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_tagarg.h>
#include <stdint.h>

enum {
    NAME_SIZE = 256,      /* bytes of a URI of ours */
    SEEN_SIZE = 400,      /* bytes of what is said about a check */
    SUBSCRIBED_FOR = 300, /* s, what we ask for */
};

/* ---- the doctor ----------------------------------------------------------------------------- */

enum verdict {
    PASSED,
    FAILED,
    NOT_OFFERED, /* the focus does not say that it can */
    SKIPPED,     /* could not be examined, and why */
    NOTED,       /* neither right nor wrong; what was seen */
};

/* What a focus says of itself in an OPTIONS or in an answer (RFC 4579 §5.13). */
struct offering {
    char *allow, *events, *supported; /* words, with commas between them */
};

struct doctor {
    const struct doctor_config *config;
    su_root_t *root;
    su_home_t home[1];
    const url_t *conference, *factory; /* factory NULL: none */
    const char *user, *password;       /* NULL: a stranger */
    struct phone *alice;               /* asks; by the account, if there is one */
    struct phone *tablet;              /* Alice's other phone */
    struct phone *bob, *carol;         /* are called; strangers */
    struct offering focus, maker;      /* of the conference, of the factory */
    char seen[SEEN_SIZE];              /* what the verdict is about */
    char server[128];                  /* as it calls itself */
    struct watch *watches;             /* picture.h */
};

/* Milliseconds on a clock that is never set back. */
uint64_t now_ms(void);
/* The time by which the far end must have done something. */
uint64_t doctor_deadline(const struct doctor *doctor);
/* Lets the phones work for a moment. False: the time is over, or somebody wants the doctor to stop.
 */
bool doctor_step(struct doctor *doctor, uint64_t deadline);
/* Lets the phones work for so long. */
void doctor_rest(struct doctor *doctor, unsigned ms);
bool doctor_is_stopped(void);

/* Frees the subscriptions that the check has followed. */
void watches_free(struct doctor *doctor);

/* ---- how checks speak ----------------------------------------------------------------------- */

struct check {
    const char *id;
    const char *what;   /* what a focus does */
    const char *source; /* which document says so */
    enum verdict (*run)(struct doctor *doctor);
};

/* In the order of the table; each ends with an entry that has no id. */
extern const struct check checks_options[], checks_call[], checks_package[], checks_roster[],
    checks_refer[], checks_refer_more[], checks_join[], checks_create[], checks_initiate[];

/* What was seen, for the verdict. */
void describe(struct doctor *doctor, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define conclude(doctor, verdict, ...) (describe(doctor, __VA_ARGS__), (verdict))
#define failed(doctor, ...) conclude(doctor, FAILED, __VA_ARGS__)
#define skipped(doctor, ...) conclude(doctor, SKIPPED, __VA_ARGS__)

/* Each ends the check, whose argument is `doctor`: when the focus does other than it must … */
#define MUST(condition, ...)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return failed(doctor, __VA_ARGS__);                                                    \
        }                                                                                          \
    } while (0)
/* … when the request was not answered by a 2xx … */
#define MUST_ACCEPT(reply, request)                                                                \
    do {                                                                                           \
        if (!is_success(reply)) {                                                                  \
            return refused(doctor, reply, request);                                                \
        }                                                                                          \
    } while (0)
/* … when it was not answered by this code … */
#define MUST_GET(reply, code, request)                                                             \
    do {                                                                                           \
        if (status_of(reply) != (code)) {                                                          \
            return unexpected(doctor, reply, code, request);                                       \
        }                                                                                          \
    } while (0)
/* … when what is needed is not offered. */
#define NEEDS(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return conclude(doctor, NOT_OFFERED, __VA_ARGS__);                                     \
        }                                                                                          \
    } while (0)

bool is_success(const sip_t *reply);
/* The verdict about a request without a 2xx: a password is missing, or it is wrong. */
enum verdict refused(struct doctor *doctor, const sip_t *reply, const char *request);
/* The same about one that should get another code. */
enum verdict unexpected(struct doctor *doctor, const sip_t *reply, int code, const char *request);
/* "486 Busy Here", "no final answer". Valid until the check ends. */
const char *reply_text(struct doctor *doctor, const sip_t *reply);
int status_of(const sip_t *reply); /* 0: none */

/* offering.c */
void offering_learn(struct doctor *doctor, struct offering *offering, const sip_t *sip);
/* Whether a list has the word; no list has none. */
bool offers(const char *list, const char *word);
bool is_focus(const sip_t *sip); /* RFC 3840: isfocus in the Contact */

/* ---- phones --------------------------------------------------------------------------------- */

/* A request that a phone got. */
struct arrival {
    struct arrival *next;
    struct line *line;
    msg_t *msg;
    const sip_t *sip;
    bool is_seen; /* by the check */
};

/* A request that a phone sent, and the last response to it. */
struct exchange {
    struct exchange *next;
    nta_outgoing_t *orq;
    msg_t *msg;
    const sip_t *sip; /* NULL: none yet, or the library's own */
    bool is_over;
};

struct phone {
    struct doctor *doctor;
    nta_agent_t *nta;
    const sip_contact_t *contact;
    char uri[NAME_SIZE]; /* as From has it */
    char at[NAME_SIZE];  /* its Contact's, under which others call it */
    bool has_account;
    int refuses; /* calls, with this code; 0: it takes them */
    struct line *lines;
    struct arrival *arrivals;
    struct exchange *exchanges;
};

int phone_create(struct doctor *doctor, const char *name, const char *host, const char *user,
                 struct phone **phonep);
void phone_destroy(struct phone *phone);
/* Hangs up, unsubscribes, and forgets all that it has seen. */
void phone_tidy(struct phone *phone);

/* The next request of this method that the check has not seen; on `line`, or on any when that is
 * NULL. NULL: none came in time. */
const struct arrival *phone_await(struct phone *phone, const struct line *line,
                                  sip_method_t method);
/* The same, without waiting. */
const struct arrival *phone_seen(struct phone *phone, const struct line *line, sip_method_t method);
/* The next INVITE that begins a call. */
const struct arrival *phone_await_call(struct phone *phone);

/* receive.c */
int phone_receive(struct phone *phone, nta_agent_t *nta, msg_t *msg, sip_t *sip);

/* ---- lines ---------------------------------------------------------------------------------- */

enum call_state { CALL_NONE, CALL_BEGUN, CALL_UP, CALL_OVER };

/* A dialog of a phone (RFC 3261 §12), with a call, a subscription, or both. */
struct line {
    struct line *next;
    struct phone *phone;
    su_home_t home[1];
    sip_call_id_t *call_id;
    sip_from_t *local;
    sip_to_t *remote;
    url_t *target;
    sip_route_t *route;
    uint32_t cseq;
    enum call_state call;
    struct exchange *invite; /* of ours */
    nta_incoming_t *invited; /* the far end's */
    nta_outgoing_t *ack;
    const char *event; /* what it has subscribed to; NULL: nothing, or no more */
    /* media.c */
    int rtp; /* -1: none */
    struct media_address address;
    uint64_t session_id, session_version;
    struct session session;
    char *remote_sdp; /* the far end's latest */
};

/* A line that will call `target`. NULL: out of memory. */
struct line *line_create(struct phone *phone, const url_t *target);
/* A line for a request that came in. */
struct line *line_answer(struct phone *phone, const sip_t *sip);
struct line *line_find(struct phone *phone, const sip_t *sip);
/* Takes the far end's tag, Contact and route, unless it has them. */
void line_learn(struct line *line, const sip_t *sip, bool is_request);
void line_free(struct line *line);
const char *line_tag(const struct line *line);
const char *line_remote_tag(const struct line *line);

/* Sends a request with these headers, answers challenges, and waits for the final response. NULL:
 * there was none. */
const sip_t *line_request(struct line *line, sip_method_t method, const char *name, tag_type_t tag,
                          tag_value_t value, ...);
/* INVITE or re-INVITE, with an offer of this direction unless the headers bring a body, and ACK. */
const sip_t *line_invite(struct line *line, enum stream_direction direction, tag_type_t tag,
                         tag_value_t value, ...);
/* INVITE without an offer; the answer goes with the ACK (RFC 3261 §13.2.1). */
const sip_t *line_invite_offerless(struct line *line);
const sip_t *line_bye(struct line *line);
/* SUBSCRIBE to an event package, or the renewal; `expires` in s. */
const sip_t *line_subscribe(struct line *line, const char *event, unsigned expires);
/* A REFER with this Refer-To and more headers. */
const sip_t *line_refer(struct line *line, const char *refer_to, tag_type_t tag, tag_value_t value,
                        ...);
/* Calls the URI; the line is in *linep whatever the answer is. */
const sip_t *phone_call(struct phone *phone, const url_t *uri, struct line **linep);
/* A request outside of any dialog. */
const sip_t *phone_ask(struct phone *phone, const url_t *uri, sip_method_t method, const char *name,
                       tag_type_t tag, tag_value_t value, ...);

/* The next NOTIFY of the package; `id` NULL: whatever its id. NULL: none came in time. */
const sip_t *line_await_notify(struct line *line, const char *event, const char *id);
/* The same, without waiting. */
const sip_t *line_seen_notify(struct line *line, const char *event, const char *id);
bool notify_is_last(const sip_t *notify); /* Subscription-State: terminated */
bool line_await_bye(struct line *line);

/* request.c: for line.c */
nta_outgoing_t *line_send(struct line *line, struct exchange *exchange, sip_method_t method,
                          const char *name, uint32_t cseq, tagi_t const *tags,
                          const sip_t *challenged);

/* credentials.c: adds the answer to a 401 or 407. False: there is none. */
bool credentials_add(const struct phone *phone, msg_t *msg, sip_t *sip, const sip_t *challenged);

/* ---- media ---------------------------------------------------------------------------------- */

/* Errno. */
int line_open_media(struct line *line);
void line_close_media(struct line *line);
/* A body with an offer, on the line's home; NULL: out of memory. */
const char *line_offer(struct line *line, enum stream_direction direction);
/* The answer to what the far end offers; NULL: it cannot be answered. */
const char *line_reply_sdp(struct line *line, const sip_t *sip);
/* Reads the far end's answer. */
bool line_take_answer(struct line *line, enum stream_direction direction, const sip_t *sip);
/* Whether the far end has said where it wants its sound. */
bool line_has_media(const struct line *line);
/* Whether RTP comes while we send some. */
bool line_hears(struct line *line);
/* Direction of the far end's latest description, as it wrote it: "sendrecv". */
const char *line_direction(const struct line *line);

/* What a Join or a Replaces says of a dialog of this line; `is_local`: as its own phone sees it,
 * not as the far end does (RFC 3891 §3, RFC 3911 §4: to-tag is the tag of who is asked). */
const char *line_dialog_id(const struct line *line, bool is_local);
/* For a header in a URI (RFC 3261 §19.1.1); on `home`. */
const char *uri_escape(su_home_t *home, const char *text);
/* A URI in angle brackets, with parameters and headers behind it. */
const char *in_brackets(su_home_t *home, const char *uri, const char *more);
/* A list of these phones' URIs (RFC 4826), each with this behind it. */
const char *resource_list(su_home_t *home, const struct phone *const *phones, unsigned count,
                          const char *more);

/* ---- REFER ---------------------------------------------------------------------------------- */

/* What the NOTIFYs of one REFER said (RFC 3515 §2.4.4). */
struct progress {
    int first, last; /* status of the sipfrags */
    unsigned notifies;
    bool is_over;          /* terminated */
    char wrong[SEEN_SIZE]; /* what was not as it must be; "" */
};

/* Follows the NOTIFYs to their end. `id` NULL: whatever their id. */
void line_follow(struct line *line, const char *id, struct progress *progress);

/* … when REFER is not offered; when its NOTIFYs are not right, or do not end like this. */
#define NEEDS_REFER NEEDS(offers(doctor->focus.allow, "REFER"), "no REFER in Allow")
#define MUST_END_WITH(progress, class)                                                             \
    do {                                                                                           \
        MUST(!(progress).wrong[0], "%s", (progress).wrong);                                        \
        MUST((progress).last / 100 == (class), "the last NOTIFY says %d", (progress).last);        \
    } while (0)

#endif
