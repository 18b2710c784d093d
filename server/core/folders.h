/* Any thread that may wait for a disk. */
#ifndef CORE_FOLDERS_H
#define CORE_FOLDERS_H

/* Makes the folders above a file, for us and to be read by our group. What goes wrong is told when
 * that file is opened; returned is why they could not be made (an errno), where that would only say
 * that it is not there. */
int folders_make_above(const char *file);

#endif
