/* What settings change under running calls: at the start, at a reload, when scripts come back. */
#include "main/serve.h"

#include "core/log.h"
#include "core/swap.h"

#include <errno.h>
#include <string.h>

static enum factory factory_of(const char *way)
{
    return !*way ? FACTORY_NONE : strcmp(way, "answer") == 0 ? FACTORY_ANSWERS : FACTORY_REDIRECTS;
}

static struct conference_life life_of(const struct life_settings *settings)
{
    return (struct conference_life){.empty_timeout = settings->empty_timeout,
                                    .duration = settings->duration,
                                    .warning = settings->warning};
}

struct probation_config server_probation(const struct settings *settings)
{
    return (struct probation_config){.errors = settings->reload_errors,
                                     .within = settings->reload_within,
                                     .lasts = settings->reload_probation};
}

static void set_life(struct focus *focus, const struct settings *settings)
{
    struct conference_life life = life_of(&settings->created);
    life.ends_with_creator = settings->created_ends_with_creator == SWITCH_ON;
    focus_set_life(focus, &life, settings->created_patience, settings->created_gone);
}

struct conference_config server_conference(const struct conference_settings *conference)
{
    struct conference_life life = life_of(&conference->life);
    life.ends_with_creator = *conference->factory && conference->ends_with_creator != SWITCH_OFF;
    return (struct conference_config){.name = conference->name,
                                      .factory = factory_of(conference->factory),
                                      .title = conference->title,
                                      .about = {.description = conference->description,
                                                .web = conference->web,
                                                .email = conference->email,
                                                .phone = conference->phone,
                                                .keywords = conference->keywords},
                                      .policy = conference->policy,
                                      .capacity = conference->capacity,
                                      .life = life,
                                      .hides_focus = conference->hide_focus == SWITCH_ON,
                                      .attendant = conference->attendant,
                                      .language = conference->language,
                                      .options = conference->options,
                                      .places = conference->places};
}

int server_reserve(struct focus *focus, const struct settings *settings)
{
    struct sound_config sound = server_sound(settings, &settings->sound);
    int status = focus_set_sound(focus, &sound);
    set_life(focus, settings);
    focus_set_attendant(focus, settings->attendant);
    for (unsigned i = 0; !status && i < settings->conference_count; i++) {
        const struct conference_settings *conference = &settings->conferences[i];
        struct conference_config config = server_conference(conference);
        sound = server_sound(settings, &conference->sound);
        config.sound = &sound;
        status = focus_reserve(focus, &config);
        if (status) {
            log_error("conference %s: cannot be reserved: %s", conference->name, strerror(status));
            return status;
        }
    }
    return status;
}

static void apply_outbound(struct server *server, struct settings *wanted)
{
    struct settings *now = &server->settings;
    SWAP(now->outbound_proxy, wanted->outbound_proxy);
    SWAP(now->outbound_credentials, wanted->outbound_credentials);
    now->outbound_redirects = wanted->outbound_redirects;
    (void)server_set_outbound(server, now);
}

static void apply_conferences(struct server *server, struct settings *wanted)
{
    struct settings *now = &server->settings;
    for (unsigned i = 0; i < now->conference_count; i++) {
        if (!settings_conference(wanted, now->conferences[i].name)) {
            focus_unreserve(server->focus, now->conferences[i].name);
        }
    }
    /* Out of memory for one conference is logged and leaves the others; there is no way back. */
    (void)server_reserve(server->focus, wanted);
    state_touch(server->state);

    SWAP(now->conferences, wanted->conferences);
    SWAP(now->conference_count, wanted->conference_count);
    SWAP(now->attendant, wanted->attendant);
    SWAP(now->sound, wanted->sound);
    now->created = wanted->created;
    now->created_ends_with_creator = wanted->created_ends_with_creator;
    now->created_patience = wanted->created_patience;
    now->created_gone = wanted->created_gone;
}

