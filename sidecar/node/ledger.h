/* SPDX-License-Identifier: Apache-2.0 */
/* Does the record add up? Pure arithmetic over the numbers that are stored and the kernel's
 * counters: last number + 1 = stored + lost + cut + dropped, in all and by kind; and what the kernel
 * counted instead of recording = what the REPEAT records say + lost + pending, by kind. Cut: the node
 * took it away again; dropped: it did not store it, as the disk was full. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "bpf/abi.h"
#include "sidecar/common/json.h"
#include "sidecar/node/cuts.h"
#include "sidecar/node/numbers.h"

#define LEDGER_GAPS_MAX 64 /* ranges listed; the rest is counted */

struct ledger_gap {
	uint64_t from, to; /* both missing */
};

struct ledger {
	/* set by the caller: a checkpoint above it may still have forerunners under way */
	uint64_t settled;
	const struct numbers *gone; /* cut or dropped, those still to come at least; NULL: none */
	struct cuts cuts;	    /* their numbers by kind */
	uint64_t cut_untold; /* numbers in gone less those in cuts, or the reverse */

	/* from the stored numbers, ascending */
	bool any;
	uint64_t first, last;
	uint64_t stored;
	uint64_t kinds[RV_KIND_MAX]; /* stored, by kind; [0] of unknown kinds */
	bool armed;		     /* number 0 is stored */
	uint64_t checkpoints;
	uint64_t checkpoint;			/* the last settled one's number, 0 none */
	bool closed;				/* CLOSE is stored */
	uint64_t missing; /* up to last, neither cut nor dropped; number 0 counted by finish */
	uint64_t gone_n;  /* up to last, cut or dropped */
	uint64_t passed;  /* numbers up to it are accounted for, as those up to last are */
	size_t gone_at;	  /* the range of gone that is looked at next */
	uint64_t missing_checked;		/* of those, up to the last checkpoint */
	uint64_t repeats[RV_MERGE_MAX];		/* sums of the stored REPEAT records, by kind */
	uint64_t repeats_checked[RV_MERGE_MAX]; /* of those, up to the last checkpoint */
	uint64_t repeats_foreign;		/* of a kind whose repetitions are not counted */
	struct ledger_gap gaps[LEDGER_GAPS_MAX];
	uint64_t gap_count;

	/* from ledger_finish */
	bool ended;
	struct rv_counters counters;
	uint64_t duplicates, refused;
	uint64_t expected; /* numbers given: last + 1, or last where 0 never was */
	uint64_t lost;
	uint64_t unexplained; /* missing beyond what the counters say is lost, or the reverse */
	uint64_t pending[RV_MERGE_MAX]; /* counted, the REPEAT still to come; none once ended */
	uint64_t unexplained_repeats;	/* counted and never told, or the reverse */
	unsigned kind;			/* one kind that does not add up, 0 none */
	bool exact;
};

/* Numbers strictly ascending. */
void ledger_add(struct ledger *l, uint64_t seq, unsigned kind);
/* The ranges of gone are others now: those that end behind the last number. */
void ledger_gone(struct ledger *l, const struct numbers *gone);
/* There is no record up to that number behind the last one: the ranges of gone end there. */
void ledger_pass(struct ledger *l, uint64_t to);
/* What a REPEAT record says, before ledger_add with its number. */
void ledger_repeat(struct ledger *l, unsigned of_kind, uint64_t count);
/* counters: as of CLOSE once ended, else the latest known. */
void ledger_finish(struct ledger *l, const struct rv_counters *counters, bool ended);

/* id: the container's; NULL: it is of the node's own log. */
void ledger_to_json(const struct ledger *l, const char *id, struct json_out *o);
/* Lines for people. Returns a string to free, NULL without memory. */
char *ledger_to_text(const struct ledger *l, const char *id);
