/*
 * parley-prompts VOICE TABLE DIRECTORY: speaks each prompt of a table, "name<TAB>text" a line, into
 * DIRECTORY/name.wav, by espeak-ng. Run by the build. A file that says the same text already is
 * left alone (the text stands in it as its title), one whose name the table has no more is removed.
 *
 * All are 16 kHz mono, without the silence around them, at one loudness, with soft edges, so that
 * one can be played right behind the other.
 */
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <sndfile.h>
#include <spawn.h>
#include <speex/speex_resampler.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    RATE = 16000,   /* Hz */
    MARGIN_MS = 25, /* of the silence that stays on either side: words need a little between them */
    EDGE_MS = 8,    /* in which a file comes and goes */
    QUALITY = 10,   /* of the resampler */
    LINE_MAX = 1000,
    SPEAKING_MAX = 60 * 48000, /* samples */
};

static const float LOUDNESS = 0.1F;   /* RMS of what is spoken: −20 dBov */
static const float PEAK_MOST = 0.89F; /* −1 dBov */
static const float QUIET = 0.01F;     /* −40 dBov: less than this is silence */

extern char **environ;

struct sound {
    float *samples;
    size_t count;
    int rate;
};

static bool complain(const char *what, const char *about)
{
    fprintf(stderr, "parley-prompts: %s: %s\n", about, what);
    return false;
}

/* ---- speaking ------------------------------------------------------------------------------- */

static bool run_espeak(const char *voice, const char *text, const char *path)
{
    char *arguments[] = {"espeak-ng", "-v",         (char *)voice, "-s",         "160",
                         "-w",        (char *)path, "--",          (char *)text, NULL};
    pid_t pid;
    int status;
    int error = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ);

    if (error) {
        return complain(strerror(error), "espeak-ng");
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return complain(strerror(errno), "espeak-ng");
        }
    }
    return status == 0 || complain("espeak-ng cannot say it", text);
}

static bool sound_read(const char *path, struct sound *sound)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    bool is_good = file && info.channels == 1 && info.frames > 0 && info.frames < SPEAKING_MAX;

    *sound = (struct sound){.rate = info.samplerate};
    if (is_good) {
        sound->samples = calloc((size_t)info.frames, sizeof *sound->samples);
    }
    if (sound->samples) {
        sound->count = (size_t)sf_readf_float(file, sound->samples, info.frames);
    }
    if (file) {
        (void)sf_close(file);
    }
    return sound->count > 0 || complain("is no speech that can be read", path);
}

static bool sound_resample(struct sound *sound)
{
    spx_uint32_t in = (spx_uint32_t)sound->count;
    spx_uint32_t out = (spx_uint32_t)(sound->count * RATE / (size_t)sound->rate);
    SpeexResamplerState *state =
        speex_resampler_init(1, (spx_uint32_t)sound->rate, RATE, QUALITY, NULL);
    float *made = calloc(out + 1, sizeof *made);

    if (state && made) {
        (void)speex_resampler_skip_zeros(state);
        (void)speex_resampler_process_float(state, 0, sound->samples, &in, made, &out);
        free(sound->samples);
        *sound = (struct sound){.samples = made, .count = out, .rate = RATE};
    } else {
        free(made);
    }
    if (state) {
        speex_resampler_destroy(state);
    }
    return sound->rate == RATE;
}

static void sound_trim(struct sound *sound)
{
    size_t margin = RATE / 1000 * MARGIN_MS, first = 0, last = sound->count;

    while (first < last && fabsf(sound->samples[first]) < QUIET) {
        first++;
    }
    while (last > first && fabsf(sound->samples[last - 1]) < QUIET) {
        last--;
    }
    first = first > margin ? first - margin : 0;
    last = last + margin < sound->count ? last + margin : sound->count;
    sound->count = last - first;
    memmove(sound->samples, sound->samples + first, sound->count * sizeof *sound->samples);
}

