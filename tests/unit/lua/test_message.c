/* What scripts write, and what they ask for at the wish of whoever has written. */
#include "tests/unit/lua/script_world.h"

#include "ports/messaging.h"

static struct call *alice, *bob;

static void begin(const char *source)
{
    script_policy(source);
    alice = world_join(script.focus, "alice", "demo");
    bob = world_join(script.focus, "bob", "demo");
    log_catch();
}

static void hang_up(void)
{
    world_hang_up(script.focus, alice);
    world_hang_up(script.focus, bob);
}

static int write_as(struct call *call, const char *text)
{
    struct incoming_message message = {.from = call->info, .call = call, .text = text};

    focus_signalling_events()->on_message(&message, script.focus);
    script_turn();
    return message.code;
}

static void what_is_no_text_is_misuse_told_with_its_line(void **state)
{
    (void)state;
    begin("local bad = { '', ('x'):rep(4097), 'a\\0b', '\\27[1m', '\\255' }\n"
          "function policy.messaged(event, conference, participant)\n"
          "  for _, text in ipairs(bad) do\n"
          "    local ok, why = pcall(participant.message, participant, text)\n"
          "    assert(not ok and why:find 'message:', why)\n"
          "    assert(not pcall(conference.message, conference, text))\n"
          "  end\n"
          "  assert(participant:message 'one\\n\\ttwo')\n"
          "  conference:message(4)\n" /* as elsewhere in Lua, a number is a text */
          "  participant:message ''\n"
          "end\n");
    assert_int_equal(write_as(alice, "go"), 202);
    script_turn();
    assert_string_equal(alice->read->bytes, "one\n\ttwo");
    assert_string_equal(bob->read->bytes, "alice: go");
    assert_contains(log_caught(), "a text has 1 to 4096 bytes, not 0");
    hang_up();
}

static void a_phone_that_takes_none_is_said_to(void **state)
{
    (void)state;
    begin("function policy.digit(event, conference, participant)\n"
          "  local ok, why, code = participant:message 'hi'\n"
          "  participant:rename(tostring(participant.takes_messages) .. tostring(code) .. why)\n"
          "end\n");
    world_hang_up(script.focus, alice);
    alice = world_call_from("alice", "demo", "127.0.0.1");
    alice->info.takes_messages = false;
    focus_signalling_events()->on_incoming(alice, script.focus);
    world_session(script.focus, alice, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(alice, script.focus);
    focus_mixing_events()->on_digit(alice->user, '1', 100, script.focus);
    script_turn();
    assert_string_equal(participant_display_name(participant_of(alice)),
                        "false405its phone takes no messages");
    (void)log_caught();
    hang_up();
}

static void the_wish_is_that_of_who_has_written(void **state)
{
    (void)state;
    begin("function policy.lock(request)\n"
          "  local a = request.actor\n"
          "  if a.kind ~= 'caller' or a.user ~= 'alice' then return reject(403, a.uri) end\n"
          "  return accept()\n"
          "end\n"
          "function policy.messaged(event, conference, participant)\n"
          "  local ok, why = parley.on_behalf(function() return conference:lock() end)\n"
          "  participant:message(tostring(ok or why))\n"
          "  pcall(parley.on_behalf, function() error 'oh' end)\n"
          "  if event.text == 'then' then ok, why = conference:lock() end\n"
          "  participant:message(tostring(ok or why))\n"
          "end\n"
          "function policy.locked() parley.on_behalf(function() end) end\n");
    (void)write_as(bob, "now");
    assert_string_equal(bob->read->bytes, "sip:bob@example.com");
    (void)write_as(bob, "then"); /* as a script again, whatever has failed before */
    assert_non_null(strstr(bob->read->prev->bytes, "site.lua"));
    (void)write_as(alice, "now");
    script_turn();
    assert_true(conference_is_locked(focus_conference_by_name(script.focus, "demo")));
    assert_contains(log_caught(), "parley.on_behalf: nobody has asked for anything here");
    hang_up();
}

static void an_answer_is_for_who_has_written(void **state)
{
    (void)state;
    begin("function policy.message() return accept { relay = false } end\n"
          "function policy.messaged(event, conference, participant)\n"
          "  parley.reply(event.text .. ' yourself')\n"
          "end\n"
          "function policy.digit() parley.reply 'hi' end\n");
    assert_int_equal(write_as(alice, "hi"), 200);
    assert_string_equal(alice->read->bytes, "hi yourself");
    assert_null(bob->read);
    focus_mixing_events()->on_digit(alice->user, '1', 100, script.focus);
    script_turn();
    assert_contains(log_caught(), "parley.reply: nobody has written here");
    hang_up();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(what_is_no_text_is_misuse_told_with_its_line),
        SCRIPT_TEST(a_phone_that_takes_none_is_said_to),
        SCRIPT_TEST(the_wish_is_that_of_who_has_written),
        SCRIPT_TEST(an_answer_is_for_who_has_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
