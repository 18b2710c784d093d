/* The server side: a line in, an answer out; nobody there can slow down the calls. */
#include "control/private.h"

#include "core/log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 32,
    REQUEST_MAX = 1024, /* bytes of a request's line */
    CLIENT_TIMEOUT_S = 10,
    ACCEPT_PAUSE_MS = 1000, /* after a connection that could not be taken */
};

struct client {
    struct control *control;
    struct client *next;
    struct bufferevent *stream;
    bool is_answered; /* closes when all is written */
    bool waits;       /* asked to stop, or for a reload: stays until that is done */
};

struct control {
    struct control_config config; /* `data` is not kept */
    struct sockaddr_un address;
    uint64_t started; /* loop_now */
    int lock;
    bool is_bound;
    struct evconnlistener *listener;
    struct loop_timer *accept_pause;
    struct client *clients;
    struct client *reloading; /* NULL: nobody waits for a reload */
    char *reloaded;           /* the one conference that is; NULL: all are. Owned. */
    unsigned client_count;
};

static void client_free(struct client *client)
{
    /* libevent closes the descriptor in the loop's next turn, which may never come. */
    shutdown(bufferevent_getfd(client->stream), SHUT_RDWR);
    bufferevent_free(client->stream);
    free(client);
}

static void client_close(struct client *client)
{
    struct control *control = client->control;
    struct client **place = &control->clients;
    while (*place != client) {
        place = &(*place)->next;
    }
    *place = client->next;
    control->client_count--;
    if (control->reloading == client) {
        control->reloading = NULL;
    }
    client_free(client);
}

/* ---- requests ------------------------------------------------------------------------------- */

/* As JSON when `render` is NULL. Takes the reference. */
static void answer_document(struct evbuffer *out, json_t *document,
                            void (*render)(FILE *file, const json_t *document))
{
    char *text = NULL;
    size_t size = 0;
    bool as_json = render == NULL;
    if (document && as_json) {
        text = json_dumps(document, JSON_INDENT(2));
        size = text ? strlen(text) : 0;
    } else if (document) {
        FILE *file = open_memstream(&text, &size);
        if (file) {
            render(file, document);
            fclose(file);
        }
    }
    json_decref(document);
    if (text) {
        evbuffer_add_printf(out, "ok\n");
        evbuffer_add(out, text, size);
        if (as_json) {
            evbuffer_add(out, "\n", 1);
        }
    } else {
        evbuffer_add_printf(out, "error out of memory\n");
    }
    free(text);
}

static void answer_status(struct control *control, struct evbuffer *out, bool as_json)
{
    answer_document(out, control_status(&control->config, control->started),
                    as_json ? NULL : control_render_status);
}

/* "explain [--json] CONFERENCE …". False: it is none. */
static bool answer_explain(struct control *control, const char *request, struct evbuffer *out)
{
    static const char verb[] = "explain ", option[] = "--json ";
    const char *words = request + strlen(verb);
    bool as_json = false;
    char told[1024];

    if (strncmp(request, verb, strlen(verb)) != 0) {
        return false;
    }
    if (strncmp(words, option, strlen(option)) == 0) {
        as_json = true;
        words += strlen(option);
    }
    json_t *explanation = control_explain(control->config.focus, words, told, sizeof told);
    if (explanation) {
        answer_document(out, explanation, as_json ? NULL : control_render_explanation);
    } else {
        evbuffer_add_printf(out, "error %s\n", told);
    }
    return true;
}

/* "reload --back CONFERENCE", "shadow stop" and the like. False: it is none of these. */
static bool answer_placing(struct control *control, const char *request, struct evbuffer *out)
{
    const struct control_config *config = &control->config;
    char told[1024];
    int error = control_place(&config->server, config->focus, request, told, sizeof told);

    if (error == ENOTSUP) {
        error = control_shadow(&config->server, request, told, sizeof told);
    }
    if (error != ENOTSUP) {
        evbuffer_add_printf(out, "%s%s\n", error ? "error " : "ok\n", told);
    }
    return error != ENOTSUP;
}