/* Pauses do not count: a sentence is as loud as a word. */
static void sound_level(struct sound *sound)
{
    size_t spoken = 0, edge = RATE / 1000 * EDGE_MS;
    double energy = 0;
    float peak = 0, gain;

    for (size_t i = 0; i < sound->count; i++) {
        float size = fabsf(sound->samples[i]);

        peak = fmaxf(peak, size);
        if (size >= QUIET) {
            energy += (double)size * (double)size;
            spoken++;
        }
    }
    gain = spoken > 0 ? LOUDNESS / (float)sqrt(energy / (double)spoken) : 0;
    gain = peak * gain > PEAK_MOST ? PEAK_MOST / peak : gain;
    for (size_t i = 0; i < sound->count; i++) {
        size_t near = i < sound->count - 1 - i ? i : sound->count - 1 - i;

        sound->samples[i] *= near < edge ? gain * (float)near / (float)edge : gain;
    }
}

static bool sound_write(const struct sound *sound, const char *text, const char *path)
{
    SF_INFO info = {.samplerate = RATE, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    sf_count_t count = (sf_count_t)sound->count;
    bool is_good;

    if (!file) {
        return complain(sf_strerror(NULL), path);
    }
    is_good = sf_set_string(file, SF_STR_TITLE, text) == 0 &&
              sf_writef_float(file, sound->samples, count) == count;
    return (sf_close(file) == 0 && is_good) || complain("cannot be written", path);
}

/* ---- the table ------------------------------------------------------------------------------ */

static bool says(const char *path, const char *text)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    const char *title = file ? sf_get_string(file, SF_STR_TITLE) : NULL;
    bool is_same = title && strcmp(title, text) == 0;

    if (file) {
        (void)sf_close(file);
    }
    return is_same;
}

static bool prompt_make(const char *voice, const char *text, const char *path)
{
    struct sound sound = {0};
    char spoken[LINE_MAX * 2 + 8];
    bool is_good;

    if (says(path, text)) {
        return true;
    }
    (void)snprintf(spoken, sizeof spoken, "%s.new", path);
    is_good =
        run_espeak(voice, text, spoken) && sound_read(spoken, &sound) && sound_resample(&sound);
    if (is_good) {
        sound_trim(&sound);
        sound_level(&sound);
        is_good = sound_write(&sound, text, spoken) &&
                  (rename(spoken, path) == 0 || complain(strerror(errno), path));
    }
    free(sound.samples);
    return is_good;
}

/* Removes the files whose names `names` ("\nwelcome\nmenu\n") does not have. */
static void remove_others(const char *directory, const char *names)
{
    char pattern[LINE_MAX];
    glob_t found;

    (void)snprintf(pattern, sizeof pattern, "%s/*.wav", directory);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = strrchr(found.gl_pathv[i], '/') + 1;
        char entry[LINE_MAX];

        (void)snprintf(entry, sizeof entry, "\n%.*s\n", (int)strlen(name) - 4, name);
        if (!strstr(names, entry)) {
            (void)unlink(found.gl_pathv[i]);
        }
    }
    globfree(&found);
}

static bool table_make(const char *voice, FILE *table, const char *directory, char *names,
                       size_t names_size)
{
    char line[LINE_MAX], path[LINE_MAX * 2];
    bool is_good = true;
    size_t used;

    while (is_good && fgets(line, sizeof line, table)) {
        char *text = strchr(line, '\t');

        line[strcspn(line, "\n")] = '\0';
        if (*line == '\0' || *line == '#') {
            continue;
        }
        if (text) {
            *text++ = '\0';
        }
        if (!text || !*text || strpbrk(line, "/.:")) {
            return complain("a line must be: name, tab, text", line);
        }
        used = strlen(names);
        if (used + strlen(line) + 2 > names_size) {
            return complain("too many prompts", line);
        }
        (void)snprintf(names + used, names_size - used, "%s\n", line);
        (void)snprintf(path, sizeof path, "%s/%s.wav", directory, line);
        is_good = prompt_make(voice, text, path);
    }
    return is_good;
}

int main(int argc, char **argv)
{
    static char names[65536] = "\n";
    FILE *table = argc == 4 ? fopen(argv[2], "r") : NULL;
    bool is_good;

    if (!table) {
        fprintf(stderr, "usage: parley-prompts VOICE TABLE DIRECTORY\n");
        return 2;
    }
    is_good = table_make(argv[1], table, argv[3], names, sizeof names);
    (void)fclose(table);
    if (is_good) {
        remove_others(argv[3], names);
    }
    return is_good ? 0 : 1;
}
