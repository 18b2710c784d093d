/* Why what was wished for could not be done: one table for all that scripts and operators ask. */
#include "focus/focus.h"

#include "core/failure.h"
#include "core/sound_kind.h"

#include <errno.h>

const char *focus_failure(int error, int *codep)
{
    static const struct {
        int error, code;
        const char *reason;
    } reasons[] = {
        {EPROTONOSUPPORT, 400, "no codec of that name"},
        {ECANCELED, 480, "the call cannot be changed now"},
        {EBUSY, 491, "the call is being changed already"},
        {ENODATA, 480, "the call has no sound"},
        {ENXIO, 404, "the mix has no bus of that name"},
        {ENOSR, 503, "the mix has no bus left"},
        {EINVAL, 500, "it holds nothing at the rate of the conference"},
        {ENOBUFS, 503, "too many announcements wait already"},
        {ENOTCONN, 480, "nobody is in the conference"},
        {EALREADY, 491, "it is recorded already"},
        {EEXIST, 491, "another recording has that name"},
        {ENOPROTOOPT, 405, "its phone takes no messages"},
        {EMSGSIZE, 480, "too many messages are on their way to it"},
        {EOVERFLOW, 491, "it pauses and goes on too often at once"},
        {ENAMETOOLONG, 414, "the name of the recording is too long"},
        {ENOTUNIQ, 414, "no part of a recording's name may be empty or \".\""},
        {ENOTSUP, 415, "a recording ends in " SOUND_ENDINGS},
        {EAGAIN, 503, NULL},
        {0, 500, NULL},
    };
    unsigned i = 0;

    while (reasons[i].error && reasons[i].error != error)
        i++;
    *codep = reasons[i].code;
    return reasons[i].reason ? reasons[i].reason : failure_text(error);
}