/* It may have taken some time, for self-tests, and who asked for it may have gone. */
static void on_reloaded(void *arg, int error, const char *told)
{
    struct control *control = arg;
    const struct control_server *server = &control->config.server;
    struct client *client = control->reloading;
    const char *only = control->reloaded;
    control->reloading = NULL;
    if (!client) {
        return;
    }
    struct evbuffer *out = bufferevent_get_output(client->stream);
    client->waits = false;
    if (error) {
        evbuffer_add_printf(out, "error %s\n", told);
    } else if (only) {
        evbuffer_add_printf(
            out, "ok\n%s alone is decided about by scripts generation %u\n", only,
            server->generation(server->arg, focus_conference_by_name(control->config.focus, only)));
    } else {
        evbuffer_add_printf(out, "ok\nreloaded: scripts generation %u\n%s",
                            server->generation(server->arg, NULL), told);
    }
}

/* `only`: a conference; NULL: all. */
static void begin_reload(struct client *client, const char *only)
{
    struct control *control = client->control;
    if (control->reloading) {
        evbuffer_add_printf(bufferevent_get_output(client->stream),
                            "error a reload is under way, with its self-tests\n");
        return;
    }
    free(control->reloaded);
    control->reloaded = only ? strdup(only) : NULL;
    control->reloading = client;
    client->waits = true;
    bufferevent_set_timeouts(client->stream, NULL, NULL);
    control->config.server.reload(control->config.server.arg, only, on_reloaded, control);
}

/* Requests about conferences: the words behind the first one say the rest. */
static const struct {
    const char *name;
    int (*carry_out)(struct focus *focus, const char *words, char *told, size_t told_size);
} conference_requests[] = {
    {"invite", control_invite}, {"create", control_make},     {"end", control_end},
    {"run", control_run},       {"recheck", control_recheck}, {"approve", control_approve},
    {"refuse", control_refuse}, {"remove", control_remove},   {"remove-all", control_remove_all},
};

/* "fact NAME [VALUE]"; the value "nil" takes it away. False: it is no such request. */
static bool answer_fact(struct control *control, const char *request, struct evbuffer *out)
{
    const struct control_server *server = &control->config.server;
    char name[128], told[1024];

    if (strncmp(request, "fact ", 5) != 0) {
        return false;
    }
    const char *words = request + 5;
    size_t length = strcspn(words, " ");
    const char *value = words[length] ? words + length + 1 : NULL;
    snprintf(name, sizeof name, "%.*s", (int)length, words);
    int error = server->fact(server->arg, name, value && strcmp(value, "nil") == 0 ? "" : value,
                             told, sizeof told);
    evbuffer_add_printf(out, "%s%s\n", error ? "error " : "ok\n", told);
    return true;
}

/* False: it is no such request. */
static bool answer_record(struct control *control, const char *request, struct evbuffer *out)
{
    static const char verb[] = "record ";
    const struct control_server *server = &control->config.server;
    char told[1024];

    if (strncmp(request, verb, strlen(verb)) != 0) {
        return false;
    }
    int error = server->record(server->arg, request + strlen(verb), told, sizeof told);
    evbuffer_add_printf(out, "%s%s\n", error ? "error " : "ok\n", told);
    return true;
}

/* False: it is none of these. */
static bool answer_for_conference(struct control *control, const char *request,
                                  struct evbuffer *out)
{
    size_t length = strcspn(request, " ");
    char told[1024];

    for (size_t i = 0; i < sizeof conference_requests / sizeof *conference_requests; i++) {
        const char *name = conference_requests[i].name;
        if (strlen(name) == length && strncmp(request, name, length) == 0) {
            const char *words = request + length + strspn(request + length, " ");
            int error =
                conference_requests[i].carry_out(control->config.focus, words, told, sizeof told);
            evbuffer_add_printf(out, "%s%s\n", error ? "error " : "ok\n", told);
            return true;
        }
    }
    return false;
}

