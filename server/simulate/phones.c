/* What phones do: what they are asked to, as soon as the loop goes on, and what somebody has them
 * do. */
#include "simulate/private.h"

#include "ports/messaging.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

void phone_session(struct call *call, enum stream_direction direction, bool held)
{
    struct session session = {
        .direction = direction,
        .held = held,
        .format_count = 1,
        .codec = {.name = "PCMU", .clock_rate = 8000, .channels = 1},
    };

    focus_signalling_events()->on_session(call, &session, call->world->focus);
}

void phone_ended(struct call *call, int code, const char *reason)
{
    call->is_up = false;
    call->is_over = true;
    call->code = code;
    call->due = 0;
    loop_timer_stop(&call->timer);
    (void)snprintf(call->why, sizeof call->why, "%s", reason);
    focus_signalling_events()->on_ended(call, code, reason, call->world->focus);
}

/* As it is agreed on between what the phone and the focus want. */
static void settle(struct call *call)
{
    unsigned both = (unsigned)STREAM_SENDRECV & ~(unsigned)call->answer.withheld;

    if (call->holds) /* a=sendonly (RFC 3264 §8.4): we receive only */
        both &= (unsigned)STREAM_RECVONLY;
    phone_session(call, (enum stream_direction)both, call->holds);
}

static void end_as_asked(struct call *call)
{
    char reason[sizeof call->reason];

    (void)snprintf(reason, sizeof reason, "%s", call->reason);
    phone_ended(call, call->ended ? call->end_code : call->reject_code, reason);
}

/* An end that is due is all that matters; of an answer and an update, the answer comes first. */
void phone_act(struct call *call)
{
    const struct signalling_events *events = focus_signalling_events();
    struct focus *focus = call->world->focus;
    unsigned due = call->due;

    call->due = 0;
    if (due & DUE_END) {
        end_as_asked(call);
        return;
    }
    if (due & DUE_RING)
        events->on_progress(call, 180, "Ringing", focus);
    if ((due & DUE_SESSION) && !call->is_over)
        settle(call);
    if ((due & DUE_UP) && !call->is_over) {
        call->is_up = true;
        events->on_established(call, focus);
    }
    if ((due & DUE_UPDATED) && !call->is_over) {
        settle(call);
        events->on_updated(call, 200, "OK", focus);
    }
    if ((due & DUE_TRANSFERRED) && !call->is_over)
        events->on_transferred(call, 200, "OK", focus);
}

static void on_turn(void *arg)
{
    phone_act(arg);
}

void phone_is_due(struct call *call, unsigned what)
{
    struct loop *loop = call->world->loop;

    if (!loop || call->is_over)
        return;
    call->due |= what;
    if (!call->timer)
        (void)loop_timer_start(loop, &call->timer, 0, on_turn, call); /* ENOMEM: it never does */
}

/* ---- what they are made to do --------------------------------------------------------------- */

int phone_dial(struct simulation *simulation, const struct simulated_caller *caller,
               struct call **callp)
{
    struct world *world = &simulation->world;

    *callp = phone_make(world, caller);
    if (!*callp)
        return ENOMEM;
    focus_signalling_events()->on_incoming(*callp, world->focus);
    return 0;
}

bool phone_answer(struct call *call)
{
    if (call->is_over || call->is_up || !call->invited || call->ended)
        return false;
    call->info.dialog.remote_tag = "theirs";
    phone_is_due(call, DUE_SESSION | DUE_UP);
    return true;
}

bool phone_refuse(struct call *call, int code)
{
    if (call->is_over || call->is_up || !call->invited || call->ended)
        return false;
    phone_ended(call, code, "");
    return true;
}

bool phone_hang_up(struct call *call)
{
    if (call->is_over || (call->due & DUE_END))
        return false;
    phone_ended(call, call->is_up || call->answered ? 0 : 487, "");
    return true;
}

