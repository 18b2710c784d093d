/* The commands that ask the running server for one thing, and how all are that do. */
#include "main/commands.h"

#include "control/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool settings_of_server(const struct arguments *arguments, struct settings *settings)
{
    char error[1024];
    const char *config = arguments->assignment_count > 0 ? NULL : arguments->config;
    int status = settings_read(arguments, config, settings, NULL, error, sizeof error);
    if (!status) {
        status = settings_find_data(settings, error, sizeof error);
        if (status) {
            settings_free(settings);
        }
    }
    if (status) {
        complain("%s", error);
    }
    return !status;
}

int ask_server(const struct arguments *arguments, const char *request)
{
    struct settings settings;
    char error[1024];
    if (!settings_of_server(arguments, &settings)) {
        return EXIT_WRONG;
    }
    int status = control_request(settings.data, request, stdout, error, sizeof error);
    settings_free(&settings);
    if (!status) {
        return EXIT_CLEAN;
    }
    complain("%s", error);
    /* What a server refuses to load is a config or a script that is wrong. */
    bool is_reload = strncmp(request, "reload", strlen("reload")) == 0;
    return status == EREMOTEIO && is_reload ? EXIT_WRONG : EXIT_RUN_TIME;
}

int command_status(const struct arguments *arguments)
{
    return ask_server(arguments, arguments->json ? "status --json" : "status");
}

int command_invite(const struct arguments *arguments)
{
    char request[1000];
    if (arguments->file_count != 2) {
        complain("invite: give a conference and a SIP URI, as in `parley invite demo "
                 "sip:bob@192.0.2.7`");
        return EXIT_WRONG;
    }
    const char *name = arguments->files[0];
    const char *uri = arguments->files[1];
    if (strpbrk(name, " \r\n") || strpbrk(uri, " \r\n") ||
        snprintf(request, sizeof request, "invite %s %s", name, uri) >= (int)sizeof request) {
        complain("invite: \"%s\" or \"%s\" is too long or has blanks", name, uri);
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_application(const struct arguments *arguments)
{
    char request[200];
    const char *name = arguments->file_count == 1 ? arguments->files[0] : "";
    if (!*name || strpbrk(name, " \r\n") ||
        snprintf(request, sizeof request, "run %s", name) >= (int)sizeof request) {
        complain("run: give the name of an application of the config");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_create(const struct arguments *arguments)
{
    char request[200];
    const char *factory = arguments->file_count > 0 ? arguments->files[0] : "";
    if (arguments->file_count > 1 || strpbrk(factory, " \r\n") ||
        snprintf(request, sizeof request, "create %s", factory) >= (int)sizeof request) {
        complain("create: give nothing, or the name of a factory");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_end(const struct arguments *arguments)
{
    char request[400];
    if (arguments->file_count < 1 || arguments->file_count > 2) {
        complain("end: give a conference, and a reason if you like, as in `parley end demo "
                 "\"Time is over\"`");
        return EXIT_WRONG;
    }
    const char *name = arguments->files[0];
    const char *reason = arguments->file_count > 1 ? arguments->files[1] : "";
    if (strpbrk(name, " \r\n") || strpbrk(reason, "\r\n") ||
        snprintf(request, sizeof request, "end %s %s", name, reason) >= (int)sizeof request) {
        complain("end: the name has blanks, or the reason is too long or has more than one line");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_recheck(const struct arguments *arguments)
{
    char request[200];
    const char *name = arguments->file_count == 1 ? arguments->files[0] : "";
    if (!*name || strpbrk(name, " \r\n") ||
        snprintf(request, sizeof request, "recheck %s", name) >= (int)sizeof request) {
        complain("recheck: give a conference, as in `parley recheck demo`");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_explain(const struct arguments *arguments)
{
    const char *given[3];
    char request[1000];
    bool is_good = arguments->file_count >= 1 && arguments->file_count <= 3;
    for (unsigned i = 0; i < 3; i++) {
        given[i] = is_good && i < arguments->file_count ? arguments->files[i] : "";
        is_good = is_good && !strpbrk(given[i], " \r\n");
    }
    if (!is_good ||
        snprintf(request, sizeof request, "explain %s%s %s %s", arguments->json ? "--json " : "",
                 given[0], given[1], given[2]) >= (int)sizeof request) {
        complain("explain: give a conference, and who does not hear whom, as in `parley explain "
                 "demo bob alice`");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_fact(const struct arguments *arguments)
{
    char request[500];
    if (arguments->file_count < 1 || arguments->file_count > 2) {
        complain("fact: give a name, and a value if it is to be set, as in `parley fact alarm on`");
        return EXIT_WRONG;
    }
    const char *name = arguments->files[0];
    const char *value = arguments->file_count > 1 ? arguments->files[1] : NULL;
    if (strpbrk(name, " \r\n") || (value && strpbrk(value, "\r\n")) ||
        snprintf(request, sizeof request, "fact %s%s%s", name, value ? " " : "",
                 value ? value : "") >= (int)sizeof request) {
        complain("fact: the name has blanks, or the value is too long or has more than one line");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_stop(const struct arguments *arguments)
{
    return ask_server(arguments, "stop");
}