/* "pending" or "pending CONFERENCE"; false: it is another one. */
static bool answer_pending(struct control *control, const char *request, struct evbuffer *out)
{
    size_t length = strlen("pending");
    char *text = NULL;
    size_t size = 0;

    if (strncmp(request, "pending", length) != 0 || !strchr(" ", request[length])) {
        return false;
    }
    const char *name = request + length + strspn(request + length, " ");
    FILE *file = open_memstream(&text, &size);
    int error = file ? control_pending(control->config.focus, name, file) : ENOMEM;
    if (file) {
        fclose(file);
    }
    if (error == ENOENT) {
        evbuffer_add_printf(out, "error there is no conference \"%s\"\n", name);
    } else if (error) {
        evbuffer_add_printf(out, "error out of memory\n");
    } else {
        evbuffer_add_printf(out, "ok\n");
        evbuffer_add(out, text, size);
    }
    free(text);
    return true;
}

/* The end of the connection says that the server has gone; the client may take its time. */
static void begin_stop(struct client *client)
{
    client->waits = true;
    bufferevent_set_timeouts(client->stream, NULL, NULL);
    bufferevent_enable(client->stream, EV_READ);
    /* At once: without calls this is the loop's last turn, and nothing would be flushed. */
    ssize_t ignored =
        send(bufferevent_getfd(client->stream), "ok\n", 3, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)ignored;
    client->control->config.server.stop(client->control->config.server.arg);
}

static void answer(struct client *client, const char *request)
{
    static const char only[] = "reload --only ";
    struct control *control = client->control;
    struct evbuffer *out = bufferevent_get_output(client->stream);
    /* A second request, or more bytes, are not looked at. */
    bufferevent_disable(client->stream, EV_READ);
    client->is_answered = true;
    if (strcmp(request, "status") == 0 || strcmp(request, "status --json") == 0) {
        answer_status(control, out, strcmp(request, "status") != 0);
    } else if (strcmp(request, "shadow") == 0) {
        answer_document(out, control->config.server.scripts(control->config.server.arg),
                        control_render_shadow);
    } else if (strcmp(request, "reload") == 0) {
        begin_reload(client, NULL);
    } else if (strncmp(request, only, strlen(only)) == 0) {
        begin_reload(client, request + strlen(only));
    } else if (strcmp(request, "stop") == 0) {
        begin_stop(client);
    } else if (!answer_explain(control, request, out) && !answer_pending(control, request, out) &&
               !answer_fact(control, request, out) && !answer_record(control, request, out) &&
               !answer_placing(control, request, out) &&
               !answer_for_conference(control, request, out)) {
        evbuffer_add_printf(out, "error unknown request; there are status, status --json, reload, "
                                 "pin, unpin, shadow, invite, run, create, end, recheck, remove, "
                                 "remove-all, explain, pending, approve, refuse, fact, record and "
                                 "stop\n");
    }
}

static void on_readable(struct bufferevent *stream, void *arg)
{
    struct client *client = arg;
    struct evbuffer *in = bufferevent_get_input(stream);
    size_t length;
    if (client->is_answered) {
        evbuffer_drain(in, evbuffer_get_length(in));
        return;
    }
    char *line = evbuffer_readln(in, &length, EVBUFFER_EOL_CRLF);
    if (line && length < REQUEST_MAX) {
        answer(client, line);
    } else if (line || evbuffer_get_length(in) >= REQUEST_MAX) {
        bufferevent_disable(stream, EV_READ);
        client->is_answered = true;
        evbuffer_add_printf(bufferevent_get_output(stream),
                            "error the request is longer than %d bytes\n", REQUEST_MAX);
    }
    free(line);
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct client *client = arg;
    if (client->is_answered && !client->waits &&
        evbuffer_get_length(bufferevent_get_output(stream)) == 0) {
        client_close(client);
    }
}

