// The kernel's types, with nothing but the fields that the programs read. Offsets are
// relocated when the programs are loaded (CO-RE), so order and gaps mean nothing here.
#pragma once

#include <stdbool.h>

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;

// include/uapi/linux/bpf.h; the user API's own headers differ by architecture.
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

#define BPF_F_NO_PREALLOC (1u << 0)
#define BPF_F_MMAPABLE (1u << 10)
#define BPF_LOCAL_STORAGE_GET_F_CREATE (1ULL << 0)
#define BPF_NOEXIST 1

typedef unsigned long size_t;

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;

#define EPERM 1
#define EAGAIN 11
#define EACCES 13
#define EALREADY 114
// include/linux/errno.h: a system call ends with these to be begun anew by its own number
#define ERESTARTSYS 512
#define ERESTARTNOHAND 514

// include/linux/fs.h
#define FMODE_READ (1u << 0)
#define FMODE_WRITE (1u << 1)
#define FMODE_CREATED (1u << 20)
#define FMODE_NOACCOUNT (1u << 29) // a file of the kernel's own; among them all backing files, whose own bit moves between kernels
#define FILE_EXEC_FLAG 0x20u // __FMODE_EXEC, in f_flags
#define O_TRUNC 01000u
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFIFO 0010000
#define S_IFSOCK 0140000

// include/linux/mount.h, fs/mount.h
#define MNT_INTERNAL 0x4000
#define MNT_NS_INTERNAL ((u64)-22)

#define BPF_F_BPRM_SECUREEXEC (1ULL << 0) // include/uapi/linux/bpf.h
#define PROC_SUPER_MAGIC 0x9fa0 // include/uapi/linux/magic.h
#define SB_NOUSER (1ul << 31)
#define SB_KERNMOUNT (1ul << 22)
#define HUGETLBFS_MAGIC 0x958458f6

// include/linux/fs.h: what an iattr changes
#define ATTR_MODE (1u << 0)
#define ATTR_UID (1u << 1)
#define ATTR_GID (1u << 2)
#define ATTR_SIZE (1u << 3)
#define ATTR_ATIME (1u << 4)
#define ATTR_MTIME (1u << 5)

// include/uapi/linux/{fs,fsverity,msdos_fs,btrfs}.h: ioctls that set what an inode is like
#define FS_IOC_SETFLAGS 0x40086602u
#define FS_IOC32_SETFLAGS 0x40046602u
#define FS_IOC_FSSETXATTR 0x401c5820u
#define FS_IOC_ENABLE_VERITY 0x40806685u
#define FAT_IOCTL_SET_ATTRIBUTES 0x40047211u
#define BTRFS_IOC_SUBVOL_SETFLAGS 0x4008941au

// include/uapi/linux/btrfs.h: ioctls that show files under other names, or make and remove volumes
#define BTRFS_IOC_SNAP_CREATE 0x50009401u
#define BTRFS_IOC_SUBVOL_CREATE 0x5000940eu
#define BTRFS_IOC_SNAP_DESTROY 0x5000940fu
#define BTRFS_IOC_SNAP_CREATE_V2 0x50009417u
#define BTRFS_IOC_SUBVOL_CREATE_V2 0x50009418u
#define BTRFS_IOC_SNAP_DESTROY_V2 0x5000943fu
#define BTRFS_IOC_TREE_SEARCH 0xd0009411u
#define BTRFS_IOC_TREE_SEARCH_V2 0xc0709411u
#define BTRFS_IOC_SEND 0x40489426u
#define BTRFS_IOC_SEND_32 0x40449426u

// include/uapi/asm-generic/mman-common.h, include/linux/mm.h
#define PROT_WRITE 0x2ul
#define PROT_EXEC 0x4ul
#define MAP_TYPE 0xful
#define MAP_PRIVATE 0x2ul
#define VM_WRITE 0x2ul
#define VM_EXEC 0x4ul
#define VM_MAYSHARE 0x80ul
#define S_IFCHR 0020000
#define ZERO_DEVICE (1u << 20 | 5)

