/*
 * Inside the focus: callers with an application, how they come into a conference, and back. Focus
 * thread.
 */
#ifndef FOCUS_VISITOR_PARTS_H
#define FOCUS_VISITOR_PARTS_H

#include "focus/keys.h"
#include "focus/private.h"
#include "focus/visitor.h"

#include <uthash.h>

struct visitor {
    enum party party;
    uint64_t id;
    struct focus *focus;
    struct call *call;
    struct mix *mix; /* of its own; NULL: nothing was said of audio yet */
    struct leg *leg;
    struct playback *playbacks;      /* list */
    enum stream_direction direction; /* this and the next as a participant's */
    bool has_session, has_audio, is_source, held_by_phone;
    bool early;                      /* there is audio before the answer */
    bool answered;                   /* the 200 is on its way */
    bool up;                         /* and the ACK is here */
    bool failed;                     /* its application is over, it hears of that and goes */
    bool waits;                      /* to be let in, and has no application */
    struct pending *pending;         /* what it waits for; NULL: nothing */
    struct participant *participant; /* that it is, while its application goes on; NULL: it is in no
                                        conference, and call and leg are its own */
    char language[LANGUAGE_SIZE]; /* of prompts, before it is in a conference; "": the settings' */
    bool is_out;                  /* of the mix of its conference, with its application */
    bool wants_out;               /* what it is to be */
    bool is_let_go;               /* its application is over: it is freed when it is back in */
    struct told_keys told_keys;
    char own_keys[20];             /* in the mix: those that begin what is for its application */
    bool has_begun_keys;           /* one of them was pressed: the following are, too */
    struct loop_timer *step_timer; /* until its leg can be moved */
    time_t since;
    UT_hash_handle hh;
};

/* visitor.c */
struct visitor *visitor_make(struct focus *focus, struct call *call);
/* One for who is in a conference and has none. NULL: out of memory. */
struct visitor *visitor_attach(struct participant *participant);
/* To whom a key goes that is pressed in a conference: NULL: to the conference. */
struct visitor *visitor_for_key(struct participant *participant, char key);
/* False: the call is for no application. */
bool visitor_admit(struct focus *focus, struct call *call);
/* Whether the URI is that of an application. */
bool focus_has_application(const struct focus *focus, const char *user, const char *host);
void visitor_session(struct visitor *visitor, const struct session *session);
void visitor_established(struct visitor *visitor);
void visitor_transferred(struct visitor *visitor, int code, const char *reason);
void visitor_played(struct visitor *visitor, const struct playback *playback, const char *problem);
/* The participant that it is has left the conference, and its leg is gone. */
void visitor_left_conference(struct visitor *visitor, int code, const char *reason);
void visitor_free(struct visitor *visitor);
int visitor_make_mix(struct visitor *visitor);
void visitor_drop_mix(struct visitor *visitor);
/* In a mix of its own it hears what is played there. */
void visitor_compute(const struct visitor *visitor, struct leg_route *route);
/* It is none any more; what becomes of its call is another's. `code` as of on_ended. */
void visitor_leave(struct visitor *visitor, int code, const char *reason);
/* Its application hears of it. */
void visitor_tell_left(struct visitor *visitor, int code, const char *reason);
/* As visitor_dismiss, but not by its application, which hears of it. */
void visitor_remove(struct visitor *visitor, int code, const char *reason);

/* attendant.c */
/* What the config says of it. */
void attendant_take(struct conference *conference, const struct conference_config *config);
/* Whoever comes into the conference is attended to by that, unless something else is said. */
void attendant_wish(const struct conference *conference, struct request_params *params);
/* The participant is attended to by that. */
void attendant_give(struct participant *participant, const char *name);
/* The config may say something else than before: that holds for all who have what it says. */
void attendants_update(struct conference *conference);
/* Begins, if it is to and nothing else talks with the participant. */
void attendant_begin(struct participant *participant);
/* The same for whom the event, which has been told, has brought in. */
void attendant_after(struct focus *focus, const struct conference_event *event);
/* The application has failed: if it is that. */
void attendant_fail(struct participant *participant);
/* A key: begins anew if it has failed. */
void attendant_call_back(struct participant *participant);

/* enter.c */
/* The visitor goes into the conference, in place of `predecessor` unless that is NULL:
 * decision->participant. EAGAIN: it could not be done, and it stays; ECANCELED: and it is gone, or
 * going; decision->code and reason say why. */
int visitor_go_in(struct visitor *visitor, struct conference *conference,
                  struct participant *predecessor, struct decision *decision);

#endif
