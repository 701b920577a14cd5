/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `reeve doctor`. A check looks and says; it changes nothing and does not block. */
#pragma once
#include <stdio.h>
#include "sidecar/common/host.h"

enum doctor_status { DOCTOR_OK, DOCTOR_NOT_OK, DOCTOR_NOTE };

/* text has HOST_TEXT_MAX bytes: what was found and, unless all is well, what to do. */
enum doctor_status doctor_slots(char *text);
enum doctor_status doctor_loaded(char *text);
enum doctor_status doctor_events(char *text);

/* One call per hook registration found in a hooks.d directory; one in all when there is none. */
void doctor_hooks(void (*say)(void *arg, const char *name, enum doctor_status status,
			      const char *text),
		  void *arg);
