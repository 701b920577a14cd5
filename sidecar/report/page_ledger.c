/* SPDX-License-Identifier: Apache-2.0 */
/* The foot of the page: the node's own words about the record, as they are. */
#include <string.h>
#include "html.h"
#include "page.h"

static void put_text(FILE *f, const char *text, const char *instead)
{
	fputs("<pre>", f);
	html_say(f, *text ? text : instead);
	fputs("</pre>\n", f);
}

void page_ledger(struct page *p)
{
	FILE *f = p->f;

	fputs("<section id=ledger><h2>Ledger</h2>\n<p>Every record has a number that the kernel "
	      "gave before "
	      "anything could fail. What is not stored is counted as lost, by kind; here is the "
	      "sum. Again: ",
	      f);
	page_command(p, "ledger");
	fputs("</p>\n", f);
	put_text(f, p->r->ledger_text, "The node gave none.");
	fputs("</section>\n<section id=chain><h2>Chain</h2>\n<p>Every transaction of the store is "
	      "signed with a "
	      "key that is destroyed at once, and names the one before. Head of the chain when "
	      "this page was "
	      "made: ",
	      f);
	html_json_word(f, page_get(p->r->verify, "head"), REPORT_WORD_MAX);
	fputs(". Whoever kept an anchor elsewhere compares it with ", f);
	page_command(p, "verify --anchor FILE");
	fputs("</p>\n", f);
	put_text(f, p->r->verify_text, p->r->verify_error);
	fputs("</section>\n", f);
}
