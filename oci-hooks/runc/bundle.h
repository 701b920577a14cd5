/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle's configuration file gets our hook. */
#pragma once
#include <stddef.h>

/* bundle, config: as the runtime's command line names them; a config that is not "config.json" is looked for
 * from here, as crun does. hook as in insert.h. The file is
 * replaced whole (owner and mode stay) or not at all. 0: it has the hook, or there is no file and
 * the runtime may say so; else -errno and in error what was found, where, and what to do. */
int bundle_add_hook(const char *bundle, const char *config, const char *const *hook, char *error,
		    size_t error_size);
