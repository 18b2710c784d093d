/* What a conversation has others do while it waits: the web client, the store. */
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"

#include <stdlib.h>

struct errand {
    struct lua_engine *engine;
    struct ticket ticket;
    void *under_way; /* by the name of who does it; NULL: it is done */
};

struct errand *errand_make(lua_State *L, struct conversation *conversation)
{
    struct errand *errand;

    errand = calloc(1, sizeof *errand);
    if (!errand)
        script_error(L, "out of memory");
    (void)errand_drop(conversation); /* of a method that has raised: it never began */
    errand->engine = conversation->generation->engine;
    errand->ticket = conversation_ticket(conversation);
    conversation->errand = errand;
    return errand;
}

void errand_begun(struct errand *errand, void *under_way)
{
    errand->under_way = under_way;
}

void *errand_drop(struct conversation *conversation)
{
    struct errand *errand = conversation->errand;
    void *under_way = errand ? errand->under_way : NULL;

    free(errand);
    conversation->errand = NULL;
    return under_way;
}

void errand_finish(struct errand *errand, void *result, void (*release)(void *result))
{
    struct outcome outcome = {.is_good = true, .result = result, .release = release};
    struct ticket ticket = errand->ticket;
    struct lua_engine *engine = errand->engine;

    errand->under_way = NULL; /* the conversation still has the errand, whose wait will drop it */
    if (!result)
        outcome = (struct outcome){.text = "out of memory"};
    if (!conversation_finish(engine, &ticket, &outcome) && outcome.result)
        release(outcome.result);
}
