// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Kernel modules, kexec, reboot, the kernel's log and clock. The hooks see what passed the capability check;
 * reboot has none and is seen at the system call: every attempt. */

static __always_inline bool reads_module(__u32 id)
{
	return id == bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE) ||
	       (bpf_core_enum_value_exists(enum kernel_read_file_id, READING_MODULE_COMPRESSED) &&
		id == bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE_COMPRESSED));
}

static __always_inline bool loads_module(__u32 id)
{
	return id == bpf_core_enum_value(enum kernel_load_data_id, LOADING_MODULE) ||
	       (bpf_core_enum_value_exists(enum kernel_load_data_id, LOADING_MODULE_COMPRESSED) &&
		id == bpf_core_enum_value(enum kernel_load_data_id, LOADING_MODULE_COMPRESSED));
}

/* file NULL: kexec_load. */
static __always_inline int kexec(struct file *file, __u32 how, __u32 hook)
{
	struct act a = {};
	struct rv_kexec *r = act_node(&a, RV_KIND_KEXEC, hook, sizeof(*r));

	if (r) {
		r->how = how;
		if (file) {
			r->ino = file->f_inode->i_ino;
			r->dev = file->f_inode->i_sb->s_dev;
			act_path(&a, &file->f_path, true, &r->path_len, &r->path_state);
		}
	}
	return act_end_node(&a);
}

SEC("lsm/kernel_read_file")
int BPF_PROG(reeve_read_file, struct file *file, __u32 id, bool contents)
{
	struct act a = {};
	struct rv_module *r;

	if (id == bpf_core_enum_value(enum kernel_read_file_id, READING_KEXEC_IMAGE))
		return kexec(file, RV_KEXEC_FILE, RV_HOOK_READ_FILE);
	if (id == bpf_core_enum_value(enum kernel_read_file_id, READING_KEXEC_INITRAMFS))
		return kexec(file, RV_KEXEC_INITRAMFS, RV_HOOK_READ_FILE);
	if (!reads_module(id))
		return 0;
	r = act_node(&a, RV_KIND_MODULE, RV_HOOK_READ_FILE, sizeof(*r));
	if (r) {
		r->how = RV_MODULE_FINIT;
		r->ino = file->f_inode->i_ino;
		r->dev = file->f_inode->i_sb->s_dev;
		act_path(&a, &file->f_path, true, &r->path_len, &r->path_state);
	}
	return act_end_node(&a);
}

SEC("lsm/kernel_load_data")
int BPF_PROG(reeve_load_data, __u32 id, bool contents)
{
	struct act a = {};
	struct rv_module *r;

	if (id == bpf_core_enum_value(enum kernel_load_data_id, LOADING_KEXEC_IMAGE))
		return kexec(NULL, RV_KEXEC_LOAD, RV_HOOK_LOAD_DATA);
	if (!loads_module(id))
		return 0;
	r = act_node(&a, RV_KIND_MODULE, RV_HOOK_LOAD_DATA, sizeof(*r));
	if (r)
		r->how = RV_MODULE_INIT;
	return act_end_node(&a);
}

/* In the task that needs the module; modprobe then works outside of every container. */
SEC("lsm/kernel_module_request")
int BPF_PROG(reeve_mod_ask, char *name)
{
	struct act a = {};
	struct rv_module *r = act_node(&a, RV_KIND_MODULE, RV_HOOK_MODULE_ASK, sizeof(*r));

	if (r) {
		r->how = RV_MODULE_REQUEST;
		act_string(&a, name, &r->name_len);
	}
	return act_end_node(&a);
}

SEC("tp_btf/module_load")
int BPF_PROG(reeve_mod_in, struct module *mod)
{
	struct act a = {};
	struct rv_module *r = act_node(&a, RV_KIND_MODULE, RV_HOOK_MODULE_IN, sizeof(*r));

	if (r) {
		r->how = RV_MODULE_LOADED;
		act_string(&a, mod->name, &r->name_len);
	}
	act_emit(&a);
	return 0;
}

SEC("lsm/syslog")
int BPF_PROG(reeve_syslog, int type)
{
	struct act a = {};
	struct rv_syslog *r = act_node(&a, RV_KIND_SYSLOG, RV_HOOK_SYSLOG, sizeof(*r));

	if (r)
		r->action = type;
	return act_end_node(&a);
}

/* Each may be NULL, which newer verifiers hold for impossible and take the test for it out: so both
 * are read as numbers. */
SEC("lsm/settime")
int BPF_PROG(reeve_settime)
{
	struct act a = {};
	struct rv_settime *r = act_node(&a, RV_KIND_SETTIME, RV_HOOK_SETTIME, sizeof(*r));
	struct {
		__s64 sec, nsec;
	} t = {-1, 0};
	void *given[2] = {};

	if (r) {
		bpf_probe_read_kernel(given, sizeof(given), ctx);
		if (given[0])
			bpf_probe_read_kernel(&t, sizeof(t), given[0]);
		r->seconds = t.sec;
		r->nsec = t.nsec;
		r->timezone = !!given[1];
		if (given[1])
			bpf_probe_read_kernel(&r->minutes_west, sizeof(r->minutes_west), given[1]);
	}
	return act_end_node(&a);
}

#define REBOOT_MAGIC1 0xfee1deadu
#define REBOOT_MAGIC2_A 672274793u
#define REBOOT_MAGIC2_B 85072278u
#define REBOOT_MAGIC2_C 369367448u
#define REBOOT_MAGIC2_D 537993216u

static __always_inline void reboot(__u32 hook, __u32 magic1, __u32 magic2, __u32 command)
{
	struct act a = {};
	struct rv_reboot *r = act_node(&a, RV_KIND_REBOOT, hook, sizeof(*r));

	if (r) {
		r->command = command;
		r->magic = magic1 == REBOOT_MAGIC1 &&
			   (magic2 == REBOOT_MAGIC2_A || magic2 == REBOOT_MAGIC2_B ||
			    magic2 == REBOOT_MAGIC2_C || magic2 == REBOOT_MAGIC2_D);
	}
	act_emit(&a);
}

/* The two ways in have registers of their own: syscall, and int 0x80. */
SEC("fentry/__x64_sys_reboot")
int BPF_PROG(reeve_reboot, struct pt_regs *regs)
{
	reboot(RV_HOOK_REBOOT, regs->di, regs->si, regs->dx);
	return 0;
}

SEC("fentry/__ia32_sys_reboot")
int BPF_PROG(reeve_reboot_32, struct pt_regs *regs)
{
	reboot(RV_HOOK_REBOOT_32, regs->bx, regs->cx, regs->dx);
	return 0;
}
