/* Nothing changes a conference without a decision: every verb asks the policy once, does nothing
 * when that rejects, and what the policy has changed when it accepts. What the policy lets wait for
 * somebody does nothing until that somebody approves, and then the same as if the policy had
 * accepted it. A verb without a row in `ways` fails the test. */
#include "tests/unit/focus/focus_world.h"

#include "focus/pending.h"

enum policy_way { ACCEPTS, REJECTS, CHANGES, WAITS };

static struct call *alice, *third; /* who is in; whoever calls besides */
static enum verb verb;             /* that is tried */
static enum policy_way policy_way;
static unsigned asked; /* how often the policy was asked about it */
static char seen[32];  /* what a subscriber may see */

struct way {
    void (*wish)(void);
    void (*change)(struct request_params *params); /* by the policy */
};

static void submit(struct request *request)
{
    struct decision decision;

    request->verb = verb;
    request->actor.kind = ACTOR_SERVER;
    request->conference = focus_conference_by_name(focus, "demo");
    request->conference_name = "demo";
    request->target = participant_id(alice->user);
    (void)focus_submit(focus, request, &decision);
}

/* With params that differ from what is. */
static void submit_plain(void)
{
    struct request request = {
        .params = {.role = "host",
                   .display_name = "Queen",
                   .muted = true,
                   .held = true,
                   .listen_only = true,
                   .floor = true,
                   .locked = true,
                   .agc = true,
                   .speaks = 3,
                   .direction = STREAM_SENDONLY,
                   .life = {.duration = 60000},
                   .file = "a.wav"},
    };

    submit(&request);
}

static void submit_invite(void)
{
    struct invitation invitation = {.uri = "sip:carol@192.0.2.7", .name = ""};
    struct request request = {.invitation = &invitation, .params = {.role = "participant"}};

    submit(&request);
}

static void write_to_all(void)
{
    struct request request = {.verb = verb, .text = "Hello"};
    struct decision decision;

    actor_of_server(&request.actor);
    request.conference = focus_conference_by_name(focus, "demo");
    request.conference_name = "demo";
    (void)focus_submit(focus, &request, &decision);
}

static void make_sidebar(void)
{
    struct sidebar_wish wish = {.asks = false};
    struct request request = {.verb = verb, .sidebar = &wish};
    struct decision decision;

    request.actor.kind = ACTOR_SERVER;
    request.actor.uri = "";
    request.conference = focus_conference_by_name(focus, "demo");
    request.conference_name = "demo";
    (void)focus_submit(focus, &request, &decision);
}

static void call_nobody(void)
{
    third = world_dial(focus, "bob", "lunch");
}

static void call_in(void)
{
    third = world_join(focus, "bob", "demo");
}

static void call_as_another(void)
{
    const struct named_dialog names = {.is_replaced = true, .call = alice};

    third = world_call_from("bob", "demo", "127.0.0.1");
    third->info.names = &names;
    focus_signalling_events()->on_incoming(third, focus);
    third->info.names = NULL;
}

static void fall_silent(void)
{
    focus_mixing_events()->on_timeout(alice->user, 1000, focus);
}

static void learn_view(void *arg, const struct decision *result)
{
    (void)arg;
    if (result->verdict == DECISION_ACCEPT)
        (void)snprintf(seen, sizeof seen, "%s", view_name(result->params.view));
}

static void subscribe(void)
{
    struct subscriber subscriber = {.from = alice->info, .call = alice};
    struct conference *conference;
    uint64_t participant, pending;
    enum view view;

    if (!focus_subscribe(focus, &subscriber, "conference", &conference, &participant, &view,
                         &pending))
        return;
    if (pending)
        pending_watch(focus_pending(focus, pending), learn_view, NULL);
    else
        (void)snprintf(seen, sizeof seen, "%s", view_name(view));
}

/* About the mute that waits. */
static void decide(void)
{
    const struct pending *pending =
        conference_next_pending(focus_conference_by_name(focus, "demo"), NULL);
    const struct request wish = {.params = {.approved = true}};
    struct decision decision;
    struct actor actor;

    actor_of_server(&actor);
    (void)pending_submit(focus, &actor, pending_id(pending), &wish, &decision);
}

static void change_entry(struct request_params *params)
{
    (void)snprintf(params->role, sizeof params->role, "guest");
    params->muted = !params->muted;
}

static void change_title(struct request_params *params)
{
    (void)snprintf(params->title, sizeof params->title, "Lunch");
}

static void change_reason(struct request_params *params)
{
    (void)snprintf(params->reason, sizeof params->reason, "So be it");
}

/* And at once, without a farewell. */
static void change_end(struct request_params *params)
{
    change_reason(params);
    params->file[0] = '\0';
}