static void on_gone(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    struct client *client = arg;
    /* Who has only closed its sending side still wants the answer. */
    if ((what & BEV_EVENT_EOF) && client->is_answered && !client->waits) {
        return;
    }
    client_close(client);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int length, void *arg)
{
    (void)address;
    (void)length;
    struct control *control = arg;
    static const char refusal[] = "error too many clients; try again\n";
    struct client *client = NULL;
    if (control->client_count >= CLIENTS_MAX) {
        ssize_t ignored = send(fd, refusal, sizeof refusal - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)ignored;
        close(fd);
        return;
    }
    client = calloc(1, sizeof *client);
    if (client) {
        client->stream = bufferevent_socket_new(evconnlistener_get_base(listener), fd,
                                                BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    }
    if (!client || !client->stream) {
        free(client);
        close(fd);
        return;
    }
    client->control = control;
    client->next = control->clients;
    control->clients = client;
    control->client_count++;
    /* The whole of a request, and any progress with the answer. */
    static const struct timeval timeout = {.tv_sec = CLIENT_TIMEOUT_S};
    bufferevent_setcb(client->stream, on_readable, on_written, on_gone, client);
    bufferevent_set_timeouts(client->stream, &timeout, &timeout);
    bufferevent_setwatermark(client->stream, EV_READ, 0, REQUEST_MAX);
    bufferevent_enable(client->stream, EV_READ | EV_WRITE);
}

static void accept_again(void *arg)
{
    struct control *control = arg;
    (void)evconnlistener_enable(control->listener);
}

/* Out of descriptors, most likely. The connection goes on waiting, and would wake the loop again at
 * once and for ever: the calls need the processor, and the log its place. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct control *control = arg;
    log_warn("control socket: cannot accept: %s", strerror(errno));
    if (!loop_timer_start(control->config.loop, &control->accept_pause, ACCEPT_PAUSE_MS,
                          accept_again, control)) {
        (void)evconnlistener_disable(listener);
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

/* We hold the lock: a socket that is there was left behind by a server that has died. */
static int remove_stale(const char *path, char *error, size_t error_size)
{
    struct stat found;
    if (lstat(path, &found)) {
        return 0;
    }
    if (!S_ISSOCK(found.st_mode)) {
        snprintf(error, error_size, "%s: is in the way and no socket; remove it", path);
        return EEXIST;
    }
    unlink(path);
    return 0;
}

static int listen_on(struct control *control, char *error, size_t error_size)
{
    const char *path = control->address.sun_path;
    int status = remove_stale(path, error, error_size);
    if (status) {
        return status;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The mode is set before the path exists, so that nobody slips in. */
    if (fd < 0 || fchmod(fd, 0600) ||
        bind(fd, (const struct sockaddr *)&control->address, sizeof control->address)) {
        status = errno;
        goto out;
    }
    control->is_bound = true;
    control->listener = evconnlistener_new(loop_base(control->config.loop), on_connection, control,
                                           LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64, fd);
    if (!control->listener) {
        status = ENOMEM;
        goto out;
    }
    evconnlistener_set_error_cb(control->listener, on_accept_error);
    return 0;
out:
    snprintf(error, error_size, "%s: cannot listen: %s; give another --data", path,
             strerror(status));
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

int control_create(const struct control_config *config, struct control **controlp, char *error,
                   size_t error_size)
{
    if (!config || !config->loop || !config->focus || !config->data || !controlp) {
        snprintf(error, error_size, "control socket: wrong arguments");
        return EINVAL;
    }
    struct control *control = calloc(1, sizeof *control);
    if (!control) {
        snprintf(error, error_size, "control socket: out of memory");
        return ENOMEM;
    }
    control->config = *config;
    control->config.data = NULL;
    control->lock = -1;
    control->started = loop_now(config->loop);
    int status = control_socket_path(config->data, &control->address, error, error_size);
    if (!status) {
        status = control_lock(config->data, &control->lock, error, error_size);
    }
    if (!status) {
        status = listen_on(control, error, error_size);
    }
    if (status) {
        control_destroy(control);
        return status;
    }
    *controlp = control;
    return 0;
}

void control_destroy(struct control *control)
{
    if (!control) {
        return;
    }
    loop_timer_stop(&control->accept_pause);
    if (control->listener) {
        evconnlistener_free(control->listener);
    }
    if (control->is_bound) {
        unlink(control->address.sun_path);
    }
    if (control->lock >= 0) {
        close(control->lock);
    }
    /* Last: whoever waits for this end may start the next server at once. */
    struct client *client = control->clients;
    while (client) {
        struct client *next = client->next;
        client_free(client);
        client = next;
    }
    free(control->reloaded);
    free(control);
}
