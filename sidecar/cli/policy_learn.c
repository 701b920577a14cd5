/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy learn: an allow-list from what containers did. Refuses where something is missing: a
 * list that lacks what was lost would stop the next run. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "policy.h"
#include "record_read.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/learn/learn.h"
#include "verbs.h"

#define EXIT_OMITTED 3
#define NAME_PREFIX "learned-"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

struct verb {
	struct learn *learn;
	struct learn_options options;
	int64_t since_ns;
	const char *file; /* NULL: stdout */
	char name[64];
};

static int add(void *arg, const struct event *e, bool counted)
{
	return history_add(arg, e, counted);
}

static void put_kinds(uint64_t kinds, char *to, size_t size)
{
	size_t n = 0;

	*to = '\0';
	for (unsigned k = 0; k < RV_KIND_MAX && n < size; k++)
		if (kinds >> k & 1)
			n += (size_t)snprintf(to + n, size - n, "%s%s", n ? ", " : "",
					      event_kind_name(k));
}

/* Kinds that only the widest profile has are not missed: a rule says that nothing is known of them.
 */
static uint64_t kinds_missing(unsigned subject, uint64_t recorded)
{
	uint64_t missing = asked_kinds(subject) & ~recorded;

	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (missing >> k & 1 && event_kind(k)->profile == RV_PROFILE_ALL)
			missing &= ~(1ull << k);
	return missing;
}

static bool has_kinds(const struct verb *v, const char *container, uint64_t recorded)
{
	bool all = true;
	char kinds[1024];

	for (unsigned s = 0; s < RV_SUBJECT_MAX; s++) {
		uint64_t missing = v->options.subjects >> s & 1 ? kinds_missing(s, recorded) : 0;

		if (!missing)
			continue;
		put_kinds(missing, kinds, sizeof(kinds));
		log_err(0,
			"%s: these kinds were not recorded of it, so \"%s\" cannot be learned: %s; "
			"run it with --record normal, or name other --subjects",
			container, policy_subject_name(s), kinds);
		all = false;
	}
	return all;
}

/* What a complete record may still lack. */
static bool has_all(const struct verb *v, const char *container, const struct history *h,
		    const struct record_state *state)
{
	if (state->fault[0] || !h->armed) {
		log_err(0,
			"%s: nothing is learned from a record that is not complete: %s; see "
			"'reeve ledger %s'",
			container, state->fault[0] ? state->fault : "it has no record 0",
			container);
		return false;
	}
	if (h->unknown) {
		log_err(0, "%s: %" PRIu64 " records are of kinds this reeve does not know",
			container, h->unknown);
		return false;
	}
	if (h->notes && v->options.subjects >> RV_SUBJECT_EXEC & 1) {
		log_err(0,
			"%s: the scripts of %" PRIu64 " execs could not be kept ('note' in its "
			"checkpoints), so \"exec\" cannot be learned",
			container, h->notes);
		return false;
	}
	return has_kinds(v, container, h->recorded);
}

static int learn_container(struct verb *v, const char *container)
{
	__attribute__((cleanup(history_release))) struct history h = {.each = learn_add,
								      .arg = v->learn};
	struct record_state state;
	int r = record_read(container, v->since_ns, add, &h, &state);

	if (r == 0)
		r = history_end(&h);
	if (r == -E2BIG)
		log_err(0, "%s: more than %d different acts; --since takes fewer", container,
			LEARN_ACTS_MAX);
	if (r < 0)
		return r;
	if (!has_all(v, container, &h, &state))
		return -EINVAL;
	v->options.recorded &= h.recorded;
	if (!state.ended)
		log_warn(0, "%s still runs: learned from its records up to %" PRIu64, container,
			 state.last);
	if (h.renamed && h.repeated)
		log_warn(
		    0,
		    "%s: %" PRIu64 " directories were renamed while repetitions were counted: "
		    "what was opened under both names may be known by one; --repeat each records "
		    "all",
		    container, h.renamed);
	return 0;
}