static void change_flags(struct request_params *params)
{
    params->muted = params->held = params->listen_only = params->floor = params->locked = false;
}

static void change_relay(struct request_params *params)
{
    params->unrelayed = true;
}

static void change_voice(struct request_params *params)
{
    params->denoise = true;
}

static void change_gain(struct request_params *params)
{
    params->speaks = params->gain = -3;
}

static void change_file(struct request_params *params)
{
    (void)snprintf(params->file, sizeof params->file, "b.wav");
}

static void change_direction(struct request_params *params)
{
    params->direction = STREAM_INACTIVE;
}

static void change_names(struct request_params *params)
{
    (void)snprintf(params->role, sizeof params->role, "guest");
    (void)snprintf(params->display_name, sizeof params->display_name, "Knave");
}

static void change_time(struct request_params *params)
{
    params->life.duration = 0;
}

static void change_approval(struct request_params *params)
{
    params->approved = false;
}

static void change_view(struct request_params *params)
{
    params->view = VIEW_MODERATOR;
}

static const struct way ways[VERB_COUNT] = {
    [VERB_CREATE] = {call_nobody, change_title},
    [VERB_JOIN] = {call_in, change_entry},
    [VERB_REPLACE] = {call_as_another, change_entry},
    [VERB_INVITE] = {submit_invite, change_entry},
    [VERB_TIMEOUT] = {fall_silent, change_reason},
    [VERB_MUTE] = {submit_plain, change_flags},
    [VERB_HOLD] = {submit_plain, change_flags},
    [VERB_ENHANCE] = {submit_plain, change_voice},
    [VERB_VOLUME] = {submit_plain, change_gain},
    [VERB_MEDIA] = {submit_plain, change_direction},
    [VERB_ANNOUNCE] = {submit_plain, change_gain},
    [VERB_MESSAGE] = {write_to_all, change_relay},
    [VERB_ROLE] = {submit_plain, change_names},
    [VERB_RENAME] = {submit_plain, change_names},
    [VERB_FLOOR] = {submit_plain, change_flags},
    [VERB_PERMIT] = {submit_plain, change_flags},
    [VERB_REMOVE] = {submit_plain, change_reason},
    [VERB_LIMIT] = {submit_plain, change_time},
    [VERB_RECORD] = {submit_plain, change_file},
    [VERB_LOCK] = {submit_plain, change_flags},
    [VERB_SIDEBAR] = {make_sidebar, change_title},
    [VERB_END] = {submit_plain, change_end},
    [VERB_SUBSCRIBE] = {subscribe, change_view},
    [VERB_DECIDE] = {decide, change_approval},
};

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (request->verb != verb) {
        decision->verdict =
            verb == VERB_DECIDE && request->verb == VERB_MUTE ? DECISION_PENDING : DECISION_ACCEPT;
        decision->waiting.expires = 1000;
        return;
    }
    asked++;
    decision->verdict = policy_way == REJECTS ? DECISION_REJECT
                        : policy_way == WAITS ? DECISION_PENDING
                                              : DECISION_ACCEPT;
    decision->waiting = (struct waiting){.expires = 1000, .decided_by = {"moderator"}};
    decision->code = 403;
    if (policy_way == CHANGES)
        ways[verb].change(&decision->params);
}

static void tell_participant(FILE *file, const struct participant *participant)
{
    const struct leg *leg = world_leg_of(participant);

    fprintf(file, "%s %s %s %d %s %.0f %d %d %s;", participant_call(participant)->caller.user,
            participant_role(participant), participant_display_name(participant),
            participant_is_muted(participant), participant_status(participant),
            (double)leg->route.speaks[MIX_MAIN], leg->voice.agc, leg->voice.denoise,
            participant_has_floor(participant) ? "floor" : "");
}

/* One name is as good as another. */
static const char *named(const struct conference *conference)
{
    return strlen(conference_name(conference)) == 24 ? "generated" : conference_name(conference);
}

/* All that a verb could change. */
static void snapshot(char *text, size_t size)
{
    FILE *file = fmemopen(text, size, "w");
    struct conference *conference = NULL;

    assert_non_null(file);
    while ((conference = focus_next_conference(focus, conference))) {
        const struct participant *participant = NULL;
        fprintf(file, "%s \"%s\" %d %d %d: ", named(conference), conference_title(conference),
                conference_is_locked(conference), conference_ends_at(conference) > 0,
                (int)conference_direction(conference));
        while ((participant = conference_next_participant(conference, participant)))
            tell_participant(file, participant);
    }
    fprintf(file, "%d %s, %u %.0f, %s, %s, %s", alice->ended, alice->reason, world.plays,
            world.first_player ? (double)world.first_player->gain : 0, seen,
            world.first_recorder ? world.first_recorder->file : "",
            alice->read ? alice->read->bytes : "");
    (void)fclose(file);
}

