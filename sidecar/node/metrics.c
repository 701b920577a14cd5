/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics.h. A sum over the containers' store and the node's own log is one number: whose record it is
 * does not matter to who watches the node. */
#include "sidecar/node/metrics.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "sidecar/common/event.h"
#include "sidecar/common/mark.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/live/kept.h"
#include "sidecar/node/client.h"
#include "sidecar/node/node.h"
#include "sidecar/node/syncs.h"

void metrics_head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_one(FILE *f, const char *name, const char *type, const char *help, uint64_t value)
{
	metrics_head(f, name, type, help);
	fprintf(f, "%s %" PRIu64 "\n", name, value);
}

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static void put_build(FILE *f)
{
	metrics_head(f, "reeve_build_info", "gauge", "Always 1; the label says which build runs.");
	fprintf(f, "reeve_build_info{version=\"%s\"} 1\n", REEVE_BUILD);
}

static const unsigned kinds[] = {
#define KIND(NAME, number, name, cause, profile, doc) number,
    RV_KINDS(KIND)
#undef KIND
};

/* One series a kind: what the two stores counted. */
static void put_kinds(FILE *f, const char *name, const char *help, const uint64_t *of, const uint64_t *own)
{
	metrics_head(f, name, "counter", help);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		fprintf(f, "%s{kind=\"%s\"} %" PRIu64 "\n", name, event_kind_name(kinds[i]),
			of[kinds[i]] + own[kinds[i]]);
}

static void put_records(const struct node *n, FILE *f)
{
	const struct counts *c = &n->store.counts, *own = &n->nodelog.store.counts;

	put_kinds(f, "reeve_records_stored_total", "Records committed, by kind.", c->stored, own->stored);
	put_kinds(f, "reeve_records_dropped_total", "Records counted and not stored, as the disk was full.",
		  c->dropped, own->dropped);
	put_kinds(f, "reeve_records_cut_total", "Records that retention took out of a database that stays.",
		  c->cut, own->cut);
	metrics_head(f, "reeve_records_lost_total", "counter",
		     "Records that took a number and were not stored, by kind and where that was.");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		fprintf(f, "reeve_records_lost_total{kind=\"%s\",where=\"ring\"} %" PRIu64 "\n",
			event_kind_name(kinds[i]), c->lost[kinds[i]] + own->lost[kinds[i]]);
	fprintf(f, "reeve_records_lost_total{kind=\"args\",where=\"bulk\"} %" PRIu64 "\n", n->bulk.dropped);
	fprintf(f, "reeve_records_lost_total{kind=\"unknown\",where=\"node_log\"} %" PRIu64 "\n",
		n->nodelog.dropped);
}

static void put_errors(const struct node *n, FILE *f)
{
	static const char *const names[] = {
	    [RV_ERROR_SCRATCH] = "scratch", [RV_ERROR_PATH] = "path",	[RV_ERROR_STORAGE] = "storage",
	    [RV_ERROR_ARGS] = "args",	    [RV_ERROR_RING] = "ring",	[RV_ERROR_NOTE] = "note",
	    [RV_ERROR_LOADED] = "loaded"};

	metrics_head(f, "reeve_kernel_errors_total", "counter",
		     "What went wrong in the programs beside losses, by what it was about.");
	for (unsigned e = 0; e < ARRAY_SIZE(names); e++)
		fprintf(f, "reeve_kernel_errors_total{about=\"%s\"} %" PRIu64 "\n", names[e],
			n->store.counts.errors[e] + n->nodelog.store.counts.errors[e]);
}

/* What looking at every life once tells. */
struct look {
	uint64_t armed, not_armed, ended, alone, refused, bytes;
};

static bool is_refused(const struct life *l)
{
	struct kept_id id = {.generation = l->meta.generation};
	char why[KEPT_REFUSED_MAX];

	memcpy(id.key, l->meta.key, sizeof(id.key) - 1);
	return kept_refused(&id, why) == 0;
}

static struct look look_at(const struct node *n)
{
	struct look k = {};

	for (const struct life *l = n->lives.first; l; l = l->next) {
		k.bytes += store_bytes(&n->store, l);
		if (l->ended) {
			k.ended++;
			continue;
		}
		*(l->armed ? &k.armed : &k.not_armed) += 1;
		k.alone += !l->stream;
		k.refused += is_refused(l);
	}
	for (const struct life *l = n->nodelog.lives.first; l; l = l->next)
		k.bytes += store_bytes(&n->nodelog.store, l);
	return k;
}

