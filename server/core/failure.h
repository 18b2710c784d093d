/* What the system says went wrong, in words for whoever has to put it right. Any thread. */
#ifndef CORE_FAILURE_H
#define CORE_FAILURE_H

/* Of an errno: "the disk is full". What only a programmer would know what to do about is told as
 * strerror() has it. The text stays. */
const char *failure_text(int error);

#endif
