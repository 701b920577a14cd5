/* SPDX-License-Identifier: Apache-2.0 */
/* Output for a person at a terminal: through a pager, with colours. Anywhere else neither. */
#pragma once
#include <stdbool.h>

#define PAGER_HELP                                                                                 \
	"On a terminal the output goes through the pager that REEVE_PAGER or PAGER names, else "   \
	"less; an\n"                                                                               \
	"empty one, or cat, is none. Denials have a colour there unless NO_COLOR is set.\n"

/* From here on standard output is the pager's, if there is to be one; what cannot be started is
 * left out. pager_end waits until the person has seen enough. */
void pager_start(void);
void pager_end(void);

/* Whether a person sees standard output, and wants colours. Ask before pager_start. */
bool pager_colour(void);