static void put_containers(const struct look *k, FILE *f)
{
	metrics_head(f, "reeve_containers", "gauge",
		     "Containers on record, by state; not_armed: running, its entrypoint has not begun.");
	fprintf(f, "reeve_containers{state=\"armed\"} %" PRIu64 "\n", k->armed);
	fprintf(f, "reeve_containers{state=\"not_armed\"} %" PRIu64 "\n", k->not_armed);
	fprintf(f, "reeve_containers{state=\"ended\"} %" PRIu64 "\n", k->ended);
}

static void put_commits(const struct node *n, FILE *f)
{
#define BOUND(us) us,
	static const uint64_t bounds_us[] = {COUNTS_COMMIT_BOUNDS(BOUND)};
#undef BOUND
	static const char name[] = "reeve_store_commit_seconds";
	const struct counts *c = &n->store.counts, *own = &n->nodelog.store.counts;
	uint64_t sum = 0;

	metrics_head(f, name, "histogram", "How long transactions took to be on disk.");
	for (unsigned i = 0; i < COUNTS_BUCKETS; i++) {
		sum += c->commits[i] + own->commits[i];
		if (i < ARRAY_SIZE(bounds_us))
			fprintf(f, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)bounds_us[i] / 1e6, sum);
		else
			fprintf(f, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, sum);
	}
	fprintf(f, "%s_sum %.9f\n%s_count %" PRIu64 "\n", name, seconds(c->commit_ns + own->commit_ns), name,
		sum);
}

static void put_syncs(FILE *f)
{
	struct syncs s = syncs_now();

	metrics_one(f, "reeve_store_syncs_total", "counter", "Calls of fsync and fdatasync.", s.count);
	metrics_head(f, "reeve_store_sync_seconds_total", "counter", "Time spent in them.");
	fprintf(f, "reeve_store_sync_seconds_total %.9f\n", seconds(s.ns));
}

static void put_queries(const struct node *n, FILE *f)
{
	const struct query_counts *q = &n->query_counts;

	metrics_head(f, "reeve_query_clients_refused_total", "counter",
		     "Clients whose connection was ended early, by why.");
	fprintf(f, "reeve_query_clients_refused_total{why=\"too_many\"} %" PRIu64 "\n", q->turned_away);
	fprintf(f, "reeve_query_clients_refused_total{why=\"stalled\"} %" PRIu64 "\n", q->stalled);
	fprintf(f, "reeve_query_clients_refused_total{why=\"silent\"} %" PRIu64 "\n", q->silent);
	fprintf(f, "reeve_query_clients_refused_total{why=\"malformed\"} %" PRIu64 "\n", q->malformed);
	metrics_head(f, "reeve_query_work_seconds_total", "counter", "Time spent on answering queries.");
	fprintf(f, "reeve_query_work_seconds_total %.9f\n", seconds(q->work_ns));
}

struct row {
	const char *name, *type, *help;
	uint64_t value;
};

