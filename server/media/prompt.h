/*
 * Prompts: sound files by name, "welcome". The operator's own come before those that were made
 * with the server, a caller's language before English. Looked up by who reads them, since a disk
 * may be slow; `parley prompts` and `parley check` use it as well.
 */
#ifndef MEDIA_PROMPT_H
#define MEDIA_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/* Where sound files are. "" or NULL: nowhere; for `directory` where the server runs. */
struct sound_places {
    const char *directory;  /* where relative names of files begin */
    const char *own;        /* the operator's prompts */
    const char *shipped;    /* those that were made with the server, a folder a language */
    const char *language;   /* "en": what OWN/name.* is in, and what there is for all others */
    const char *recordings; /* what is recorded */
    const char *temporary;  /* a folder's name: what is recorded below temporary/ goes there, and is
                               this server's alone */
};

/* Whether `file` is the name of a prompt: it has no slash and no extension, and is no tone. */
bool prompt_is_name(const char *file);

/* Finds OWN/LANGUAGE/name.*, OWN/name.*, SHIPPED/LANGUAGE/name.* or SHIPPED/en/name.*, where * is
 * wav, flac, ogg or opus and LANGUAGE that of the places; before these OWN/`language`/name.* and
 * SHIPPED/`language`/name.*, when that is another one. NULL or "": it is none. False: `path` then
 * says where it was looked for. */
bool prompt_find(const struct sound_places *places, const char *language, const char *name,
                 char *path, size_t path_size);

struct prompt_info {
    double seconds;
    char text[200]; /* what it says, as far as the file tells; else "" */
};

/* Looks into the file. EINVAL: `error` says why it cannot be played. */
int prompt_look(const char *path, struct prompt_info *info, char *error, size_t error_size);

#endif