bool phone_hold(struct call *call, bool on)
{
    if (!call->is_up)
        return false;
    call->holds = on;
    settle(call);
    return true;
}

static struct leg *leg_with_audio(const struct call *call)
{
    return call->is_over || !call->user ? NULL : leg_of(call->world, call->user);
}

bool phone_press(struct call *call, char key)
{
    enum { PRESSED = 100 }; /* ms */
    const struct leg *leg = leg_with_audio(call);

    if (!leg)
        return false;
    focus_mixing_events()->on_digit(leg->user, key, PRESSED, call->world->focus);
    return true;
}

bool phone_speak(struct call *call, float level)
{
    struct leg *leg = leg_with_audio(call);
    bool speaks = level > -127;

    if (!leg)
        return false;
    leg->level = level;
    if (speaks == leg->is_speaking)
        return true;
    leg->is_speaking = speaks;
    recorders_hear(leg);
    focus_mixing_events()->on_speaking(leg->user, speaks, call->world->focus);
    return true;
}

bool phone_lose(struct call *call, unsigned ms)
{
    const struct leg *leg = leg_with_audio(call);

    if (!leg || !phone_speak(call, -127))
        return false;
    focus_mixing_events()->on_timeout(leg->user, ms, call->world->focus);
    return true;
}

bool phone_judge(struct call *call, const struct leg_quality *quality)
{
    const struct leg *leg = leg_with_audio(call);

    if (leg)
        focus_mixing_events()->on_quality(leg->user, quality, call->world->focus);
    return leg;
}

float phone_hears(const struct call *listener, const struct call *talker)
{
    const struct leg *ear = leg_with_audio(listener), *mouth = leg_with_audio(talker);

    return ear && mouth && ear != mouth ? leg_hears(ear, mouth) : GAIN_OFF;
}

int phone_write(struct call *call, const char *text, char reason[96])
{
    struct incoming_message message = {
        .from = call->info, .call = call->is_up ? call : NULL, .text = text, .code = 200};

    message.from.requested_user =
        call->info.is_outgoing ? call->contact : call->info.requested_user;
    if (call->info.is_outgoing)
        message.from.requested_host = "127.0.0.1";
    focus_signalling_events()->on_message(&message, call->world->focus);
    (void)snprintf(reason, sizeof message.reason, "%s", message.reason);
    return message.code;
}

static const char *text_at(const struct text *list, unsigned index)
{
    const struct text *text;

    DL_FOREACH(list, text)
    {
        if (index-- == 0)
            return text->bytes;
    }
    return NULL;
}

const char *phone_read(const struct call *call, unsigned index)
{
    return text_at(call->read, index);
}

const char *phone_heard(const struct call *call, unsigned index)
{
    return text_at(call->heard, index);
}

/* The newest player is the first of their list. */
const char *phone_plays(const struct call *call, unsigned index)
{
    const struct leg *leg = leg_with_audio(call);
    const struct player *player = leg ? call->world->first_player : NULL;

    for (; player; player = player->next) {
        if (!player->stopped && leg_hears_file(leg, player) > GAIN_OFF && index-- == 0)
            return player->file;
    }
    return NULL;
}

void phone_look(const struct call *call, struct simulated_call *view)
{
    bool was_up = call->answered || call->is_up;

    *view = (struct simulated_call){
        .state = call->is_over           ? SIMULATED_ENDED
                 : call->is_up           ? SIMULATED_UP
                 : call->progress == 183 ? SIMULATED_EARLY
                                         : SIMULATED_RINGS,
        .code = call->code,
        .reason = call->is_over ? call->why : "",
        .target = call->redirected,
        .contact = call->contact,
        .is_focus = call->answer.is_focus,
        .is_outgoing = call->info.is_outgoing,
        .referred = call->referrals ? call->referrals->code : 0,
    };
    if (call->is_over && !was_up)
        view->state = SIMULATED_REJECTED;
}
