/* reload.watch: a config or script that has been written anew is read anew. */
#include "main/serve.h"

#include "core/log.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    SETTLE_MS = 200, /* without another one until what was written is taken to be whole */
    EVENTS_SIZE = 4096,
};

/* Editors write a new file and rename it, so it is directories that are watched. */
static void watch_directory_of(const char *path, void *arg)
{
    const struct server *server = arg;
    const char *end = strrchr(path, '/');
    char directory[PATH_MAX];

    snprintf(directory, sizeof directory, "%.*s", end ? (int)(end - path) : 1, end ? path : ".");
    if (inotify_add_watch(server->changes, *directory ? directory : "/",
                          IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        log_warn("reload.watch: %s: cannot be watched: %s", directory, strerror(errno));
    }
}

/* What editors put beside a file begins with a dot, or ends otherwise. */
static bool is_script(const char *name)
{
    size_t length = strlen(name);

    return name[0] != '.' && length > 4 && strcmp(name + length - 4, ".lua") == 0;
}

static bool is_config(const struct server *server, const char *name)
{
    const char *file = server->settings.file;
    const char *end = strrchr(file, '/');

    return *file && strcmp(name, end ? end + 1 : file) == 0;
}

static void on_settled(void *arg)
{
    log_info("reload: files have changed");
    /* Success and failure are logged there. */
    server_reload(arg, NULL, NULL, NULL);
}

static void on_changes(int fd, void *arg)
{
    struct server *server = arg;
    char events[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
    const struct inotify_event *event;
    bool is_ours = false;
    ssize_t length;

    while ((length = read(fd, events, sizeof events)) > 0) {
        for (const char *at = events; at < events + length; at += sizeof *event + event->len) {
            event = (const struct inotify_event *)at;
            is_ours |= (event->mask & IN_Q_OVERFLOW) != 0;
            is_ours |= event->len > 0 && (is_script(event->name) || is_config(server, event->name));
        }
    }
    if (is_ours) {
        (void)loop_timer_start(server->loop, &server->settle_timer, SETTLE_MS, on_settled, server);
    }
}

static int watch_begin(struct server *server)
{
    server->changes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return server->changes < 0 ? errno
                               : loop_watch(server->loop, server->changes, on_changes, server,
                                            &server->changes_watch);
}

void server_unwatch(struct server *server)
{
    loop_timer_stop(&server->settle_timer);
    loop_unwatch(&server->changes_watch);
    if (server->changes >= 0) {
        close(server->changes);
    }
    server->changes = -1;
}

void server_watch(struct server *server)
{
    if (server->settings.reload_watch != SWITCH_ON) {
        server_unwatch(server);
        return;
    }
    int status = server->changes < 0 ? watch_begin(server) : 0;
    if (status) {
        log_error("reload.watch: %s; files are not watched", strerror(status));
        server_unwatch(server);
        return;
    }
    if (*server->settings.file) {
        watch_directory_of(server->settings.file, server);
    }
    lua_engine_files(server->engine, watch_directory_of, server);
}
