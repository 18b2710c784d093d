/*
 * File descriptors run out before memory does. The last ones are kept for what an operator needs
 * (status, stop, a reload); calls and connections are turned away before. Any thread.
 */
#ifndef CORE_DESCRIPTORS_H
#define CORE_DESCRIPTORS_H

#include <stdbool.h>

/* Whether `fd`, just opened, is one of the last: close it, and say EMFILE. */
bool descriptor_is_reserve(int fd);

#endif
