/* reload.watch: a config or script that has been written anew is read anew. */
#include "main/serve.h"

#include "core/log.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    SETTLE_MS = 200, /* without another one until what was written is taken to be whole */
    AWAY_MS = 1000,  /* between two looks for a directory that is gone */
    EVENTS_SIZE = 4096,
    LINKS_MOST = 16, /* on the way to one file */
};

/* The one that the file's path names, `end` being where its name begins. */
static void watch_directory(struct server *server, const char *path, const char *end)
{
    char directory[PATH_MAX];

    snprintf(directory, sizeof directory, "%.*s", end ? (int)(end - path) : 1, end ? path : ".");
    if (inotify_add_watch(server->changes, *directory ? directory : "/",
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MOVE_SELF) >= 0) {
        return;
    }
    server->watch.is_missing = true;
    if (!server->watch.is_waiting) {
        log_warn("reload.watch: %s: cannot be watched: %s", directory, strerror(errno));
    }
}

/* Editors write a new file and rename it, so it is directories that are watched. A link on the way
 * may be made anew to lead elsewhere, as releases and the ConfigMaps of Kubernetes are swapped. */
static void watch_path(struct server *server, const char *path, unsigned links)
{
    char part[PATH_MAX], target[PATH_MAX], next[3 * PATH_MAX];

    for (const char *end = path; *end && links < LINKS_MOST;) {
        end = strchrnul(end + 1, '/');
        snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        ssize_t length = readlink(part, target, sizeof target - 1);
        if (length <= 0) {
            continue;
        }
        target[length] = '\0';
        const char *slash = strrchr(part, '/');
        int before = slash && *target != '/' ? (int)(slash + 1 - part) : 0;
        snprintf(next, sizeof next, "%.*s%s%s", before, part, target, end);
        watch_directory(server, part, slash);
        (void)json_object_set_new(server->watch.links, slash ? slash + 1 : part, json_true());
        watch_path(server, next, links + 1);
        return;
    }
    watch_directory(server, path, strrchr(path, '/'));
}

static void watch_file(const char *path, void *arg)
{
    watch_path(arg, path, 0);
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

static void on_settled(void *arg);

static void settle_in(struct server *server, unsigned ms)
{
    (void)loop_timer_start(server->loop, &server->watch.timer, ms, on_settled, server);
}

/* What is in use now; of what is gone, until it is there again. */
static void watch_all(struct server *server)
{
    server->watch.is_missing = false;
    (void)json_object_clear(server->watch.links);
    if (*server->settings.file) {
        watch_file(server->settings.file, server);
    }
    lua_engine_files(server->engine, watch_file, server);
    server->watch.is_waiting = server->watch.is_missing;
    if (server->watch.is_waiting) {
        settle_in(server, AWAY_MS);
    }
}

static void on_settled(void *arg)
{
    struct server *server = arg;

    watch_all(server);
    if (!server->watch.is_missing) {
        log_info("reload: files have changed");
        /* Success and failure are logged there. */
        server_reload(server, NULL, NULL, NULL);
    }
}

/* A directory that is not watched any more has been removed, and perhaps made anew. */
static bool is_ours(const struct server *server, const struct inotify_event *event)
{
    if (event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) {
        return true;
    }
    if (event->len == 0) {
        return false;
    }
    return json_object_get(server->watch.links, event->name) ||
           (!(event->mask & IN_CREATE) &&
            (is_script(event->name) || is_config(server, event->name)));
}

static void on_changes(int fd, void *arg)
{
    struct server *server = arg;
    char events[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
    const struct inotify_event *event;
    bool is_any = false;
    ssize_t length;

    while ((length = read(fd, events, sizeof events)) > 0) {
        for (const char *at = events; at < events + length; at += sizeof *event + event->len) {
            event = (const struct inotify_event *)at;
            is_any |= is_ours(server, event);
            if (event->mask & IN_MOVE_SELF) {
                (void)inotify_rm_watch(fd, event->wd); /* what has its name now is another one */
            }
        }
    }
    if (is_any) {
        settle_in(server, SETTLE_MS);
    }
}

static int watch_begin(struct server *server)
{
    server->watch.links = json_object();
    server->changes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return server->changes < 0 ? errno
                               : loop_watch(server->loop, server->changes, on_changes, server,
                                            &server->watch.readable);
}

void server_unwatch(struct server *server)
{
    loop_timer_stop(&server->watch.timer);
    loop_unwatch(&server->watch.readable);
    if (server->changes >= 0) {
        close(server->changes);
    }
    server->changes = -1;
    json_decref(server->watch.links);
    server->watch.links = NULL;
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
    watch_all(server);
}