static void put_counts(const struct verb *v)
{
	struct learn_counts c = learn_counts(v->learn);

	log_info("policy %s: %" PRIu64 " rules from %" PRIu64 " acts", v->options.name, c.rules,
		 c.learned);
	if (c.denied || c.would_deny)
		log_info("left out: %" PRIu64 " acts that were refused, %" PRIu64
			 " that a policy in audit mode would have refused",
			 c.denied, c.would_deny);
	if (!c.omitted)
		return;
	log_warn(0, "%" PRIu64 " acts went on that the policy does not allow:", c.omitted);
	learn_put_omitted(v->learn, stderr);
}

static int write_policy(const struct verb *v, const char *text)
{
	int r = v->file ? util_write_file(v->file, text, strlen(text), 0644)
			: util_write_all(STDOUT_FILENO, text, strlen(text));

	return r < 0 ? log_err(r, "write %s", v->file ? v->file : "the policy") : 0;
}

static int learn_all(struct verb *v, char **containers, int n)
{
	char error[POLICY_ERROR_MAX] = "";
	_free_ char *text = NULL;
	bool good = true;
	int r;

	for (int i = 0; i < n; i++) {
		r = learn_container(v, containers[i]);
		if (r < 0 && r != -EINVAL)
			return 1;
		good &= r == 0;
	}
	if (!good)
		return 1;
	r = learn_policy(v->learn, &v->options, &text, error, sizeof(error));
	if (r < 0)
		return log_err(error[0] ? 0 : r, "%s", error[0] ? error : "make a policy"), 1;
	if (write_policy(v, text) < 0)
		return 1;
	put_counts(v);
	return learn_counts(v->learn).omitted ? EXIT_OMITTED : 0;
}

static bool read_subjects(const char *words, unsigned *ret)
{
	unsigned subjects = 0;

	for (const char *at = words;; at++) {
		size_t len = strcspn(at, ",");
		unsigned found = 0;

		for (unsigned s = 0; s < RV_SUBJECT_MAX; s++) {
			const char *name = policy_subject_name(s);

			if (name && strlen(name) == len && memcmp(name, at, len) == 0)
				found = 1u << s;
		}
		if (!found) {
			log_err(0,
				"--subjects '%s': expected some of exec, file, unix, network, "
				"memory, capability, kernel, with commas",
				words);
			return false;
		}
		subjects |= found;
		at += len;
		if (!*at)
			break;
	}
	*ret = subjects;
	return true;
}

/* What a policy may be called. */
static void set_name(struct verb *v, const char *container)
{
	snprintf(v->name, sizeof(v->name), NAME_PREFIX "%s", container);
	for (char *at = v->name; *at; at++)
		if (!strchr(NAME_CHARACTERS, *at))
			*at = '-';
	v->options.name = v->name;
}

static bool read_mode(const char *word, bool *ret)
{
	*ret = strcmp(word, "enforce") == 0;
	if (!*ret && strcmp(word, "audit") != 0) {
		log_err(0, "--mode '%s': expected audit or enforce", word);
		return false;
	}
	return true;
}

int policy_verb_learn(int argc, char **argv)
{
	static const struct option options[] = {{"since", required_argument, NULL, 's'},
						{"mode", required_argument, NULL, 'm'},
						{"subjects", required_argument, NULL, 'u'},
						{"output", required_argument, NULL, 'o'},
						{0}};
	struct verb v = {
	    .options = {.enforce = true, .subjects = LEARN_SUBJECTS, .recorded = ~0ull},
	    .since_ns = INT64_MIN};
	bool good = true;
	int c, status;

	while (good && (c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c == 's')
			good = record_since(optarg, &v.since_ns);
		else if (c == 'm')
			good = read_mode(optarg, &v.options.enforce);
		else if (c == 'u')
			good = read_subjects(optarg, &v.options.subjects);
		else if (c == 'o')
			v.file = optarg;
		else
			good = false;
	}
	if (!good || optind == argc)
		return policy_verb_usage(argv[0]);
	set_name(&v, argv[optind]);
	v.learn = learn_new();
	if (!v.learn)
		return log_err(-ENOMEM, "learn"), 1;
	status = learn_all(&v, argv + optind, argc - optind);
	learn_free(v.learn);
	return status;
}
