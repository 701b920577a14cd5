/* SPDX-License-Identifier: Apache-2.0 */
/* The word to the service manager, sd_notify's protocol by hand (one datagram): ready, reloading,
 * stopping, and alive for its watchdog. Nothing without NOTIFY_SOCKET. */
#pragma once

struct node;

/* READY=1, and from now on WATCHDOG=1 from the loop, twice in WATCHDOG_USEC: a loop that stands
 * still is not alive. */
void notify_ready(struct node *n);
/* Around a reload, which is over when it returns: RELOADING=1, READY=1. */
void notify_reloading(void);
void notify_reloaded(void);
void notify_stopping(struct node *n);
