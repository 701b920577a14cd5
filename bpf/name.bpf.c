// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names in file systems: made, removed, renamed, linked; modes, owners, times, attributes. */

SEC("lsm/path_unlink")
int BPF_PROG(reeve_unlink, struct path *dir, struct dentry *dentry)
{
	struct act a = {};
	struct rv_unlink *r = act_node(&a, RV_KIND_UNLINK, RV_HOOK_UNLINK, sizeof(*r));

	if (r) {
		INODE_FILL(r, dentry->d_inode);
		act_name(&a, dir->mnt, dentry, &r->path_len, &r->path_state);
	}
	return act_end_node(&a);
}
