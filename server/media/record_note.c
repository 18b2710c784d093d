/* Texts beside recordings: what is in them, and whose voice is where. */
#include "media/engine.h"
#include "media/recorder.h"

#include "core/failure.h"
#include "core/folders.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- focus thread ---- */

int note_create(void *ctx, const char *file, const char *text)
{
    struct media *media = ctx;
    size_t length = strlen(text);
    char path[PATH_SIZE];
    struct note *note;
    int err;

    clips_place_recording(media->clips, file, path);
    note = malloc(sizeof *note + strlen(path) + length + 2);
    if (note == NULL) {
        return ENOMEM;
    }
    *note = (struct note){.disk.is_note = true};
    note->text = memcpy(stpcpy(note->path, path) + 1, text, length + 1);
    err = worker_post(media->disk, &note->disk.job);
    if (err != 0) {
        free(note);
    }
    return err;
}

void note_written(struct note *note)
{
    free(note);
}

/* ---- the disk's thread ---- */

static bool write_text(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t count = write(fd, text, left);

        if (count < 0) {
            return false;
        }
        text += count;
        left -= (size_t)count;
    }
    return fsync(fd) == 0;
}

/* Under another name first: there is always a whole one. */
void note_write(const struct note *note)
{
    char path[PATH_SIZE];
    int fd = -1;
    bool is_good = false;

    (void)folders_make_above(note->path);
    if (snprintf(path, sizeof path, "%s.new", note->path) < (int)sizeof path) {
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0640);
    }
    if (fd >= 0) {
        is_good = write_text(fd, note->text);
        is_good = close(fd) == 0 && is_good;
    }
    if (!is_good || rename(path, note->path) != 0) {
        log_error("recording: %s cannot be written: %s", note->path, failure_text(errno));
        if (fd >= 0) {
            (void)unlink(path);
        }
    }
}
