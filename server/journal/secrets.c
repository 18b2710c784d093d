/* What must not be read in a recording, by names: "secret1". */
#include "journal/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRETS_MOST = 10000 };

struct secrets {
    bool are_told;
    json_t *names;   /* by what they stand for */
    json_t *options; /* array: the names of those that are secret */
    char name[32];
};

int secrets_create(bool are_told, const json_t *options, struct secrets **secretsp)
{
    struct secrets *secrets = calloc(1, sizeof *secrets);

    if (!secrets)
        return ENOMEM;
    secrets->are_told = are_told;
    secrets->names = json_object();
    secrets->options = json_incref((json_t *)options);
    *secretsp = secrets;
    return 0;
}

void secrets_destroy(struct secrets *secrets)
{
    if (!secrets)
        return;
    json_decref(secrets->names);
    json_decref(secrets->options);
    free(secrets);
}

const char *secret_text(struct secrets *secrets, const char *text)
{
    const json_t *known = json_object_get(secrets->names, text);
    size_t count = json_object_size(secrets->names);

    if (secrets->are_told)
        return text;
    if (known)
        return json_string_value(known);
    /* Of more than these nothing is said but that there was one. */
    if (count >= SECRETS_MOST)
        return "secret";
    (void)snprintf(secrets->name, sizeof secrets->name, "secret%zu", count + 1);
    if (json_object_set_new(secrets->names, text, json_string(secrets->name)))
        return "secret";
    return secrets->name;
}

/* All texts in the value are secrets. */
static void learn(struct secrets *secrets, const json_t *value)
{
    const char *key;
    json_t *inner;
    size_t i;

    if (json_is_string(value) && *json_string_value(value))
        (void)secret_text(secrets, json_string_value(value));
    json_array_foreach(value, i, inner)
    {
        learn(secrets, inner);
    }
    json_object_foreach((json_t *)value, key, inner)
    {
        learn(secrets, inner);
    }
}

void secrets_learn_options(struct secrets *secrets, const json_t *options, bool is_of_other)
{
    const json_t *name;
    size_t i;

    if (is_of_other)
        learn(secrets, options);
    json_array_foreach(secrets->options, i, name)
    {
        learn(secrets, json_object_get(options, json_string_value(name)));
    }
}

static json_t *mask_text(struct secrets *secrets, const json_t *value)
{
    json_t *name = json_object_get(secrets->names, json_string_value(value));

    return name && !secrets->are_told ? json_incref(name) : json_copy((json_t *)value);
}

json_t *secrets_mask(struct secrets *secrets, const json_t *value)
{
    json_t *masked, *inner;
    const char *key;
    size_t i;

    if (json_is_string(value))
        return mask_text(secrets, value);
    masked = json_copy((json_t *)value); /* a shallow one, whose values are replaced below */
    json_array_foreach(value, i, inner)
    {
        (void)json_array_set_new(masked, i, secrets_mask(secrets, inner));
    }
    json_object_foreach((json_t *)value, key, inner)
    {
        (void)json_object_set_new(masked, key, secrets_mask(secrets, inner));
    }
    return masked;
}