// arch/x86/include/asm/thread_info.h, arch/x86/include/uapi/asm/unistd.h: by which way a system call is made
#define TS_COMPAT 0x2u
#define X32_SYSCALL_BIT 0x40000000u

#define CLONE_INTO_CGROUP 0x200000000ULL
#define PTRACE_MODE_ATTACH 0x02u // include/linux/ptrace.h
#define LSM_UNSAFE_PTRACE 2     // include/linux/security.h
#define CAP_OPT_NOAUDIT 0x2u // include/linux/security.h

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	u32 val;
} kuid_t;

struct inode_operations {
	void *fileattr_set;
};

typedef struct {
	long counter;
} atomic64_t;

struct rw_semaphore {
	atomic64_t count; // kernel/locking/rwsem.c; another type with real-time locks
};

struct inode {
	u16 i_mode;
	u32 i_rdev;
	kuid_t i_uid;
	const struct inode_operations *i_op;
	u32 i_nlink;
	struct rw_semaphore i_rwsem;
	unsigned long i_ino;
};

struct iattr {
	u32 ia_valid;
};

struct qstr {
	union {
		struct {
			u32 hash;
			u32 len;
		};
		u64 hash_len;
	};
	const unsigned char *name;
};

struct hlist_bl_node {
	void *pprev;
};

struct file_system_type {
	const char *name;
};

struct super_block {
	struct file_system_type *s_type;
	struct dentry *s_root;
	void *s_fs_info;
	unsigned long s_flags;
	unsigned long s_magic;
	u32 s_dev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	void *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	u32 f_mode;
	u32 f_flags;
	struct path f_path;
	struct inode *f_inode;
};

// backing_file is how a stacked file system's mapping names the file that was mapped.
struct backing_file {
	struct file file;
	struct path user_path;
};

struct vm_area_struct {
	unsigned long vm_flags;
	void *anon_vma;
	struct file *vm_file;
};

struct linux_binprm {
	char buf[256];
	struct file *file;
	const char *filename;
	const char *interp;
	const char *fdpath;
	int unsafe;
	struct mm_struct *mm;
	unsigned long p, exec;
	int argc;
};

struct cred {
	kuid_t uid;
	kuid_t fsuid;
};

struct pid_namespace {
	u32 level;
};

struct proc_fs_info {
	struct pid_namespace *pid_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct seqcount {
	unsigned int sequence;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct pid {
	u32 level;
	struct hlist_head tasks[4];
	struct upid numbers[1];
};

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };

struct tty_struct {
	char name[64];
};

struct fs_struct {
	struct path pwd;
};

struct signal_struct {
	struct pid *pids[4];
	struct tty_struct *tty;
};

struct mm_struct {
	struct file *exe_file;
	void *pgd;
};

struct kernfs_node {
	u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

// Of x86-64, as thread_info's status.
struct pt_regs {
	unsigned long bx;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long sp;
};

struct thread_info {
	u32 status;
};

struct task_struct {
	struct thread_info thread_info;
	u32 in_execve : 1;
	int pid;
	int tgid;
	char comm[16];
	struct mm_struct *mm;
	const struct cred *cred;
	const struct cred *real_cred;
	struct signal_struct *signal;
	struct fs_struct *fs;
	struct css_set *cgroups;
	struct task_struct *real_parent;
	struct task_struct *parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
};

struct user_namespace;
struct kernel_siginfo;
struct fown_struct;
struct rlimit;
union bpf_attr;

struct bpf_map {
	u32 id;
};

struct bpf_prog_aux {
	u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct in6_addr {
	u8 s6_addr[16];
};

struct sock_common {
	__be32 skc_rcv_saddr;
	u16 skc_num;
	u16 skc_family;
	u8 skc_ipv6only : 1;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	struct socket *sk_socket;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	u32 msg_flags;
};

struct sockaddr;

#pragma clang attribute pop

// The sequence of every rename on the machine; exported since it exists.
extern void rename_lock __ksym;
extern void *bpf_rdonly_cast(const void *object, u32 type) __ksym __weak; // since 6.2
