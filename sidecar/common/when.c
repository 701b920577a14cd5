/* SPDX-License-Identifier: Apache-2.0 */
/* See when.h. */
#include "when.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ll
#define SECONDS_MAX (INT64_MAX / SECOND - 1) /* to the year 2262 */
#define AGO_MAX (INT64_MAX / SECOND / 4) /* seconds */

/* "10m": a number and a unit, nothing behind them. */
static bool parse_ago(const char *text, int64_t now_ns, int64_t *ret)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end;
	long long n;

	if (!isdigit((unsigned char)*text))
		return false;
	n = strtoll(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (end[0] != units[i].unit || end[1] != '\0' || n > AGO_MAX / units[i].seconds)
			continue;
		*ret = now_ns - n * units[i].seconds * SECOND;
		return true;
	}
	return false;
}

static int64_t local_day(int64_t now_ns, int days)
{
	time_t now = (time_t)(now_ns / SECOND);
	struct tm tm;

	localtime_r(&now, &tm);
	tm.tm_mday += days;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * SECOND;
}

/* What stands behind the seconds: a fraction into *ns; returns what stands behind that. */
static const char *parse_fraction(const char *at, int64_t *ns)
{
	int64_t unit = SECOND / 10;

	if (*at != '.' || !isdigit((unsigned char)at[1]))
		return at;
	for (at++; isdigit((unsigned char)*at); at++, unit /= 10)
		*ns += (*at - '0') * unit;
	return at;
}

static bool parse_zone(const char *at, bool *ret_local, int64_t *ret_seconds)
{
	int hours, minutes;

	*ret_local = *at == '\0';
	*ret_seconds = 0;
	if (*ret_local || strcmp(at, "Z") == 0 || strcmp(at, "z") == 0)
		return true;
	if ((*at != '+' && *at != '-') || strlen(at) != 6 || at[3] != ':' ||
	    strspn(at + 1, "0123456789") != 2 || strspn(at + 4, "0123456789") != 2)
		return false;
	hours = atoi(at + 1);
	minutes = atoi(at + 4);
	*ret_seconds = (hours * 60 + minutes) * 60 * (*at == '-' ? -1 : 1);
	return hours < 24 && minutes < 60;
}

static bool parse_date(const char *text, int64_t now_ns, int64_t *ret)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					    "%Y-%m-%dT%H:%M",	 "%Y-%m-%d %H:%M",
					    "%Y-%m-%d",		 "%H:%M:%S",
					    "%H:%M"};
	time_t now = (time_t)(now_ns / SECOND);

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		int64_t zone = 0, ns = 0, seconds;
		const char *end;
		struct tm tm;
		bool local;

		localtime_r(&now, &tm);
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		end = strptime(text, forms[i], &tm);
		if (!end)
			continue;
		if (strstr(forms[i], "%S"))
			end = parse_fraction(end, &ns);
		if (!parse_zone(end, &local, &zone))
			continue;
		tm.tm_isdst = -1;
		seconds = (local ? (int64_t)mktime(&tm) : (int64_t)timegm(&tm)) - zone;
		if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX)
			return false;
		*ret = seconds * SECOND + ns;
		return true;
	}
	return false;
}

int when_parse(const char *text, int64_t now_ns, int64_t *ret)
{
	if (strcmp(text, "now") == 0)
		*ret = now_ns;
	else if (strcmp(text, "today") == 0)
		*ret = local_day(now_ns, 0);
	else if (strcmp(text, "yesterday") == 0)
		*ret = local_day(now_ns, -1);
	else if (!parse_ago(text, now_ns, ret) && !parse_date(text, now_ns, ret))
		return -EINVAL;
	return 0;
}

void when_put(int64_t wall_ns, char ret[static WHEN_SIZE])
{
	int64_t ns = wall_ns % SECOND;
	time_t seconds = (time_t)(wall_ns / SECOND);
	struct tm tm;
	char date[24];

	if (ns < 0 || !gmtime_r(&seconds, &tm) ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		strcpy(date, "1970-01-01T00:00:00");
		ns = 0;
	}
	snprintf(ret, WHEN_SIZE, "%s.%09dZ", date, (int)ns);
}
