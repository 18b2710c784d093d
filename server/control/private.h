/* Between the files of control/. */
#ifndef CONTROL_PRIVATE_H
#define CONTROL_PRIVATE_H

#include "control/control.h"
#include "core/text.h"

#include <sys/un.h>
#include <time.h>

/* Makes the directory and takes its lock: *fdp holds it until it is closed. EBUSY: `error` names
 * the process that has it. */
int control_lock(const char *data, int *fdp, char *error, size_t error_size);

/* DATA/parley.sock. ENAMETOOLONG. */
int control_socket_path(const char *data, struct sockaddr_un *address, char *error,
                        size_t error_size);

/* control_request with another patience: `timeout` ms without any progress are ETIMEDOUT. */
int control_ask(const char *data, const char *request, int timeout, FILE *out, char *error,
                size_t error_size);

/* A JSON string of any text: what is no UTF-8, or a control character, becomes "?". */
json_t *json_text(const char *text);
/* Two decimals say it all. Not a number cannot be said in JSON. */
json_t *json_hundredths(float figure);
json_t *json_time(time_t when);

/* All that is to be known, as one JSON object. `started`: loop_now at the beginning. NULL: out of
 * memory. */
json_t *control_status(const struct control_config *config, uint64_t started);

/* Has somebody called, by "CONFERENCE URI". An errno; `told` gets one line either way. */
int control_invite(struct focus *focus, const char *words, char *told, size_t told_size);

/* Begins an application without a caller, by its name. The same. */
int control_run(struct focus *focus, const char *name, char *told, size_t told_size);

/* conferences.c: the same for "FACTORY", or "": `told` is the new conference's name … */
int control_make(struct focus *focus, const char *factory_name, char *told, size_t told_size);
/* … for "CONFERENCE" … */
int control_recheck(struct focus *focus, const char *words, char *told, size_t told_size);
/* … and for "CONFERENCE" or "CONFERENCE REASON". */
int control_end(struct focus *focus, const char *words, char *told, size_t told_size);

/* remove.c: puts out those of a conference by "CONFERENCE NAME[,NAME…] [REASON]", or all but those;
 * "," is nobody. An errno; `told` gets one line either way. */
int control_remove(struct focus *focus, const char *words, char *told, size_t told_size);
int control_remove_all(struct focus *focus, const char *words, char *told, size_t told_size);

/* placing.c: "reload --back CONFERENCE", "pin CONFERENCE" or "unpin CONFERENCE". An errno; `told`
 * gets one line either way. ENOTSUP: it is none of these. */
int control_place(const struct control_server *server, struct focus *focus, const char *request,
                  char *told, size_t told_size);

/* shadow.c: "shadow start …" or "shadow stop". As control_place. */
int control_shadow(const struct control_server *server, const char *request, char *told,
                   size_t told_size);
/* What has come of it so far, for people. */
void control_render_shadow(FILE *file, const json_t *scripts);

/* pending.c: what waits for a decision in a conference, as a list; new reference … */
json_t *control_pending_of(struct focus *focus, const struct conference *conference);
/* … and in that of this name, or for "" in all, for people. ENOENT: there is none. */
int control_pending(struct focus *focus, const char *name, FILE *file);
/* The operator decides, by "ID" and "ID" or "ID REASON". An errno; `told` gets one line either way.
 */
int control_approve(struct focus *focus, const char *words, char *told, size_t told_size);
int control_refuse(struct focus *focus, const char *words, char *told, size_t told_size);

/* A cell of exactly `width` characters and a blank; what is longer ends in "…". */
void render_cell(FILE *file, const char *text, unsigned width);
/* "45s", "12m05s", "3h07m", "12d" */
void render_time(char *buffer, size_t size, long long seconds);
/* Why things are as they are, by "CONFERENCE", "CONFERENCE LISTENER" or "CONFERENCE LISTENER
 * TALKER". NULL: `told` says in one line why not. */
json_t *control_explain(struct focus *focus, const char *words, char *told, size_t told_size);
void control_render_explanation(FILE *file, const json_t *explanation);

/* Writes the status for people. */
void control_render_status(FILE *file, const json_t *status);

#endif
