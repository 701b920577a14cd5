/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arguments and environment of an exec that is refused: the kernel's copy lies in a memory that is
 * not the caller's yet and that no program can read, so they are read once more where the caller
 * has them. That memory may have changed or gone since: the total length is the kernel's and
 * bounds everything, what cannot be read is an empty string, and the number of bytes not read is
 * told. */
#pragma once
#include "emit.bpf.h"

#define SLICE RV_HASH_BLOCK

/* A block on its way into a record. */
struct args {
	struct bpf_dynptr to;
	struct scratch *s;
	unsigned long from;
	__u64 len;
	__u32 offset; /* in the record */
	__u32 hashed;
};

struct block {
	__u64 words[SLICE / 8];
};

/* Global, so that the verifier walks its loop once and not once per path that leads here. */
__noinline __u64 hash_block(const struct block *b, __u64 hash)
{
	if (!b)
		return hash;
	for (__u32 w = 0; w < SLICE / 8; w++)
		hash = RV_HASH_STEP(hash, b->words[w]);
	return hash;
}

/* Where the acting system call has its two arrays; without one of the execs count stays 0. */
static __always_inline void claim_begin(struct claim *c, const struct rv_exec *r)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u32 number = regs->orig_ax;

	__builtin_memset(c, 0, sizeof(*c));
	c->argc = r->argc;
	c->count = r->argc + r->envc;
	if (task->thread_info.status & TS_COMPAT) {
		if (number == 11) { /* execve */
			c->argv = (__u32)regs->cx;
			c->envp = (__u32)regs->dx;
		} else if (number == 358) { /* execveat */
			c->argv = (__u32)regs->dx;
			c->envp = (__u32)regs->si;
		} else {
			c->count = 0;
		}
	} else if (number == 59 || number == (X32_SYSCALL_BIT | 520)) {
		c->argv = regs->si;
		c->envp = regs->dx;
		c->wide = number == 59;
	} else if (number == 322 || number == (X32_SYSCALL_BIT | 545)) {
		c->argv = regs->dx;
		c->envp = regs->r10;
		c->wide = number == 322;
	} else {
		c->count = 0;
	}
}

/* Next string's address; 0: not readable. */
static __always_inline __u64 claim_string(const struct claim *c)
{
	__u32 i = c->index;
	__u64 array = c->argv, p = 0;

	if (i >= c->argc) {
		array = c->envp;
		i -= c->argc;
	}
	if (c->wide)
		bpf_probe_read_user(&p, 8, (void *)(array + (__u64)i * 8));
	else
		bpf_probe_read_user(&p, 4, (void *)(array + (__u64)i * 4));
	return p;
}

/* The chunk's first slice into the record, as far as there is room. */
static __always_inline void claim_put(struct args *a, struct claim *c)
{
	__u64 len = a->len - c->put, at;
	char *chunk = a->s->chunk;

	if (len > SLICE)
		len = SLICE;
	at = len;
	asm volatile("" : "+r"(at)); /* 6.1 loses the range of a copy */
	if (at < SLICE)
		bpf_probe_read_kernel(chunk + (at & (SLICE - 1)), SLICE, NULL); /* zeroes */
	if (a->hashed)
		a->s->args_hash = hash_block((struct block *)chunk, a->s->args_hash);
	asm volatile("" : "+r"(len));
	len &= 2 * SLICE - 1;
	bpf_dynptr_write(&a->to, a->offset + c->put, chunk, len, 0);
	c->put += len;
}

/* A string, or the next slice of a long one. */
static long claim_step(__u32 i, struct args *a)
{
	struct claim *c = &a->s->claim;
	char *chunk = a->s->chunk;
	__u32 at = c->at;
	long n;

	if (c->index >= c->count || c->put + at >= a->len)
		return 1;
	if (!c->inside)
		c->string = claim_string(c);
	asm volatile("" : "+r"(at));
	at &= SLICE - 1;
	n = bpf_probe_read_user_str(chunk + at, SLICE, (void *)(c->string + c->inside));
	if (n == SLICE) { /* it may go on: its NUL, if that was one, is read once more */
		n--;
		c->inside += n;
		c->got += n;
	} else {
		/* 0 is an empty string. Without any argument the kernel adds one itself. */
		if (n >= 0 || (c->argc == 1 && c->index == 0 && !c->string))
			c->got += n > 0 ? n : 1;
		if (n <= 0) {
			chunk[at] = 0;
			n = 1;
		}
		c->inside = 0;
		c->index++;
	}
	at += n;
	if (at >= SLICE) {
		claim_put(a, c);
		at -= SLICE;
		bpf_probe_read_kernel(chunk, SLICE, chunk + SLICE);
	}
	c->at = at;
	return 0;
}

static long claim_rest(__u32 i, struct args *a)
{
	struct claim *c = &a->s->claim;

	if (c->put >= a->len)
		return 1;
	claim_put(a, c);
	bpf_probe_read_kernel(a->s->chunk, SLICE, NULL); /* zeroes */
	return 0;
}

/* The whole block. args_missing in the scratch tells how much is not the caller's. */
static __always_inline void claim_copy(struct args *a)
{
	struct claim *c = &a->s->claim;
	__u32 at;

	bpf_loop(c->count + a->len / (SLICE - 1) + 1, claim_step, a, 0);
	at = c->at;
	asm volatile("" : "+r"(at));
	bpf_probe_read_kernel(a->s->chunk + (at & (SLICE - 1)), SLICE, NULL);
	bpf_loop(a->len / SLICE + 1, claim_rest, a, 0);
	a->s->args_missing = c->got < a->len ? a->len - c->got : 0;
}