static void put_rows(FILE *f, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		metrics_one(f, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
}

static void put_sums(const struct node *n, FILE *f)
{
	const struct counts *c = &n->store.counts, *own = &n->nodelog.store.counts;
	const struct row rows[] = {
	    {"reeve_record_bytes_stored_total", "counter", "Bytes of the records committed.",
	     c->stored_bytes + own->stored_bytes},
	    {"reeve_denied_total", "counter", "Stored records of acts that were denied.", c->denied},
	    {"reeve_would_deny_total", "counter", "Stored records of acts that audit mode would have denied.",
	     c->would_deny},
	    {"reeve_repetitions_total", "counter", "Acts counted instead of recorded, as repetitions.",
	     c->merged + own->merged},
	    {"reeve_repetitions_lost_total", "counter", "Of those, what no record tells any more.",
	     c->merged_lost + own->merged_lost},
	    {"reeve_records_duplicate_total", "counter", "Records that came again and were not stored again.",
	     c->duplicates + own->duplicates},
	    {"reeve_records_refused_total", "counter",
	     "Records that an agent brought of another container than its own.", c->refused + own->refused},
	    {"reeve_bulk_blocks_total", "counter", "Argument blocks too big for their record, stored.",
	     n->bulk.blocks},
	    {"reeve_bulk_bytes_total", "counter", "Bytes of those blocks.", n->bulk.bytes},
	    {"reeve_store_commit_failures_total", "counter",
	     "Transactions that could not be written; they are tried again.",
	     c->commits_failed + own->commits_failed},
	    {"reeve_databases_removed_total", "counter", "Ended containers' databases that retention removed.",
	     n->retention.removed},
	    {"reeve_agents_refused_total", "counter",
	     "Connections to the agents' socket that were refused: no agent, or not its own container's.",
	     n->refused_peers},
	    {"reeve_successors_total", "counter", "Agents started in place of those that died.",
	     n->adopt.started},
	    {"reeve_policy_reloads_total", "counter", "Times that running containers' policies were looked at anew.",
	     n->watch.refreshes},
	    {"reeve_policy_reload_failures_total", "counter",
	     "Of those, and of such by hand since boot, where some policy was refused.",
	     mark_count(MARK_REFRESH_FAILED)},
	    {"reeve_unguarded_starts_total", "counter",
	     "Containers started since boot without the guard that they were to have.",
	     mark_count(MARK_UNGUARDED)},
	    {"reeve_queries_total", "counter", "Questions asked on the query socket.", n->query_counts.asked},
	};

	put_rows(f, rows, ARRAY_SIZE(rows));
}

static void put_states(const struct node *n, const struct look *k, FILE *f)
{
	const struct row rows[] = {
	    {"reeve_containers_without_agent", "gauge", "Running containers with no agent connected.", k->alone},
	    {"reeve_containers_policy_refused", "gauge",
	     "Running containers whose last change of policy was refused.", k->refused},
	    {"reeve_agents", "gauge", "Agents connected.", n->stream_count},
	    {"reeve_agents_waiting", "gauge", "Of those, how many wait for a store that cannot be written.",
	     n->stalled_count},
	    {"reeve_query_clients", "gauge", "Clients connected to the query socket.", n->client_count},
	    {"reeve_store_bytes", "gauge", "Bytes of all databases on disk.", k->bytes},
	    {"reeve_disk_level", "gauge",
	     "How full the disk is: 0 free, 1 tight, 2 short, 3 scarce, 4 full; from 2 on some records are dropped.",
	     n->disk.level},
	    {"reeve_disk_free_bytes", "gauge", "Bytes free on the disk of the databases.", n->disk.free},
	    {"reeve_disk_floor_bytes", "gauge", "Fewer are not free enough.", n->disk.floor},
	    {"reeve_reserve_bytes", "gauge", "Bytes of evidence that wait in the reserve for room.",
	     n->disk.spill.end - n->disk.spill.begin},
	    {"reeve_config_refused", "gauge", "1: node.json is refused; what was in force before still is.",
	     n->retention.refused[0] != 0},
	    {"reeve_stores_open", "gauge", "Databases open.",
	     n->store.open_count + n->nodelog.store.open_count},
	    {"reeve_programs_loaded", "gauge", "1: the programs are loaded and the node's own log is recorded.",
	     n->nodelog.life != NULL},
	};

	put_rows(f, rows, ARRAY_SIZE(rows));
}

static void put_all(const struct node *n, FILE *f)
{
	struct look k = look_at(n);

	put_build(f);
	put_records(n, f);
	put_sums(n, f);
	put_errors(n, f);
	put_containers(&k, f);
	put_states(n, &k, f);
	put_commits(n, f);
	put_syncs(f);
	put_queries(n, f);
	metrics_process(f);
}

int metrics_text(struct node *n, const char **ret, size_t *ret_len)
{
	struct metrics *m = &n->metrics;
	uint64_t now = util_now_ns();
	_free_ char *text = NULL;
	size_t len = 0;
	FILE *f;
	bool failed;

	if (!m->text || now - m->made_ns >= METRICS_FRESH_NS) {
		f = open_memstream(&text, &len);
		if (!f)
			return -ENOMEM;
		put_all(n, f);
		failed = ferror(f);
		if (fclose(f) != 0 || failed)
			return -ENOMEM;
		free(m->text);
		*m = (struct metrics){TAKE_PTR(text), len, now};
	}
	*ret = m->text;
	*ret_len = m->len;
	return 0;
}

void metrics_release(struct node *n)
{
	free(n->metrics.text);
	n->metrics = (struct metrics){};
}
