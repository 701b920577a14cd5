/* SPDX-License-Identifier: Apache-2.0 */
/* Where metrics are served: what is understood, and what is not. tests/node/metrics.py asks for them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include "sidecar/common/util.h"
#include "sidecar/node/http.h"
#include "sidecar/node/http_request.h"
#include "tests/unit/tap.h"

static const char *shown(const struct http_address *a)
{
	static char text[200];
	char host[INET6_ADDRSTRLEN];
	const struct sockaddr_in *v4 = (const void *)&a->at;
	const struct sockaddr_in6 *v6 = (const void *)&a->at;

	if (a->at.ss_family == AF_UNIX)
		return ((const struct sockaddr_un *)&a->at)->sun_path;
	if (a->at.ss_family == AF_INET)
		snprintf(text, sizeof(text), "%s %d", inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)),
			 ntohs(v4->sin_port));
	else
		snprintf(text, sizeof(text), "%s %d", inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)),
			 ntohs(v6->sin6_port));
	return text;
}

TEST("metrics: a port alone is the loopback's")
{
	static const struct {
		const char *text, *is;
	} good[] = {{"9464", "127.0.0.1 9464"},	    {":1", "127.0.0.1 1"},
		    {"0.0.0.0:65535", "0.0.0.0 65535"}, {"[::1]:80", "::1 80"},
		    {"[fe80::1]:9464", "fe80::1 9464"}, {"unix:/run/x", "/run/x"}};
	struct http_address a;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_INT(http_address_read(good[i].text, &a), 0);
		CHECK_STR(shown(&a), good[i].is);
	}
}

TEST("metrics: what is no address is refused")
{
	static const char *const bad[] = {
	    "", ":", "0", ":0", "65536", "9464 ", "-1", "localhost:9464", "1.2.3:4", "1.2.3.4:", "[::1]", "[::1",
	    "::1:9464", "[1.2.3.4]:80", "[]:80", "unix:", "unix:x", "unix:relative/path",
	    "[::1]x:80", "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:80",
	    "unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaa"};
	struct http_address a;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(http_address_read(bad[i], &a), -EINVAL);
}

TEST("metrics: what a request wants, byte for byte as it comes")
{
	static const struct {
		const char *text;
		enum http_request wants;
	} cases[] = {{"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_GET},
		     {"GET /metrics?a=b HTTP/1.0\n\n", HTTP_GET},
		     {"HEAD /metrics HTTP/1.1\r\n\r\n", HTTP_HEAD},
		     {"GET /metricsx HTTP/1.1\r\n\r\n", HTTP_OTHER_TARGET},
		     {"GET / HTTP/1.1\r\n\r\n", HTTP_OTHER_TARGET},
		     {"POST /metrics HTTP/1.1\r\n\r\n", HTTP_OTHER_METHOD},
		     {"get /metrics HTTP/1.1\r\n\r\n", HTTP_OTHER_METHOD},
		     {"GET /metrics HTTP/2\r\n\r\n", HTTP_MALFORMED},
		     {"GET /metrics\r\nX HTTP/1.1\r\n\r\n", HTTP_MALFORMED},
		     {"GET  HTTP/1.1\r\n\r\n", HTTP_MALFORMED},
		     {"\r\n\r\n", HTTP_MALFORMED},
		     {" \n\n", HTTP_MALFORMED}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].text);

		for (size_t n = 0; n < len; n++)
			CHECK_INT(http_request_read(cases[i].text, n), HTTP_UNFINISHED);
		CHECK_INT(http_request_read(cases[i].text, len), cases[i].wants);
	}
	CHECK_INT(http_request_read("GET \0/metrics", 13), HTTP_MALFORMED);
}
