#include "doctor/private.h"
const struct check checks_initiate[] = {{0}};
