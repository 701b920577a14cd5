/* SPDX-License-Identifier: Apache-2.0 */
/* See classes.h. */
#include "sidecar/node/classes.h"

/* The order of this list is that of enum record_class. */
static const char *const names[CLASSES] = {"acts", "changes", "processes", "evidence"};

const char *class_name(enum record_class c)
{
	return names[c];
}

static enum record_class class_of_kind(unsigned kind)
{
	switch (kind) {
	case RV_KIND_OPEN:
	case RV_KIND_MMAP:
	case RV_KIND_MPROTECT:
	case RV_KIND_IOCTL:
	case RV_KIND_SEND:
	case RV_KIND_SOCKET:
	case RV_KIND_SIGNAL:
	case RV_KIND_INSPECT:
	case RV_KIND_THREAD:
	case RV_KIND_CAPABILITY:
	case RV_KIND_SETUID:
	case RV_KIND_SETGID:
	case RV_KIND_SETGROUPS:
	case RV_KIND_PRCTL:
	case RV_KIND_UTIME:
	case RV_KIND_REPEAT:
	case RV_KIND_CHECKPOINT: /* a thousand bytes a second; the next one says all that it said */
		return CLASS_ACTS;
	case RV_KIND_EXEC:
	case RV_KIND_ARGS:
	case RV_KIND_EXIT:
	case RV_KIND_FORK:
	case RV_KIND_ENTER:
		return CLASS_PROCESSES;
	case RV_KIND_ARMED:
	case RV_KIND_CLOSE:
	case RV_KIND_POLICY:
	case RV_KIND_LEAVE:
	case RV_KIND_MODULE:
	case RV_KIND_KEXEC:
	case RV_KIND_REBOOT:
		return CLASS_EVIDENCE;
	default:
		return CLASS_CHANGES;
	}
}

enum record_class class_of(unsigned kind, unsigned verdict)
{
	enum record_class c = class_of_kind(kind);

	if (verdict == RV_VERDICT_DENIED)
		return CLASS_EVIDENCE;
	return verdict == RV_VERDICT_WOULD_DENY && c < CLASS_PROCESSES ? CLASS_PROCESSES : c;
}