static void ask_to_mute(void)
{
    struct request request = {.params = {.muted = true}};

    verb = VERB_MUTE;
    policy_way = WAITS;
    submit(&request);
    verb = VERB_DECIDE;
    policy_way = ACCEPTS;
}

static void make_world(void)
{
    static const struct policy policy = {.decide = policy_decide};
    const struct focus_config config = {.domain = "", .media_timeout = 1000};

    asked = 0;
    third = NULL;
    seen[0] = '\0';
    world_open_as(config, &policy);
    (void)world_reserve_demo();
    policy_way = ACCEPTS;
    alice = world_join(focus, "alice", "demo");
    if (verb == VERB_DECIDE)
        ask_to_mute();
    asked = 0;
}

static void end_world(void)
{
    if (third)
        world_hang_up(focus, third);
    if (world.last_outgoing)
        world_hang_up(focus, world.last_outgoing);
    world_hang_up(focus, alice);
    world_turn(loop);
    if (world.first_recorder)
        world_recorded(focus, 0, NULL);
    (void)world_end(NULL);
}

/* What there is after the wish for `verb`, when the policy does this. */
static void try_it(enum policy_way way, char *text, size_t size)
{
    make_world();
    policy_way = way;
    ways[verb].wish();
    assert_int_equal(asked, 1);
    snapshot(text, size);
    end_world();
}

static void every_verb_passes_one_decision(void **state)
{
    char before[512], rejected[512], accepted[512], changed[512];

    (void)state;
    for (verb = 0; verb < VERB_COUNT; verb++) {
        if (!ways[verb].wish)
            fail_msg("%s is not tried here", verb_name(verb));
        make_world();
        snapshot(before, sizeof before);
        end_world();
        try_it(REJECTS, rejected, sizeof rejected);
        try_it(ACCEPTS, accepted, sizeof accepted);
        try_it(CHANGES, changed, sizeof changed);
        if (strcmp(before, rejected) != 0)
            fail_msg("%s was rejected and does: %s", verb_name(verb), rejected);
        if (strcmp(before, accepted) == 0)
            fail_msg("%s was accepted and does nothing: %s", verb_name(verb), before);
        if (strcmp(accepted, changed) == 0)
            fail_msg("%s does the same with other params: %s", verb_name(verb), changed);
    }
}

/* What there is after the wish for `verb` has waited, and somebody has decided about it;
 * *meanwhilep before that. */
static void wait_for_it(bool approved, char *meanwhile, char *after, size_t size)
{
    const struct request wish = {.params = {.approved = approved}};
    const struct pending *pending;
    struct decision decision;
    struct actor actor;

    make_world();
    policy_way = WAITS;
    ways[verb].wish();
    assert_int_equal(asked, 1);
    snapshot(meanwhile, size);
    pending = conference_next_pending(focus_conference_by_name(focus, "demo"), NULL);
    if (!pending)
        fail_msg("%s does not wait", verb_name(verb));
    assert_null(conference_next_pending(focus_conference_by_name(focus, "demo"), pending));
    actor_of_server(&actor);
    assert_int_equal(pending_submit(focus, &actor, pending_id(pending), &wish, &decision), 0);
    if (approved && verb == VERB_JOIN) {
        world_session(focus, third, STREAM_SENDRECV, false);
        focus_signalling_events()->on_established(third, focus);
    }
    assert_int_equal(asked, 1);
    snapshot(after, size);
    end_world();
}

static void every_verb_can_wait_for_somebody(void **state)
{
    char before[512], accepted[512], meanwhile[512], approved[512], refused[512];

    (void)state;
    for (verb = 0; verb < VERB_COUNT; verb++) {
        if (!verb_can_wait(verb))
            continue;
        make_world();
        snapshot(before, sizeof before);
        end_world();
        try_it(ACCEPTS, accepted, sizeof accepted);
        wait_for_it(true, meanwhile, approved, sizeof approved);
        if (strcmp(before, meanwhile) != 0)
            fail_msg("%s waits and does: %s", verb_name(verb), meanwhile);
        if (strcmp(accepted, approved) != 0)
            fail_msg("%s was approved and does: %s", verb_name(verb), approved);
        wait_for_it(false, meanwhile, refused, sizeof refused);
        if (strcmp(before, refused) != 0)
            fail_msg("%s was refused and does: %s", verb_name(verb), refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_passes_one_decision),
        cmocka_unit_test(every_verb_can_wait_for_somebody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
