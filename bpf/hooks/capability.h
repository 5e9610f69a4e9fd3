// Capability rules: the kernel asks whether the running task may use one.
#pragma once

#include "../headers/scene.h"

SEC("lsm/capable")
int BPF_PROG(check_capability, const struct cred *cred, struct user_namespace *ns, int cap, unsigned int opts, int ret)
{
	struct scene scene;
	if (ret)
		return ret;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_CAPABILITIES);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EPERM : 0;
	u64 decision = decide_capability(&scene.image, cap, conditions(&scene, 0));
	if (reports(decision) && !(opts & CAP_OPT_NOAUDIT)) {
		struct scratch *s = claim();
		if (s) {
			struct event *e = begin_event(&scene, s, decision, EVENT_CAPABILITY);
			e->number = cap;
			send_event(s, PATH_END);
			release(s);
		}
	}
	return denies(decision) ? -EPERM : 0;
}
