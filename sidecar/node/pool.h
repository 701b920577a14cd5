/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the pool of prepared slots filled, so that no container waits for its maps. */
#pragma once

struct node;

/* Looks every second; when the pool runs low the sibling reeve-load fills it up, one at a time. */
void pool_init(struct node *n);
void pool_release(struct node *n);