static void apply_accounts(struct server *server, struct settings *wanted)
{
    struct settings *now = &server->settings;
    SWAP(now->accounts, wanted->accounts);
    SWAP(now->account_count, wanted->account_count);
    sip_agent_accounts_changed(server->agent);
}

static void apply_http(struct server *server, struct settings *wanted)
{
    SWAP(server->settings.http_allow, wanted->http_allow);
    if (fetcher_allow(server->fetcher, (const char *const *)server->settings.http_allow.items,
                      server->settings.http_allow.count)) {
        log_error("reload: http.allow: out of memory; it stays as it was");
    }
}

static void apply_overload(struct server *server, const struct settings *wanted)
{
    server->settings.overload_late = wanted->overload_late;
    server->settings.overload_load = wanted->overload_load;
    media_set_overload(server->media, wanted->overload_late, wanted->overload_load);
}

static void apply_probation(struct server *server, const struct settings *wanted)
{
    struct probation_config config = server_probation(wanted);

    server->settings.reload_errors = wanted->reload_errors;
    server->settings.reload_within = wanted->reload_within;
    server->settings.reload_probation = wanted->reload_probation;
    lua_engine_set_probation(server->engine, &config);
}

void server_apply(struct server *server, struct settings *wanted)
{
    server->settings.log_level = wanted->log_level;
    log_set_level(wanted->log_level);
    SWAP(server->settings.policy, wanted->policy);
    SWAP(server->settings.applications, wanted->applications);
    server_swap_journal(server, wanted);
    apply_probation(server, wanted);
    apply_outbound(server, wanted);
    apply_overload(server, wanted);
    apply_http(server, wanted);
    apply_conferences(server, wanted);
    apply_accounts(server, wanted);
    focus_reloaded(server->focus);
    server->settings.reload_watch = wanted->reload_watch;
    server_watch(server);
}

/* ---- with the scripts that come back -------------------------------------------------------- */

/* What was for those scripts, and no more of it: accounts and the like stay as they are now. */
struct settings server_script_part(struct settings *from)
{
    struct settings part = {.policy = from->policy,
                            .applications = from->applications,
                            .attendant = from->attendant,
                            .conferences = from->conferences,
                            .conference_count = from->conference_count};
    from->policy = NULL;
    from->applications = NULL;
    from->attendant = NULL;
    from->conferences = NULL;
    from->conference_count = 0;
    return part;
}

/* Its policies, and what it says to them. One that is pinned has scripts that these suit. */
static void take_back_conference(struct server *server, struct conference_settings *now,
                                 struct conference_settings *before)
{
    const struct conference *conference = focus_conference_by_name(server->focus, now->name);
    if (conference && lua_engine_generation_of(server->engine, conference) !=
                          lua_engine_generation(server->engine)) {
        return;
    }
    SWAP(now->policy, before->policy);
    SWAP(now->attendant, before->attendant);
    SWAP(now->options, before->options);
    SWAP(now->places, before->places);
}

void server_take_back(void *arg)
{
    struct server *server = arg;
    struct settings *now = &server->settings, *before = &server->reload.before;
    if (!before->policy) {
        return;
    }
    SWAP(now->policy, before->policy);
    SWAP(now->attendant, before->attendant);
    SWAP(now->applications, before->applications);
    for (unsigned i = 0; i < before->conference_count; i++) {
        for (unsigned j = 0; j < now->conference_count; j++) {
            if (strcmp(before->conferences[i].name, now->conferences[j].name) == 0) {
                take_back_conference(server, &now->conferences[j], &before->conferences[i]);
            }
        }
    }
    /* Out of memory for one conference is logged there, and leaves the others. */
    (void)server_reserve(server->focus, now);
    settings_free(before);
    *before = (struct settings){0};
    log_warn("reload: of the config, policy, applications, attendant, and the policies and options "
             "of conferences are again as they were for these scripts; all else stays as it is");
}
