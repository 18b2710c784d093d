/*
 * Inside the script engine: what is written to conferences and participants. Focus thread.
 */
#ifndef LUA_MESSAGE_H
#define LUA_MESSAGE_H

#include <lua.h>

struct message;

/* The text at `index`; raises when no message can say it. */
const char *message_check(lua_State *L, int index);
int conference_message(lua_State *L);
int participant_message(lua_State *L);
/* parley.reply(text) */
int parley_reply(lua_State *L);
/* Its fields, into the event's table on top of the stack. */
void message_set(lua_State *L, const struct message *message);

#endif
