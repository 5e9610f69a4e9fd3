//go:build ignore

// The load: system calls, each counted by the processor's clock, which in the guest is a
// count of instructions. It prints a line "NAME INSTRUCTIONS" for each, the least over many
// short batches: a batch that a timer interrupts costs more and does not count.
//
//   load PATH...                   opens and closes each path, for the first time and again, and what else there is
//   load --contained ...           does so in a cgroup and a mount namespace of its own, as a
//                                  container has them: the kernel's accounts cost something too
//   load --apparmor PROFILE ...    does so under a loaded profile
//   load exit                      is what it executes to measure that
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

extern char **environ;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static const char *path;
static int fd;

static void open_close(void)
{
	int f = open(path, O_RDONLY | O_CLOEXEC);

	if (f < 0)
		die(path);
	close(f);
}

// open_first opens after something was renamed: nothing that was found out about a name before holds then. It
// returns what the opening took.
static uint64_t open_first(void)
{
	if (rename(SCRATCH_PATH, SCRATCH_PATH "-") || rename(SCRATCH_PATH "-", SCRATCH_PATH))
		die("rename");
	uint64_t start = __rdtsc();
	open_close();
	return __rdtsc() - start;
}

static void write_byte(void)
{
	char byte = 0;

	if (pwrite(fd, &byte, 1, 0) != 1)
		die("pwrite");
}

static void socket_close(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (s < 0)
		die("socket");
	close(s);
}

static int sender;
static struct sockaddr_in far = { .sin_family = AF_INET };

// connect_udp tells the socket where to send: no packet goes out.
static void connect_udp(void)
{
	if (connect(sender, (struct sockaddr *)&far, sizeof(far)))
		die("connect");
}

static void send_to(void)
{
	char byte = 0;

	if (sendto(sender, &byte, 1, 0, (struct sockaddr *)&far, sizeof(far)) != 1)
		die("sendto");
}

// open_sender makes the sender, and a receiver that nobody reads from: what comes is dropped
// once its buffer is full, which the first batches see to.
static void open_sender(void)
{
	int receiver = socket(AF_INET, SOCK_DGRAM, 0), size = 1;
	socklen_t len = sizeof(far);

	sender = socket(AF_INET, SOCK_DGRAM, 0);
	far.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (receiver < 0 || sender < 0 || setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ||
	    bind(receiver, (struct sockaddr *)&far, sizeof(far)) || getsockname(receiver, (struct sockaddr *)&far, &len))
		die("open sockets");
}

static void execute(void)
{
	char *argv[] = { "load", "exit", NULL };
	pid_t child;
	int status;

	if (posix_spawn(&child, LOAD_PATH, NULL, NULL, argv, environ))
		die(LOAD_PATH);
	if (waitpid(child, &status, 0) != child || status != 0)
		die("what was executed failed");
}

static void measure(const char *name, void (*call)(void), int batches, int calls)
{
	uint64_t least = UINT64_MAX;

	for (int b = 0; b < batches; b++) {
		uint64_t start = __rdtsc(), took;

		for (int i = 0; i < calls; i++)
			call();
		took = (__rdtsc() - start) / calls;
		if (took < least)
			least = took;
	}
	printf("%s %lu\n", name, (unsigned long)least);
}

static void measure_first(const char *name)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 400; i++) {
		uint64_t took = open_first();
		if (took < least)
			least = took;
	}
	printf("%s %lu\n", name, (unsigned long)least);
}

static void write_text(const char *to, const char *text)
{
	int f = open(to, O_WRONLY | O_CLOEXEC);

	if (f < 0 || write(f, text, strlen(text)) != (ssize_t)strlen(text))
		die(to);
	close(f);
}

static void contain(void)
{
	mkdir("/sys/fs/cgroup/bench", 0755); // it may be there from the last time
	write_text("/sys/fs/cgroup/bench/cgroup.procs", "0");
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("make a mount namespace");
}

// enter executes this program again under a profile.
static void enter(const char *profile, char **argv)
{
	char text[256];

	snprintf(text, sizeof(text), "exec %s", profile);
	write_text("/proc/thread-self/attr/apparmor/exec", text);
	execv(LOAD_PATH, argv);
	die(LOAD_PATH);
}

int main(int argc, char **argv)
{
	char name[32];

	if (argc == 2 && !strcmp(argv[1], "exit"))
		return 0;
	if (argc > 1 && !strcmp(argv[1], "--contained")) {
		contain();
		argc--, argv++; // argv[0] becomes the option
	}
	if (argc > 2 && !strcmp(argv[1], "--apparmor"))
		enter(argv[2], argv + 2); // argv[0] becomes the profile's name
	fd = open(SCRATCH_PATH, O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		die(SCRATCH_PATH);
	for (int i = 1; i < argc; i++) {
		path = argv[i];
		snprintf(name, sizeof(name), "first-open,%zu", strlen(path));
		measure_first(name);
		snprintf(name, sizeof(name), "open+close,%zu", strlen(path));
		measure(name, open_close, 100, 40);
	}
	measure("write", write_byte, 100, 40);
	measure("socket+close", socket_close, 100, 20);
	open_sender();
	measure("sendto", send_to, 100, 20);
	measure("connect", connect_udp, 100, 20);
	measure("exec", execute, 40, 1);
	return 0;
}
